//! Tasks as their creators see them: progress and cancellation of long work.

use abu_domain::{
    TaskId,
    platform::task::{Task, TaskState},
};

use crate::{
    Context,
    access::{self, AccessError, Caller, ports::CallerRecord},
    platform::ports::StoreError,
    store::Reads,
};

#[derive(Clone)]
pub struct Tasks {
    pub context: Context,
}

#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such task, or the caller may not see it.
    #[error("there is no such task")]
    NotFound,
    #[error("the task has ended")]
    Ended,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tasks {
    /// For its creator, and for holders of its permission.
    pub async fn get(&self, caller: Caller, id: TaskId) -> Result<Task, TaskError> {
        self.context
            .database
            .read(move |tx| visible(tx, &caller, id))
            .await
    }

    /// Asks a task to end between two steps. It goes on until then, and may be done before.
    pub async fn cancel(&self, caller: Caller, id: TaskId) -> Result<Task, TaskError> {
        self.context
            .database
            .transaction(move |tx| {
                visible(tx, &caller, id)?;
                let is_asked = tx.cancel_task(id)?;
                let task = tx.task(id)?.ok_or(TaskError::NotFound)?;
                match is_asked || task.state == TaskState::Canceled {
                    true => Ok(task),
                    false => Err(TaskError::Ended),
                }
            })
            .await
    }
}

fn visible(tx: &mut dyn Reads, caller: &Caller, id: TaskId) -> Result<Task, TaskError> {
    let record = access::require_self(tx, caller)?;
    let task = tx.task(id)?.ok_or(TaskError::NotFound)?;
    let is_own = task.created_by == Some(caller.user);
    match is_own || holds_permission_of(&record, &task) {
        true => Ok(task),
        false => Err(TaskError::NotFound),
    }
}

fn holds_permission_of(record: &CallerRecord, task: &Task) -> bool {
    let counts = !record.is_deactivated && !record.totp_due;
    let permission = task.permission.as_deref();
    counts && permission.is_some_and(|permission| record.holds_named(permission))
}
