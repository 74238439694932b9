use std::fmt;

/// The environment decides which file of settings overrides the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    /// No made-up defaults: a missing setting prevents the start.
    Production,
    /// Servers of tests.
    Test,
}

impl Environment {
    pub const ALL: [Self; 3] = [Self::Development, Self::Production, Self::Test];

    /// The value of `ABU_ENV`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The built-in file of its settings.
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
