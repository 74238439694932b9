//! What is wrong with a configuration, in words for whoever wrote it.

use std::fmt;

/// One thing that is wrong. It shows no value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting, or the file or variable where no setting can be named.
    pub subject: String,
    /// Where its value comes from.
    pub origin: Option<String>,
    /// The rule it breaks, to be read after the subject.
    pub problem: String,
    /// The value, unless it is secret.
    pub found: Option<String>,
}

impl ConfigError {
    /// A error in something that is no setting itself.
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

/// Everything that is wrong with a configuration: never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration has mistakes:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}
