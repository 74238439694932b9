//! Validation errors of the configuration.

use std::fmt;

/// Shows no value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting, or the file or variable that holds no setting.
    pub subject: String,
    /// Where the value comes from.
    pub origin: Option<String>,
    /// The broken rule, to be read after the subject.
    pub problem: String,
    /// `None` for a secret.
    pub found: Option<String>,
}

impl ConfigError {
    /// An error of a source rather than of a setting.
    pub(super) fn in_source(subject: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            origin: None,
            problem: problem.into(),
            found: None,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.problem)?;
        if let Some(found) = &self.found {
            write!(f, ", but is {found}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " (from {origin})")?;
        }
        Ok(())
    }
}

/// All errors of a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration has mistakes:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}
