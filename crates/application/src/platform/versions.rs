//! Optimistic concurrency: a change applies only to a version that the caller has seen.
//!
//! A use case that takes an [`Expected`] locks the row and authorizes the caller. It then calls
//! [`Expected::check`], all in the transaction of the change.

use chrono::{DateTime, Utc};

/// A state of a row: the time of its last change in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(i64);

impl Version {
    pub const fn of(last_modified: DateTime<Utc>) -> Self {
        Self(last_modified.timestamp_micros())
    }

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Anything,
    OneOf(Vec<Version>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was changed meanwhile")]
pub struct PreconditionFailed;

impl Expected {
    /// Call it under the lock of the row that `actual` comes from.
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
