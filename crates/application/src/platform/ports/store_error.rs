use std::error::Error;

/// A failure of the store. Absence is no error but `None`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or foreign-key constraint rejects the write.
    #[error("the constraint {constraint} does not allow it")]
    Conflict {
        /// Name of the constraint or unique index.
        constraint: String,
    },
    /// The database is unreachable or did not answer in time. Nothing changed.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A lock of another transaction was not released in time. Nothing changed.
    #[error("a row is locked")]
    Locked(#[source] Box<dyn Error + Send + Sync>),
    /// The connection broke during the commit, so its outcome is unknown.
    #[error("the connection broke during a commit")]
    CommitInDoubt(#[source] Box<dyn Error + Send + Sync>),
    /// A bug, or a database with another schema.
    #[error("the database refused")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same work may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Locked(_) | Self::CommitInDoubt(_)
        )
    }
}
