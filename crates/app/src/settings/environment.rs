use std::fmt;

/// What a server is for. Picks the file of settings that is read after the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// The real thing: nothing is made up, what is missing stops the start.
    Production,
    /// A server that tests start.
    Test,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Development, Self::Production, Self::Test];

    /// The name, as `ABU_ENV` gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    /// The environment of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

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
