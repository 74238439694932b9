//! Failures of the platform, as problem documents.

use abu_application::platform::{ports::StoreError, versions::PreconditionFailed};

use crate::problem::{Problem, ProblemKind};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Locked(_) => Self::unavailable(error),
            StoreError::CommitInDoubt(_) => Self::new(
                ProblemKind::Unavailable,
                "The connection to the database broke: look whether it was done before trying again.",
            )
            .caused_by(error),
            StoreError::Conflict { .. } => Self::conflict(
                "changed-meanwhile",
                "Something this depends on was changed at the same moment. Try again.",
            )
            .worth_trying_in(1),
            StoreError::Other(_) => Self::internal(error),
        }
    }
}

pub(crate) const CHANGED_MEANWHILE: &str =
    "It was changed since you have read it. Read it again, and decide again.";

impl From<PreconditionFailed> for Problem {
    fn from(_error: PreconditionFailed) -> Self {
        Self::new(ProblemKind::PreconditionFailed, CHANGED_MEANWHILE)
    }
}
