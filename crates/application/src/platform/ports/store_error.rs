use std::error::Error;

/// What went wrong in the store. That something is not there is no error but an `Option`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row like it is there already, or what it points to is not.
    #[error("the constraint {constraint} does not allow it")]
    Conflict {
        /// Name of the constraint or unique index.
        constraint: String,
    },
    /// The database cannot be reached, or did not answer in time. Nothing was changed.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The connection broke while committing: whether it was done is not known.
    #[error("the connection broke during a commit")]
    CommitInDoubt(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else: a bug, or a database that is not ours.
    #[error("the database refused")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}
