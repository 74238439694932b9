use std::fmt;

use abu_domain::named_enum;

named_enum! {
    /// The environment decides which file of settings overrides the defaults.
    pub enum Environment {
        /// A developer's machine.
        Development => "development",
        /// No made-up defaults: a missing setting prevents the start.
        Production => "production",
        /// Servers of tests.
        Test => "test",
    }
}

impl Environment {
    /// Its file of settings, as built into the program.
    pub(super) const fn built_in(self) -> &'static str {
        match self {
            Self::Development => include_str!("../../../config/development.toml"),
            Self::Production => include_str!("../../../config/production.toml"),
            Self::Test => include_str!("../../../config/test.toml"),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
