//! Workers on a test's database, and a handler that does what the test says.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use abu_application::{
    platform::{
        jobs::{
            Handlers, JobError, JobHandler, JobRunner, JobTimes, JobWakes, JobWorkers, Lane,
            Scheduled, Settled, Step,
        },
        ports::{Ids, JobRecord, NewJob, RunAt, StoreError, TaskEnd},
        system::SystemIds,
    },
    store::Writes,
};
use abu_domain::JobId;
use abu_test_support::TestDatabase;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// What does not happen within this time does not happen.
pub(super) const EVENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than any test.
pub(super) const LONG: Duration = Duration::from_secs(3_600);
pub(super) const KIND: &str = "count";

type DoStep = dyn Fn(Step<'_>) -> Result<Settled, JobError> + Send + Sync;

/// A handler made of a closure.
pub(super) struct Scripted {
    pub(super) kind: &'static str,
    pub(super) scheduled: Option<Scheduled>,
    pub(super) step: Box<DoStep>,
    /// The ends that were told to it.
    pub(super) ends: Arc<Mutex<Vec<String>>>,
    /// Whether it fails to undo.
    pub(super) cannot_undo: bool,
}

impl Scripted {
    pub(super) fn new(
        step: impl Fn(Step<'_>) -> Result<Settled, JobError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind: KIND,
            scheduled: None,
            step: Box::new(step),
            ends: Arc::default(),
            cannot_undo: false,
        }
    }
}

impl JobHandler for Scripted {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn schedule(&self) -> Option<Scheduled> {
        self.scheduled
    }

    fn step(&self, step: Step<'_>) -> Result<Settled, JobError> {
        (self.step)(step)
    }

    fn ended(
        &self,
        _tx: &mut dyn Writes,
        payload: &Value,
        end: TaskEnd<'_>,
    ) -> Result<(), StoreError> {
        self.ends.lock().push(format!("{payload} {end:?}"));
        match self.cannot_undo {
            true => Err(StoreError::Other("on purpose".into())),
            false => Ok(()),
        }
    }
}

/// So many workers on the database, which poll often.
pub(super) fn workers(
    database: &TestDatabase,
    count: usize,
    handlers: impl IntoIterator<Item = Scripted>,
) -> JobWorkers {
    workers_with(database, count, handlers, JobTimes::default())
}

pub(super) fn workers_with(
    database: &TestDatabase,
    count: usize,
    handlers: impl IntoIterator<Item = Scripted>,
    times: JobTimes,
) -> JobWorkers {
    let handlers = handlers
        .into_iter()
        .map(|handler| Arc::new(handler) as Arc<dyn JobHandler>);
    JobWorkers::start(JobRunner {
        store: database.store(),
        ids: Arc::new(SystemIds),
        handlers: Handlers::new(handlers),
        wakes: JobWakes::new(count),
        poll_interval: Duration::from_millis(20),
        times,
    })
    .unwrap()
}

pub(super) fn job(payload: Value) -> NewJob {
    NewJob {
        id: SystemIds.time_ordered().into(),
        lane: Lane::Bulk,
        kind: KIND,
        key: None,
        payload,
        run_at: RunAt::Now,
    }
}

pub(super) fn enqueue(database: &TestDatabase, job: &NewJob) -> JobId {
    database.transaction(|tx| tx.enqueue_job(job)).unwrap()
}

pub(super) fn enqueue_one(database: &TestDatabase) -> JobId {
    enqueue(database, &job(json!({})))
}

pub(super) fn record(database: &TestDatabase, id: JobId) -> Option<JobRecord> {
    database.read(|tx| tx.job(id)).unwrap()
}

/// The job, as soon as that holds for it.
#[track_caller]
pub(super) fn wait_for(
    database: &TestDatabase,
    id: JobId,
    holds: impl Fn(&JobRecord) -> bool,
) -> JobRecord {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    loop {
        let job = record(database, id);
        if let Some(job) = job.clone().filter(&holds) {
            return job;
        }
        assert!(Instant::now() < deadline, "{job:?}");
        thread::yield_now();
    }
}

/// Waits until the job is done and gone.
#[track_caller]
pub(super) fn wait_for_end(database: &TestDatabase, id: JobId) {
    let deadline = Instant::now() + EVENT_TIMEOUT;
    while let Some(job) = record(database, id) {
        assert!(Instant::now() < deadline, "{job:?}");
        thread::yield_now();
    }
}

/// As if the time of the next attempt had come.
pub(super) fn make_due(database: &TestDatabase) {
    database.execute("UPDATE jobs SET next_attempt_at = now()");
}

/// A place in a step where the worker tells the test, and waits for it.
pub(super) struct Gate {
    reached: Mutex<Receiver<u32>>,
    release: Sender<()>,
}

/// The step's side of a [`Gate`].
pub(super) struct Barrier {
    reached: Mutex<Sender<u32>>,
    released: Mutex<Receiver<()>>,
}

pub(super) fn gate() -> (Gate, Barrier) {
    let (reached, has_reached) = channel();
    let (release, released) = channel();
    let gate = Gate {
        reached: Mutex::new(has_reached),
        release,
    };
    let barrier = Barrier {
        reached: Mutex::new(reached),
        released: Mutex::new(released),
    };
    (gate, barrier)
}

impl Gate {
    /// Waits until a step is there, and returns what it said.
    #[track_caller]
    pub(super) fn wait(&self) -> u32 {
        self.reached.lock().recv_timeout(EVENT_TIMEOUT).unwrap()
    }

    /// Lets one step pass, now or when it comes.
    pub(super) fn open(&self) {
        let _ = self.release.send(());
    }
}

impl Barrier {
    /// Returns at once when the test is over.
    pub(super) fn pass(&self, word: u32) {
        let _ = self.reached.lock().send(word);
        let _ = self.released.lock().recv_timeout(EVENT_TIMEOUT);
    }
}
