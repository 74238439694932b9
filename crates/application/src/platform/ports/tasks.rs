use abu_domain::{
    TaskId, UserId,
    platform::task::{Progress, Task},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{NewJob, StoreError};

#[derive(Clone, Debug)]
pub struct NewTask {
    pub id: TaskId,
    /// What it does, such as `import_judge`; a constant of the code.
    pub kind: &'static str,
    /// What it works on.
    pub subject: Option<Uuid>,
    /// The name of a permission whose holders see and cancel the task, besides its creator.
    pub permission: Option<&'static str>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
}

/// The end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd<'a> {
    Done,
    /// With the reason, for its creator.
    Failed(&'a str),
    Canceled,
}

pub trait TaskReads {
    fn task(&mut self, id: TaskId) -> Result<Option<Task>, StoreError>;
}

/// The database's clock alone times what workers do.
pub trait TaskWrites {
    /// Inserts the task and the job that does its work. False, and nothing is inserted, if a pending
    /// job of this kind has the job's key.
    fn start_task(&mut self, task: &NewTask, job: &NewJob) -> Result<bool, StoreError>;

    /// Asks the task's job to end between two steps: a worker takes it up at once. False if the task
    /// has ended.
    fn cancel_task(&mut self, id: TaskId) -> Result<bool, StoreError>;

    /// A worker has the task's job.
    fn run_task(&mut self, id: TaskId) -> Result<(), StoreError>;

    /// The task's job waits for its next attempt.
    fn requeue_task(&mut self, id: TaskId) -> Result<(), StoreError>;

    /// Stores progress of a running task. Another phase begins another estimate. True if the task was
    /// asked to end.
    fn note_progress(&mut self, id: TaskId, progress: &Progress) -> Result<bool, StoreError>;

    fn end_task(&mut self, id: TaskId, end: TaskEnd<'_>) -> Result<(), StoreError>;

    /// Deletes at most `limit` tasks that ended more than `keep` ago, and returns their number.
    fn erase_tasks(&mut self, keep: std::time::Duration, limit: u32) -> Result<usize, StoreError>;
}
