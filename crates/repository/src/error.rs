//! Mapping of Diesel's errors to the application's; the only module that knows Diesel's.

use abu_application::platform::ports::StoreError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Query(#[from] Error),
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// A stored value that violates an invariant of the domain. The message leaves the value out,
/// because it may be personal data.
#[derive(Debug, thiserror::Error)]
#[error("{column} of the row {id} holds a value that is not allowed there")]
pub(crate) struct BadRow {
    /// `table.column`.
    pub(crate) column: &'static str,
    pub(crate) id: Uuid,
}

/// Message prefixes of transient failures that changed nothing. Diesel exposes no SQLSTATE, so each
/// connection asks for untranslated messages.
const PASSING: [&str; 8] = [
    // statement_timeout, an administrator
    "canceling statement due to ",
    "deadlock detected",
    // A full disk, class 53.
    "could not extend file ",
    "could not write to file ",
    "could not write block ",
    "out of memory",
    "out of shared memory",
    // A session that the administrator ended.
    "terminating connection due to ",
];

/// Message prefixes of a lock that was not released in time.
const LOCKED: [&str; 2] = [
    "canceling statement due to lock timeout",
    "could not obtain lock on ",
];

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Query(error) => store_error(error),
            Failure::Row(bad) => Self::Other(bad.into()),
        }
    }
}

/// Maps a failed statement. The statement has no effect, and its transaction cannot commit.
pub(crate) fn store_error(error: Error) -> StoreError {
    use DatabaseErrorKind as Kind;
    match &error {
        Error::DatabaseError(
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::CheckViolation
            | Kind::RestrictViolation
            | Kind::ExclusionViolation,
            told,
        ) => match told.constraint_name() {
            Some(constraint) => StoreError::Conflict {
                constraint: constraint.to_owned(),
            },
            None => StoreError::Other(error.into()),
        },
        // A read-only database is a former primary after a failover.
        Error::DatabaseError(
            Kind::ClosedConnection
            | Kind::UnableToSendCommand
            | Kind::SerializationFailure
            | Kind::ReadOnlyTransaction,
            _,
        )
        | Error::BrokenTransactionManager => StoreError::Unavailable(error.into()),
        Error::DatabaseError(Kind::Unknown, told) if says(told.as_ref(), &LOCKED) => {
            StoreError::Locked(error.into())
        }
        Error::DatabaseError(Kind::Unknown, told) if says(told.as_ref(), &PASSING) => {
            StoreError::Unavailable(error.into())
        }
        _ => StoreError::Other(error.into()),
    }
}

/// Maps a failed commit, or a failed statement that commits by itself. The outcome may be unknown.
pub(crate) fn commit_error(error: Error) -> StoreError {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        )
        | Error::BrokenTransactionManager
        | Error::RollbackErrorOnCommit { .. } => StoreError::CommitInDoubt(error.into()),
        error => store_error(error),
    }
}

/// Whether the database takes no writes: a former primary after a failover does so.
pub(crate) fn is_read_only(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)
    )
}

/// Whether a statement took longer than its connection allows.
pub(crate) fn is_statement_timeout(error: &Error) -> bool {
    const TIMEOUT: [&str; 1] = ["canceling statement due to statement timeout"];
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::Unknown, told) if says(told.as_ref(), &TIMEOUT)
    )
}

/// Whether a migration waited too long for a lock. `diesel_migrations` hides the database's error in a private
/// type, which shows its text.
pub(crate) fn is_lock_timeout(error: &dyn std::error::Error) -> bool {
    let text = error.to_string();
    LOCKED.iter().any(|words| text.contains(words))
}

fn says(told: &(dyn DatabaseErrorInformation + Send + Sync), beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|words| told.message().starts_with(words))
}
