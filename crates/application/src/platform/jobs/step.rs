//! One step of a job: its inputs, its progress, and its one commit.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use abu_domain::platform::task::Progress;
use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{JobError, JobHandler, handler::Scheduled, workers::JobTimes};
use crate::{
    platform::{
        ports::{After, Checkpoint, ClaimedJob, Ids, Lease, NewJob, RunAt, TaskEnd},
        wake::Wake,
    },
    store::{Store, Writes},
};

/// Progress is written at most this often.
const BETWEEN_PROGRESS: Duration = Duration::from_secs(1);
/// The key of scheduled jobs: each kind has one.
const SCHEDULE_KEY: &str = "schedule";

/// What follows a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The job is done.
    Done,
    /// Another step goes on from this checkpoint.
    GoOn(Value),
    /// The same after a wait, which is no failure: what it needs is not there yet.
    Wait(Value, Duration),
}

impl Next {
    /// Another step goes on from this checkpoint.
    pub fn go_on(cursor: &impl Serialize) -> Result<Self, JobError> {
        to_json(cursor).map(Self::GoOn)
    }

    /// The same after a wait.
    pub fn wait(cursor: &impl Serialize, wait: Duration) -> Result<Self, JobError> {
        to_json(cursor).map(|cursor| Self::Wait(cursor, wait))
    }
}

fn to_json(cursor: &impl Serialize) -> Result<Value, JobError> {
    serde_json::to_value(cursor)
        .map_err(|error| JobError::Permanent(format!("its checkpoint has no form: {error}")))
}

/// The proof that a step has committed; [`Step::commit`] makes it.
#[must_use]
#[derive(Debug)]
pub struct Settled(pub(super) Outcome);

#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    GoOn { cursor: Value, left: Checkpoint },
}

/// The lease of a running job, which the workers' heartbeat extends meanwhile.
pub(super) struct Held {
    /// Locked while it changes in the store.
    pub(super) lease: Mutex<Lease>,
    pub(super) is_lost: AtomicBool,
}

impl Held {
    pub(super) fn new(lease: Lease) -> Self {
        Self {
            lease: Mutex::new(lease),
            is_lost: AtomicBool::new(false),
        }
    }
}

/// Progress that is not written yet, and when the last was.
#[derive(Default)]
pub(super) struct Noted {
    waiting: Option<Progress>,
    written_at: Option<Instant>,
}

impl Noted {
    fn is_due(&self) -> bool {
        self.written_at
            .is_none_or(|at| at.elapsed() >= BETWEEN_PROGRESS)
    }
}

/// A worker's turn with a job, which may take several steps.
pub(super) struct Turn<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) ids: &'a dyn Ids,
    pub(super) wake: &'a Wake,
    pub(super) handler: &'a dyn JobHandler,
    pub(super) held: &'a Held,
    pub(super) began: Instant,
    pub(super) times: JobTimes,
    /// Whether its progress has told that it was asked to end.
    pub(super) is_canceled: AtomicBool,
    pub(super) noted: Mutex<Noted>,
}

/// One step of a job. It ends by [`commit`](Self::commit).
pub struct Step<'a> {
    pub(super) job: &'a ClaimedJob,
    pub(super) turn: &'a Turn<'a>,
}

impl<'a> Step<'a> {
    /// What to do.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        T::deserialize(&self.job.payload).map_err(|error| JobError::unreadable(&error))
    }

    /// The last checkpoint; `None` at the beginning.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let read = |cursor| T::deserialize(cursor).map_err(|error| JobError::unreadable(&error));
        self.job.cursor.as_ref().map(read).transpose()
    }

    /// Attempts at this step; counts from 1.
    pub fn attempt(&self) -> u32 {
        self.job.lease.attempt
    }

    /// The store, for reads and for effects that are harmless when repeated.
    pub fn store(&self) -> &'a dyn Store {
        self.turn.store
    }

    /// Whether the server stops, or the job was asked to end. A step that takes longer than a second
    /// looks, and then commits what it has, or returns [`JobError::Stopped`]. The news of a request comes
    /// with [`progress`](Self::progress).
    pub fn should_stop(&self) -> bool {
        self.turn.wake.is_stopping() || self.turn.is_canceled.load(Ordering::Relaxed)
    }

    /// Shows progress, at most once a second, in a transaction of its own.
    ///
    /// # Errors
    /// [`JobError::LeaseLost`] where another worker may have the job: the step need not go on.
    pub fn progress(&self, progress: Progress) -> Result<(), JobError> {
        if self.turn.held.is_lost.load(Ordering::Relaxed) {
            return Err(JobError::LeaseLost);
        }
        let Some(task) = self.job.task else {
            return Ok(());
        };
        let mut noted = self.turn.noted.lock();
        noted.waiting = Some(progress);
        if noted.is_due()
            && let Some(progress) = noted.waiting.take()
        {
            noted.written_at = Some(Instant::now());
            let write = |tx: &mut dyn Writes| tx.note_progress(task, &progress);
            match self.turn.store.transaction(write) {
                Ok(is_canceled) => self.turn.is_canceled.store(is_canceled, Ordering::Relaxed),
                // A glance that fails ends no work.
                Err(error) => log::debug!(task:%; "progress could not be written: {error}"),
            }
        }
        Ok(())
    }

    /// Commits the effects of `work` together with the checkpoint, or with the end of the job.
    ///
    /// # Errors
    /// What `work` returned; [`JobError::LeaseLost`], and nothing was committed, where another worker
    /// has the job; the store's own failures.
    pub fn commit<E>(
        self,
        work: impl FnOnce(&mut dyn Writes) -> Result<Next, E>,
    ) -> Result<Settled, JobError>
    where
        JobError: From<E>,
    {
        let turn = self.turn;
        // The heartbeat keeps the lease while `work` runs. Then no fencing token changes until the commit.
        let mut lease = None;
        let mut settled = turn.store.transaction(|tx| {
            let next = work(tx).map_err(JobError::from)?;
            let lease = lease.insert(turn.held.lease.lock());
            self.write_progress(tx, next == Next::Done)?;
            match next {
                Next::Done => self.finish(tx, lease),
                Next::GoOn(cursor) => self.checkpoint(tx, lease, cursor, None),
                Next::Wait(cursor, wait) => self.checkpoint(tx, lease, cursor, Some(wait)),
            }
        })?;
        if let Outcome::GoOn { left, .. } = &mut settled.0
            && let (Some(held), Some(renewed)) = (&mut lease, left.lease)
        {
            **held = renewed;
        }
        Ok(settled)
    }

    fn finish(&self, tx: &mut dyn Writes, lease: &Lease) -> Result<Settled, JobError> {
        schedule_next(tx, self.turn.ids, self.turn.handler)?;
        if !tx.finish_job(lease)? {
            return Err(JobError::LeaseLost);
        }
        if let Some(task) = self.job.task {
            tx.end_task(task, TaskEnd::Done)?;
        }
        Ok(Settled(Outcome::Done))
    }

    fn checkpoint(
        &self,
        tx: &mut dyn Writes,
        lease: &Lease,
        cursor: Value,
        wait: Option<Duration>,
    ) -> Result<Settled, JobError> {
        let is_over = self.should_stop() || self.turn.began.elapsed() >= self.turn.times.turn;
        let after = match wait {
            Some(wait) => After::GiveBack(wait),
            None if is_over => After::GiveBack(Duration::ZERO),
            None => After::Keep(self.turn.times.lease),
        };
        let left = tx.checkpoint_job(lease, &cursor, after)?;
        let left = left.ok_or(JobError::LeaseLost)?;
        if let (Some(task), After::GiveBack(_)) = (self.job.task, after) {
            tx.requeue_task(task)?;
        }
        Ok(Settled(Outcome::GoOn { cursor, left }))
    }

    fn write_progress(&self, tx: &mut dyn Writes, is_last: bool) -> Result<(), JobError> {
        let mut noted = self.turn.noted.lock();
        if let Some(task) = self.job.task
            && (is_last || noted.is_due())
            && let Some(progress) = noted.waiting.take()
        {
            noted.written_at = Some(Instant::now());
            tx.note_progress(task, &progress)?;
        }
        Ok(())
    }
}

/// Enqueues the next run of a scheduled job. While the job runs it waits behind it.
pub(super) fn schedule_next(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    handler: &dyn JobHandler,
) -> Result<(), JobError> {
    let Some(Scheduled { lane, schedule }) = handler.schedule() else {
        return Ok(());
    };
    let job = NewJob {
        id: ids.time_ordered().into(),
        lane,
        kind: handler.kind(),
        key: Some(SCHEDULE_KEY.to_owned()),
        payload: Value::Object(serde_json::Map::new()),
        run_at: RunAt::Now,
    };
    tx.enqueue_scheduled(&job, schedule)?;
    Ok(())
}
