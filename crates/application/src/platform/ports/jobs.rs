use std::time::Duration;

use abu_domain::{JobId, TaskId};
use chrono::{DateTime, NaiveTime, Utc};
use serde_json::Value;

use super::StoreError;
use crate::platform::{
    jobs::{JobState, Lane},
    lists::Seek,
};

/// A job to be enqueued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// A UUIDv7.
    pub id: JobId,
    pub lane: Lane,
    /// Names the handler; a constant of the code.
    pub kind: &'static str,
    /// At most one pending job of the kind has this key.
    pub key: Option<String>,
    /// Ids and parameters; no personal data.
    pub payload: Value,
    pub run_at: RunAt,
}

/// When a job is due, on the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAt {
    Now,
    /// So long after the transaction began.
    In(Duration),
    At(DateTime<Utc>),
}

/// When a scheduled job is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At these times of day in Nigeria.
    Daily(&'static [NaiveTime]),
    /// So long after the last run.
    Every(Duration),
}

/// The claim of one row of a queue. A worker that lost it changes nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The row.
    pub id: uuid::Uuid,
    /// The fencing token: the end of the lease. Each claim and each renewal sets a later one.
    pub until: DateTime<Utc>,
    /// Attempts since the last step that committed; counts from 1.
    pub attempt: u32,
}

/// A job under a lease.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    pub id: JobId,
    pub lease: Lease,
    pub kind: String,
    pub payload: Value,
    /// The last checkpoint.
    pub cursor: Option<Value>,
    pub task: Option<TaskId>,
    /// Whether it was asked to end.
    pub is_canceled: bool,
}

/// What happens to a job after a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The worker goes on, under a lease of this time.
    Keep(Duration),
    /// The job is given back, and due again after this time.
    GiveBack(Duration),
}

/// What a checkpoint left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// `None` where the worker gave the job back.
    pub lease: Option<Lease>,
    /// Whether it was asked to end.
    pub is_canceled: bool,
}

/// A job as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    pub id: JobId,
    pub lane: Lane,
    /// May be a kind that only another release knows.
    pub kind: String,
    pub key: Option<String>,
    pub payload: Value,
    pub cursor: Option<Value>,
    pub task: Option<TaskId>,
    pub state: JobState,
    pub attempts: u32,
    pub created_at: DateTime<Utc>,
    /// When it is due; `None` for a dead letter.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The end of its lease; `None` unless a worker has it.
    pub leased_until: Option<DateTime<Utc>>,
    pub canceled_at: Option<DateTime<Utc>>,
    pub failed_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
}

/// `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub state: Option<JobState>,
    pub kind: Option<String>,
}

/// The pending jobs of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneBacklog {
    pub lane: Lane,
    pub pending: u64,
    /// Time since the oldest of them was due; zero where none is overdue.
    pub oldest: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobBacklog {
    /// Each lane once.
    pub lanes: Vec<LaneBacklog>,
    pub dead: u64,
}

/// What became of a request to end a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobCanceling {
    /// A worker ends it between two steps.
    Asked,
    /// It was a dead letter, and is deleted.
    Deleted,
}

pub trait JobReads {
    fn job(&mut self, id: JobId) -> Result<Option<JobRecord>, StoreError>;

    /// At most `limit` jobs from `seek` on, newest first.
    fn list_jobs(
        &mut self,
        filter: &JobFilter,
        seek: Seek<JobId>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError>;

    /// What waits and what is dead, whatever its kind.
    fn job_backlog(&mut self) -> Result<JobBacklog, StoreError>;
}

/// The database's clock alone decides whether a job is due and whether a lease is over. The clocks
/// of servers differ.
pub trait JobWrites {
    /// Enqueues a job, and wakes the workers after the commit. Returns the id of the job that does
    /// the work: another one where a pending job of the kind has the key. No work is lost then:
    ///
    /// - The other one waits: it takes the new payload, begins anew, and is due at the earlier of
    ///   both times.
    /// - A worker has it: the new payload runs after it. Of several such payloads the last one
    ///   counts, at the earliest of their times.
    fn enqueue_job(&mut self, job: &NewJob) -> Result<JobId, StoreError>;

    /// The same with the time of the schedule. It does not move a job that waits to a later time.
    fn enqueue_scheduled(&mut self, job: &NewJob, schedule: Schedule) -> Result<JobId, StoreError>;

    /// Claims the job of the lane and of these kinds that has been due for longest. No other claim
    /// gets it until the lease ends.
    fn claim_job(
        &mut self,
        lane: Lane,
        kinds: &[&str],
        lease: Duration,
    ) -> Result<Option<ClaimedJob>, StoreError>;

    /// Extends the lease to `time` from now; `None` if it is lost.
    fn renew_job(&mut self, lease: &Lease, time: Duration) -> Result<Option<Lease>, StoreError>;

    /// Stores how far the job is, and begins its attempts anew. `None` if the lease is lost, and the
    /// transaction must not commit.
    fn checkpoint_job(
        &mut self,
        lease: &Lease,
        cursor: &Value,
        after: After,
    ) -> Result<Option<Checkpoint>, StoreError>;

    /// Ends the job: its row is deleted, or holds the work that came with its key meanwhile. False if
    /// the lease is lost, and the transaction must not commit.
    fn finish_job(&mut self, lease: &Lease) -> Result<bool, StoreError>;

    /// Schedules the next attempt after `wait`; false if the lease is lost.
    fn postpone_job(
        &mut self,
        lease: &Lease,
        wait: Duration,
        reason: &str,
    ) -> Result<bool, StoreError>;

    /// Gives the job back at its last checkpoint without counting the attempt; it is due at once. False
    /// if the lease is lost.
    fn release_job(&mut self, lease: &Lease, reason: &str) -> Result<bool, StoreError>;

    /// Makes the job a dead letter; false if the lease is lost. Work that came with its key meanwhile
    /// becomes the job `successor`.
    fn bury_job(
        &mut self,
        lease: &Lease,
        reason: &str,
        successor: JobId,
    ) -> Result<bool, StoreError>;

    /// Restarts the attempts of a dead letter at its checkpoint; false if the job is not one. A
    /// conflict with `jobs_key` where a pending job has its key.
    fn revive_job(&mut self, id: JobId) -> Result<bool, StoreError>;

    /// Asks the job to end, or deletes a dead letter; `None` if there is no such job.
    fn cancel_job(&mut self, id: JobId) -> Result<Option<JobCanceling>, StoreError>;

    /// Deletes a job that no worker has, without its handler; false if there is none.
    fn delete_job(&mut self, id: JobId) -> Result<bool, StoreError>;
}
