use std::fmt;

use abu_domain::named_enum;

named_enum! {
    /// What a server is for. Picks the file of settings that is read after the defaults. `ABU_ENV` gives
    /// the name.
    pub enum Environment {
        /// A developer's machine.
        Development => "development",
        /// The real thing: nothing is made up, what is missing stops the start.
        Production => "production",
        /// A server that tests start.
        Test => "test",
    }
}

impl Environment {
    /// Its file of settings, as built into the program.
    pub(super) const fn built_in(self) -> &'static str {
        match self {
            Self::Development => include_str!("../../../../config/development.toml"),
            Self::Production => include_str!("../../../../config/production.toml"),
            Self::Test => include_str!("../../../../config/test.toml"),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
