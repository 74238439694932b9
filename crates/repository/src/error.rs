//! What a failed query means to the application; the one place that knows Diesel's errors.

use abu_application::platform::ports::StoreError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use uuid::Uuid;

/// Why a query has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The database said no, or nothing.
    #[error(transparent)]
    Query(#[from] Error),
    /// A stored value is none that this code would store.
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// A stored value that is none this code would store. The value itself may be personal data, and
/// stays out of the message.
#[derive(Debug, thiserror::Error)]
#[error("{column} of the row {id} holds a value that is not allowed there")]
pub(crate) struct BadRow {
    /// Table and column.
    pub(crate) column: &'static str,
    /// The row's id.
    pub(crate) id: Uuid,
}

/// PostgreSQL's words for what passes by itself and changed nothing. Diesel hands on no SQLSTATE, so
/// the words are all there is.
const PASSING: [&str; 3] = [
    // statement_timeout, lock_timeout, an administrator
    "canceling statement due to ",
    "could not obtain lock on ",
    "deadlock detected",
];

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Query(error) => store_error(error),
            Failure::Row(bad) => Self::Other(bad.into()),
        }
    }
}

/// What the failure of a statement means: nothing of the statement is done, and the transaction it
/// was part of will not be committed.
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
        // A read-only database is one that another has just taken over from.
        Error::DatabaseError(
            Kind::ClosedConnection
            | Kind::UnableToSendCommand
            | Kind::SerializationFailure
            | Kind::ReadOnlyTransaction,
            _,
        )
        | Error::BrokenTransactionManager => StoreError::Unavailable(error.into()),
        Error::DatabaseError(Kind::Unknown, told) if passes(told.as_ref()) => {
            StoreError::Unavailable(error.into())
        }
        _ => StoreError::Other(error.into()),
    }
}

/// What the failure of a commit means.
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

fn passes(told: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    PASSING
        .iter()
        .any(|words| told.message().starts_with(words))
}
