//! Changes that are made only to what the caller has seen.
//!
//! A use case that takes an [`Expected`] reads the row under lock, sees that the caller may change
//! it, and then calls [`Expected::check`], all in the transaction that makes the change.

use chrono::{DateTime, Utc};

/// One state of something that changes: the time of its last change, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(i64);

impl Version {
    /// The version of what changed last at this time.
    pub const fn of(last_modified: DateTime<Utc>) -> Self {
        Self(last_modified.timestamp_micros())
    }

    /// The version that [`Self::micros`] gave.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

/// Which versions of something a change is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever there is.
    Anything,
    /// One of these.
    OneOf(Vec<Version>),
}

/// What is to be changed is not as the caller has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was changed meanwhile")]
pub struct PreconditionFailed;

impl Expected {
    /// Holds the version that is there against what is expected. `actual` is of a row that is locked.
    ///
    /// # Errors
    /// [`PreconditionFailed`] where it is another.
    pub fn check(&self, actual: Version) -> Result<(), PreconditionFailed> {
        match self {
            Self::OneOf(versions) if !versions.contains(&actual) => Err(PreconditionFailed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_expected_version_is_changed() {
        let at = |micros| Version::of(DateTime::from_timestamp_micros(micros).unwrap());
        let expected = Expected::OneOf(vec![at(7), at(9)]);
        assert_eq!(expected.check(at(9)), Ok(()));
        assert_eq!(expected.check(at(8)), Err(PreconditionFailed));
        assert_eq!(
            Expected::OneOf(vec![]).check(at(8)),
            Err(PreconditionFailed)
        );
        assert_eq!(Expected::Anything.check(at(8)), Ok(()));
        assert_eq!(Version::from_micros(at(7).micros()), at(7));
    }
}
