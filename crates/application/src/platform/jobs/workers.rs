//! The threads that do jobs, and the heartbeat that keeps their leases.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{
    Handlers, JobError, Lane, Settled, Step,
    step::{Held, Outcome, Turn, schedule_next},
};
use crate::{
    platform::{
        backoff::Backoff,
        error_chain::error_chain,
        ports::{ClaimedJob, Ids, Lease, StoreError, TaskEnd},
        retries::{MAX_ATTEMPTS, wait_after},
        wake::Wake,
    },
    store::{Store, Writes},
};

/// Pause while the database is unavailable; it reports that at once.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// A lease survives two heartbeats that fail.
const HEARTBEATS_PER_LEASE: u32 = 3;
/// What the creator of a task reads after a failure inside the server.
const INTERNAL_FAILURE: &str = "It failed inside the server. The operator sees why.";

/// `jobs.*`
#[derive(Clone, Copy, Debug)]
pub struct JobSettings {
    /// Threads; one of them serves the interactive lane alone.
    pub workers: usize,
    /// How often each polls for jobs of other processes.
    pub poll_interval: Duration,
}

/// How long a worker has a job.
#[derive(Clone, Copy, Debug)]
pub struct JobTimes {
    /// Without a sign of life.
    pub lease: Duration,
    /// While others wait.
    pub turn: Duration,
}

impl Default for JobTimes {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            turn: Duration::from_secs(5),
        }
    }
}

/// What the workers work with.
pub struct JobRunner {
    pub store: Arc<dyn Store>,
    pub ids: Arc<dyn Ids>,
    pub handlers: Handlers,
    /// One for each worker.
    pub wakes: JobWakes,
    /// How often each polls for jobs of other processes.
    pub poll_interval: Duration,
    pub times: JobTimes,
}

/// Wakes every worker of this process. Cheap to clone.
#[derive(Clone)]
pub struct JobWakes(Arc<[Wake]>);

impl JobWakes {
    /// For so many workers, at least one.
    pub fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Wake::default()).collect())
    }

    /// Call it after the commit: workers read committed jobs only.
    pub fn job_is_due(&self) {
        self.0.iter().for_each(Wake::work_is_due);
    }
}

/// Handle of the threads. Dropped without [`stop`](Self::stop), it tells them to stop but does not
/// wait for them.
pub struct JobWorkers {
    wakes: JobWakes,
    heartbeat: Wake,
    threads: Vec<JoinHandle<()>>,
}

impl JobWorkers {
    /// Starts one thread for each wake, and one for their heartbeat. The first worker serves the
    /// interactive lane alone, if it is not the only one.
    pub fn start(runner: JobRunner) -> io::Result<Self> {
        let JobRunner { wakes, .. } = &runner;
        let mut workers = Self {
            wakes: wakes.clone(),
            heartbeat: Wake::default(),
            threads: Vec::new(),
        };
        let mut slots = Vec::new();
        for (index, wake) in wakes.0.iter().enumerate() {
            let slot = Slot::default();
            slots.push(slot.clone());
            let is_reserved = index == 0 && wakes.0.len() > 1;
            let worker = Worker {
                store: Arc::clone(&runner.store),
                ids: Arc::clone(&runner.ids),
                handlers: runner.handlers.clone(),
                wake: wake.clone(),
                lanes: match is_reserved {
                    true => &[Lane::Interactive],
                    false => Lane::ALL,
                },
                schedules_due: index == 0,
                poll_interval: runner.poll_interval,
                times: runner.times,
                slot,
            };
            workers.spawn(format!("job-{index}"), move || worker.run())?;
        }
        let heartbeat = Heartbeat {
            store: runner.store,
            wake: workers.heartbeat.clone(),
            lease: runner.times.lease,
            slots,
        };
        workers.spawn("job-heartbeat".to_owned(), move || heartbeat.run())?;
        Ok(workers)
    }

    fn spawn(&mut self, name: String, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads
            .push(thread::Builder::new().name(name).spawn(run)?);
        Ok(())
    }

    /// From now on the workers claim no further job, and give theirs back after the current step.
    /// Does not block.
    pub fn take_no_more(&self) {
        self.wakes.0.iter().for_each(Wake::stop);
    }

    /// Blocks until each worker has finished its current step.
    pub fn stop(mut self) {
        self.take_no_more();
        let heartbeat = self.threads.pop();
        for thread in self.threads.drain(..) {
            // The panic hook has already reported a panic of the thread.
            let _ = thread.join();
        }
        // It keeps the leases of the steps that are being finished.
        self.heartbeat.stop();
        if let Some(heartbeat) = heartbeat {
            let _ = heartbeat.join();
        }
    }
}

impl Drop for JobWorkers {
    fn drop(&mut self) {
        self.take_no_more();
        self.heartbeat.stop();
    }
}

/// What a worker has, for the heartbeat.
type Slot = Arc<Mutex<Option<Arc<Held>>>>;

/// Extends the leases of steps that take longer than they should.
struct Heartbeat {
    store: Arc<dyn Store>,
    wake: Wake,
    lease: Duration,
    slots: Vec<Slot>,
}

impl Heartbeat {
    fn run(self) {
        loop {
            self.wake.pause(self.lease / HEARTBEATS_PER_LEASE);
            if self.wake.is_stopping() {
                return;
            }
            for slot in &self.slots {
                let held = slot.lock().clone();
                if let Some(held) = held {
                    self.renew(&held);
                }
            }
        }
    }

    fn renew(&self, held: &Held) {
        // A step that commits renews it by itself.
        let Some(mut lease) = held.lease.try_lock() else {
            return;
        };
        match self
            .store
            .transaction(|tx| tx.renew_job(&lease, self.lease))
        {
            Ok(Some(renewed)) => *lease = renewed,
            Ok(None) => held.is_lost.store(true, Ordering::Relaxed),
            Err(error) => report(&error),
        }
    }
}

struct Worker {
    store: Arc<dyn Store>,
    ids: Arc<dyn Ids>,
    handlers: Handlers,
    wake: Wake,
    lanes: &'static [Lane],
    /// Whether this worker has to see to it that each schedule has its job.
    schedules_due: bool,
    poll_interval: Duration,
    times: JobTimes,
    slot: Slot,
}

impl Worker {
    fn run(mut self) {
        while !self.wake.is_stopping() {
            match self.schedule().and_then(|()| self.claim()) {
                Ok(Some(job)) => self.work_on(job),
                Ok(None) => self.wake.rest(self.poll_interval),
                Err(error) => {
                    report(&error);
                    self.wake.pause(DATABASE_PAUSE.min(self.poll_interval));
                }
            }
        }
    }

    fn schedule(&mut self) -> Result<(), StoreError> {
        if !self.schedules_due {
            return Ok(());
        }
        for handler in self.handlers.all() {
            let scheduled = self
                .store
                .transaction(|tx| schedule_next(tx, &*self.ids, handler));
            match scheduled {
                Ok(()) => {}
                Err(JobError::Store(error)) => return Err(error),
                Err(error) => log::error!(kind = handler.kind(); "a job is not scheduled: {error}"),
            }
        }
        self.schedules_due = false;
        Ok(())
    }

    /// The due job of the first lane that has one.
    fn claim(&self) -> Result<Option<ClaimedJob>, StoreError> {
        // Kinds of a newer release wait for a server that knows them.
        let kinds: Vec<_> = self.handlers.kinds().collect();
        for lane in self.lanes {
            let claimed = self.store.transaction(|tx| {
                let claimed = tx.claim_job(*lane, &kinds, self.times.lease)?;
                if let Some(task) = claimed.as_ref().and_then(|job| job.task) {
                    tx.run_task(task)?;
                }
                Ok::<_, StoreError>(claimed)
            })?;
            if claimed.is_some() {
                return Ok(claimed);
            }
        }
        Ok(None)
    }

    fn work_on(&self, job: ClaimedJob) {
        let Some(handler) = self.handlers.of(&job.kind) else {
            return;
        };
        let held = Arc::new(Held::new(job.lease));
        *self.slot.lock() = Some(Arc::clone(&held));
        let turn = Turn {
            store: &*self.store,
            ids: &*self.ids,
            wake: &self.wake,
            handler,
            held: &held,
            began: Instant::now(),
            times: self.times,
            is_canceled: AtomicBool::new(job.is_canceled),
            noted: Mutex::default(),
        };
        let outcome = self.take_steps(&turn, job);
        *self.slot.lock() = None;
        count(handler.kind(), outcome).increment(1);
    }

    /// Steps until the job ends, fails, or has had its turn.
    fn take_steps(&self, turn: &Turn<'_>, mut job: ClaimedJob) -> &'static str {
        loop {
            if job.is_canceled {
                return self.cancel(turn, &job);
            }
            // The process died in each of these attempts before it stored an outcome.
            if job.lease.attempt > MAX_ATTEMPTS {
                let broken_off = JobError::Retry("too many attempts were broken off".to_owned());
                return self.bury(turn, &job, &broken_off);
            }
            match step(turn, &job) {
                Ok(Settled(Outcome::Done)) => return "done",
                Ok(Settled(Outcome::GoOn { cursor, left })) => {
                    let Some(lease) = left.lease else {
                        return "given_back";
                    };
                    job.cursor = Some(cursor);
                    job.lease = lease;
                    job.is_canceled = left.is_canceled;
                }
                Err(JobError::LeaseLost) => return lost(&job),
                Err(error @ JobError::Stopped) => return self.release(turn, &job, &error),
                Err(error) if error.is_permanent() || job.lease.attempt >= MAX_ATTEMPTS => {
                    return self.bury(turn, &job, &error);
                }
                Err(error) => return self.postpone(turn, &job, &error),
            }
        }
    }

    fn release(&self, turn: &Turn<'_>, job: &ClaimedJob, error: &JobError) -> &'static str {
        let reason = error.to_string();
        let stored = self.store_end(turn, &|tx, lease| {
            held(tx.release_job(lease, &reason)?)?;
            if let Some(task) = job.task {
                tx.requeue_task(task)?;
            }
            Ok(())
        });
        outcome_of(stored, job, "given_back")
    }

    fn postpone(&self, turn: &Turn<'_>, job: &ClaimedJob, error: &JobError) -> &'static str {
        let wait = wait_after(job.lease.attempt, job.lease.id);
        let reason = error.to_string();
        log::info!(
            job:% = job.id, kind = &*job.kind, attempt = job.lease.attempt, seconds = wait.as_secs();
            "a job failed, and is tried again: {}", error_chain(error)
        );
        let stored = self.store_end(turn, &|tx, lease| {
            held(tx.postpone_job(lease, wait, &reason)?)?;
            if let Some(task) = job.task {
                tx.requeue_task(task)?;
            }
            Ok(())
        });
        outcome_of(stored, job, "postponed")
    }

    fn bury(&self, turn: &Turn<'_>, job: &ClaimedJob, error: &JobError) -> &'static str {
        log::warn!(
            job:% = job.id, kind = &*job.kind, attempt = job.lease.attempt;
            "a job was given up: {}", error_chain(error)
        );
        let reason = error.to_string();
        let shown = match error {
            JobError::Permanent(reason) => reason,
            _ => INTERNAL_FAILURE,
        };
        let bury = |tx: &mut dyn Writes, lease: &Lease| {
            schedule_next(tx, turn.ids, turn.handler)?;
            let successor = turn.ids.time_ordered().into();
            held(tx.bury_job(lease, &reason, successor)?)?;
            if let Some(task) = job.task {
                tx.end_task(task, TaskEnd::Failed(shown))?;
            }
            Ok(())
        };
        self.end(turn, job, TaskEnd::Failed(shown), &bury, "dead")
    }

    fn cancel(&self, turn: &Turn<'_>, job: &ClaimedJob) -> &'static str {
        log::info!(job:% = job.id, kind = &*job.kind; "a job was canceled");
        let cancel = |tx: &mut dyn Writes, lease: &Lease| {
            schedule_next(tx, turn.ids, turn.handler)?;
            held(tx.finish_job(lease)?)?;
            if let Some(task) = job.task {
                tx.end_task(task, TaskEnd::Canceled)?;
            }
            Ok(())
        };
        self.end(turn, job, TaskEnd::Canceled, &cancel, "canceled")
    }

    /// Ends the job with what its handler has to undo. A handler that cannot keeps no job alive.
    fn end(
        &self,
        turn: &Turn<'_>,
        job: &ClaimedJob,
        end: TaskEnd<'_>,
        store_end: &StoreEnd<'_>,
        outcome: &'static str,
    ) -> &'static str {
        let stored = self.store_end(turn, &|tx, lease| {
            turn.handler.ended(tx, &job.payload, end)?;
            store_end(tx, lease)
        });
        let Err(error) = &stored else {
            return outcome;
        };
        if matches!(error, JobError::LeaseLost) || is_transient(error) {
            return outcome_of(stored, job, outcome);
        }
        log::error!(
            job:% = job.id, kind = &*job.kind;
            "the end of a job could not be told to its handler: {}", error_chain(error)
        );
        outcome_of(self.store_end(turn, store_end), job, outcome)
    }

    /// Retries until the outcome is stored. If it is not, the job comes back after its lease.
    fn store_end(&self, turn: &Turn<'_>, work: &StoreEnd<'_>) -> Result<(), JobError> {
        let mut backoff = Backoff::default();
        loop {
            let lease = turn.held.lease.lock();
            let stored = caught(|| self.store.transaction(|tx| work(tx, &lease)));
            drop(lease);
            match stored {
                Err(error) if is_transient(&error) && !self.wake.is_stopping() => {
                    self.wake.pause(backoff.next_wait());
                }
                stored => return stored,
            }
        }
    }
}

/// Stores how a job ended, in one transaction.
type StoreEnd<'a> = dyn Fn(&mut dyn Writes, &Lease) -> Result<(), JobError> + 'a;

fn step(turn: &Turn<'_>, job: &ClaimedJob) -> Result<Settled, JobError> {
    let began = Instant::now();
    let settled = caught(|| turn.handler.step(Step { job, turn }));
    metrics::histogram!("abu_job_step_seconds", "kind" => turn.handler.kind())
        .record(began.elapsed());
    settled
}

/// A panic counts as a failed attempt; the panic hook has reported it.
fn caught<T>(work: impl FnOnce() -> Result<T, JobError>) -> Result<T, JobError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_panic| Err(JobError::Retry("its handler panicked".to_owned())))
}

fn held(is_held: bool) -> Result<(), JobError> {
    is_held.then_some(()).ok_or(JobError::LeaseLost)
}

fn is_transient(error: &JobError) -> bool {
    matches!(error, JobError::Store(error) if error.is_transient())
}

fn lost(job: &ClaimedJob) -> &'static str {
    log::info!(job:% = job.id, kind = &*job.kind; "the lease of a job was lost");
    "lost"
}

fn outcome_of(
    stored: Result<(), JobError>,
    job: &ClaimedJob,
    outcome: &'static str,
) -> &'static str {
    match stored {
        Ok(()) => outcome,
        Err(JobError::LeaseLost) => lost(job),
        Err(error) => {
            log::warn!(
                job:% = job.id, kind = &*job.kind;
                "the outcome of a job could not be stored; it is tried again: {}", error_chain(&error)
            );
            "lost"
        }
    }
}

/// The outcomes of a worker's turn with a job.
const OUTCOMES: [&str; 6] = [
    "done",
    "given_back",
    "postponed",
    "dead",
    "canceled",
    "lost",
];

fn count(kind: &'static str, outcome: &'static str) -> metrics::Counter {
    debug_assert!(
        OUTCOMES.contains(&outcome),
        "{outcome} does not begin at zero"
    );
    metrics::counter!("abu_jobs_total", "kind" => kind, "outcome" => outcome)
}

/// The counters of jobs begin at zero, so that the first event of each shows as a rise.
pub fn begin_counters(handlers: &Handlers) {
    for kind in handlers.kinds() {
        for outcome in OUTCOMES {
            count(kind, outcome).increment(0);
        }
    }
}

/// The watch over the database reports its outages, so they are debug output here.
fn report(error: &StoreError) {
    let level = match error.is_transient() {
        true => log::Level::Debug,
        false => log::Level::Error,
    };
    log::log!(
        level,
        "the jobs cannot be read or written: {}",
        error_chain(error)
    );
}
