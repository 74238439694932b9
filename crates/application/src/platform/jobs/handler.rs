use serde_json::Value;

use super::{Lane, Settled, Step};
use crate::{
    platform::ports::{FileError, Schedule, StoreError, TaskEnd},
    store::Writes,
};

/// Does the jobs of one kind.
pub trait JobHandler: Send + Sync + 'static {
    /// The kind in storage, such as `import_judge`. Never changes: stored jobs have it.
    fn kind(&self) -> &'static str;

    /// When the job comes by itself, if it does. Every installation has it then, once, and each end
    /// of it schedules the next run.
    fn schedule(&self) -> Option<Scheduled> {
        None
    }

    /// Does at most about a second of work, and commits it. It blocks.
    ///
    /// A step may be repeated: after a crash, a failure or a lost lease. So everything outside its
    /// commit must be harmless when done twice.
    fn step(&self, step: Step<'_>) -> Result<Settled, JobError>;

    /// The job was given up or canceled: undoes what is half done. It runs in the transaction that
    /// ends the job.
    fn ended(
        &self,
        _tx: &mut dyn Writes,
        _payload: &Value,
        _end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The job of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Scheduled {
    pub lane: Lane,
    pub schedule: Schedule,
}

/// Why a step did not commit. The texts hold no personal data: operators and creators see them.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may succeed later: it is tried again with back-off, and is a dead letter after the last
    /// attempt.
    #[error("{0}")]
    Retry(String),
    /// It cannot succeed: a dead letter at once. The creator of its task reads the reason.
    #[error("{0}")]
    Permanent(String),
    /// The step ended early because it should: it is done again from the last checkpoint, by the next
    /// server, or never if it was canceled. No attempt is counted.
    #[error("the step was stopped")]
    Stopped,
    /// Another worker has the job, or may have it.
    #[error("the lease of the job is lost")]
    LeaseLost,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
}

impl JobError {
    /// Stored parameters of another form, of a release that is gone or a bug.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        log::error!("a stored job cannot be read: {error}");
        Self::Permanent("what is stored of it cannot be read".to_owned())
    }

    pub(super) fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent(_) | Self::File(FileError::NotFound))
    }
}
