//! Group commit: one thread takes the messages, and the changes to messages, that wait and stores them in one
//! transaction.
//!
//! A lone message is stored at once. While a commit is under way the next messages gather, so under
//! load the commits a second stay flat and each carries more. An event is published only after the
//! commit, and in its order, so every session sees a room's messages in the order of their places, and
//! the changes to them in the order of their revisions.
//!
//! A room that stays locked holds back its own messages alone: after the first wait for its lock its
//! messages form batches of their own, which wait for a moment only, until one is stored.
//!
//! Nothing waits for ever: a message that was not stored in time is refused. One whose commit is in doubt
//! is answered [`InDoubt`](SubmitError::InDoubt), since neither "stored" nor "not stored" would be known to
//! be true. The batch itself is tried until its fate is known, as its messages may be in the room.
//!
//! Locks: the queue's, for a few instructions at a time, never while storing or publishing.

mod locked_rooms;
mod outage;
mod outcome;

use std::{
    collections::{HashSet, VecDeque},
    io,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_domain::{
    RoomId,
    messaging::message::{Message, MessageChange, NewMessage},
};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use self::{locked_rooms::LockedRooms, outage::Outage, outcome::Submitter};
use crate::{
    Context,
    messaging::{
        messages::{Written, write_batch},
        ports::{EventBus, LockWait, Publication, ReadMark, StoreOutcome},
        read_marks::ReadMarks,
        submission::{QueueFull, Receipt, Refusal, SubmitError, Submitted},
    },
    platform::{
        backoff::Backoff,
        error_chain::error_chain,
        ports::{Ids, StoreError},
    },
    store::Store,
};

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(1);
/// How long an attempt may take before it counts as hanging: longer than the store waits for a
/// connection.
const HANGING: Duration = Duration::from_millis(2_500);

/// The bounds of the writer, and the deadline of read marks.
#[derive(Clone, Copy, Debug)]
pub struct WriterPolicy {
    /// How many submissions may wait to be stored; one more is refused as unavailable.
    pub queue: usize,
    /// The most submissions stored in one transaction.
    pub batch: usize,
    /// Under load, how long the writer lets submissions gather before it stores them.
    pub gather: Duration,
    /// How long a submission may wait to be stored before it is refused as unavailable.
    pub store_timeout: Duration,
}

impl Default for WriterPolicy {
    fn default() -> Self {
        Self {
            queue: 10_000,
            batch: 500,
            gather: Duration::from_millis(2),
            store_timeout: Duration::from_secs(4),
        }
    }
}

pub enum Write {
    Message(NewMessage),
    Change(MessageChange),
}

impl Write {
    pub fn room(&self) -> RoomId {
        match self {
            Self::Message(message) => message.room_id,
            Self::Change(change) => change.room_id,
        }
    }
}

struct Submission {
    write: Write,
    submitter: Submitter,
    submitted_at: Instant,
}

/// What is written in one transaction.
struct Batch {
    messages: Vec<NewMessage>,
    changes: Vec<MessageChange>,
    /// In which order they were handed in.
    order: Vec<Entry>,
    wait: LockWait,
}

#[derive(Clone, Copy)]
struct Entry {
    is_message: bool,
    submitted_at: Instant,
}

impl Batch {
    fn with_capacity(count: usize, wait: LockWait) -> Self {
        Self {
            messages: Vec::with_capacity(count),
            changes: Vec::new(),
            order: Vec::with_capacity(count),
            wait,
        }
    }

    fn add(&mut self, write: Write, submitted_at: Instant) {
        self.order.push(Entry {
            is_message: matches!(write, Write::Message(_)),
            submitted_at,
        });
        match write {
            Write::Message(message) => self.messages.push(message),
            Write::Change(change) => self.changes.push(change),
        }
    }

    fn len(&self) -> usize {
        self.order.len()
    }

    /// In the order in which they were handed in.
    fn writes(&self) -> impl Iterator<Item = (Write, Instant)> {
        let (mut messages, mut changes) = (self.messages.iter(), self.changes.iter());
        self.order.iter().filter_map(move |entry| {
            let write = match entry.is_message {
                true => messages.next().cloned().map(Write::Message),
                false => changes.next().cloned().map(Write::Change),
            };
            Some((write?, entry.submitted_at))
        })
    }

    /// Each of them as a batch of its own.
    fn one_by_one(&self) -> impl Iterator<Item = Self> {
        self.writes().map(|(write, submitted_at)| {
            let mut single = Self::with_capacity(1, self.wait);
            single.add(write, submitted_at);
            single
        })
    }

    fn rooms(&self) -> impl Iterator<Item = RoomId> {
        let of_messages = self.messages.iter().map(|message| message.room_id);
        of_messages.chain(self.changes.iter().map(|change| change.room_id))
    }
}

/// The writer's handle.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    capacity: usize,
    store_timeout: Duration,
    bus: Arc<dyn EventBus>,
    /// Locked for a few instructions, and a log line, at a time.
    outage: Mutex<Outage>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Submission>,
    storing: UnderWay,
    /// How many messages were in the last batch.
    last_batch: usize,
    /// How many messages the writer's thread sleeps for: it is not woken for fewer.
    awaited: usize,
    stopping: bool,
    /// Writes were refused after the stop.
    left_unstored: bool,
}

/// The batch that is being stored.
#[derive(Default)]
struct UnderWay {
    /// Taken out when they are refused while it is being stored.
    submitters: Vec<Submitter>,
    /// When its oldest message was submitted.
    since: Option<Instant>,
    /// When the attempt that is running began; none runs between two attempts.
    attempt_since: Option<Instant>,
    /// An attempt ended in its commit, so the batch may be stored.
    in_doubt: bool,
}

impl UnderWay {
    /// Whether its submitters waited long enough, and its outcome cannot be known: its commit is in
    /// doubt, or the attempt hangs. An attempt that merely cannot reach the database ends by itself,
    /// and then it is known that nothing was stored.
    fn is_lost(&self, now: Instant, store_timeout: Duration) -> bool {
        let since = |start: Instant| now.saturating_duration_since(start);
        let hangs = self
            .attempt_since
            .is_some_and(|start| since(start) >= HANGING);
        self.since
            .is_some_and(|start| since(start) >= store_timeout)
            && (self.in_doubt || hangs)
    }
}

impl Writer {
    pub(super) fn start(
        context: &Context,
        read_marks: Arc<ReadMarks>,
        policy: WriterPolicy,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            capacity: policy.queue,
            store_timeout: policy.store_timeout,
            bus: Arc::clone(&context.events),
            outage: Mutex::default(),
        });
        let storing = Storing {
            shared: Arc::clone(&shared),
            store: Arc::clone(context.database.store()),
            ids: Arc::clone(&context.ids),
            read_marks,
            max_batch: policy.batch.max(1),
            gather: policy.gather,
            locked: LockedRooms::default(),
        };
        let thread = std::thread::Builder::new()
            .name("message-writer".into())
            .spawn(move || storing.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Submits for a use case.
    pub fn submit(&self, write: Write) -> Submitted<Message> {
        let (reply, answer) = oneshot::channel();
        let submitted = self.enqueue(write, Submitter::Caller(reply));
        Box::pin(async move {
            submitted.map_err(|_full| SubmitError::Unavailable)?;
            // The writer answers every submitter before it ends; after a panic nothing is known.
            answer.await.unwrap_or(Err(SubmitError::InDoubt))
        })
    }

    /// Submits for a connection, which hears the outcome over the bus.
    ///
    /// # Errors
    /// Where too much waits already; the bus hands the receipt back no more then.
    pub fn submit_for(&self, receipt: Receipt, write: Write) -> Result<(), QueueFull> {
        match self.enqueue(write, Submitter::Connection(receipt)) {
            Err(Submitter::Connection(receipt)) => Err(QueueFull(receipt)),
            _ => Ok(()),
        }
    }

    /// Submits for a thread that may block, and returns once all are settled. An outcome stands for
    /// each, in their order.
    pub fn write_all(&self, writes: Vec<Write>) -> Vec<Result<Message, SubmitError>> {
        let submitted: Vec<_> = writes
            .into_iter()
            .map(|write| {
                let (reply, answer) = oneshot::channel();
                self.enqueue(write, Submitter::Caller(reply))
                    .map(|()| answer)
                    .map_err(|_full| SubmitError::Unavailable)
            })
            .collect();
        let settled = |answer: oneshot::Receiver<_>| {
            answer.blocking_recv().unwrap_or(Err(SubmitError::InDoubt))
        };
        let outcomes = submitted.into_iter().map(|one| one.and_then(settled));
        outcomes.collect()
    }

    fn enqueue(&self, write: Write, submitter: Submitter) -> Result<(), Submitter> {
        let mut queue = self.shared.queue.lock();
        if queue.stopping {
            return Err(submitter);
        }
        if queue.waiting.len() >= self.shared.capacity {
            let now = Instant::now();
            let submitted = queue.backlog(now).since(now);
            drop(queue);
            self.shared.outage.lock().refused(1, submitted, now);
            return Err(submitter);
        }
        queue.waiting.push_back(Submission {
            write,
            submitter,
            submitted_at: Instant::now(),
        });
        let is_awaited = queue.waiting.len() == queue.awaited;
        drop(queue);
        if is_awaited {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    /// What waits, and for how long the oldest has waited.
    pub(super) fn backlog(&self, now: Instant) -> Backlog {
        self.shared.queue.lock().backlog(now)
    }

    /// Whether no write is stored in time.
    pub(super) fn is_in_outage(&self, now: Instant) -> bool {
        self.shared.outage.lock().is_total(now)
    }

    /// Refuses what waited too long; returns what to publish.
    pub(super) fn expire(&self, now: Instant) -> Vec<Publication> {
        self.shared.expire(now)
    }

    /// Takes no more messages, stores what waits, and ends the thread. Blocks for as long as that
    /// takes. Returns whether everything was stored.
    pub(super) fn stop(&self) -> bool {
        self.shared.stop();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            return false;
        }
        !self.shared.queue.lock().left_unstored
    }
}

/// Ends the thread without waiting for it.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Queue {
    fn backlog(&self, now: Instant) -> Backlog {
        let waiting = self.waiting.front().map(|first| first.submitted_at);
        let oldest = waiting.into_iter().chain(self.storing.since).min();
        Backlog {
            length: self.waiting.len() + self.storing.submitters.len(),
            oldest: oldest.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)),
        }
    }
}

/// The writes that are not committed yet.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    pub length: usize,
    /// The age of the oldest; zero where nothing waits.
    pub oldest: Duration,
}

impl Backlog {
    /// When the oldest was submitted.
    fn since(&self, now: Instant) -> Instant {
        now.checked_sub(self.oldest).unwrap_or(now)
    }
}

impl Shared {
    fn stop(&self) {
        self.queue.lock().stopping = true;
        self.changed.notify_one();
    }

    fn expire(&self, now: Instant) -> Vec<Publication> {
        let too_old = |since: Instant| now.saturating_duration_since(since) >= self.store_timeout;
        let mut queue = self.queue.lock();
        let backlog = queue.backlog(now);
        let mut expired = Vec::new();
        while queue
            .waiting
            .front()
            .is_some_and(|first| too_old(first.submitted_at))
        {
            expired.extend(queue.waiting.pop_front());
        }
        // The writer's thread sleeps until one more waits than did.
        queue.awaited = queue.awaited.min(queue.waiting.len() + 1);
        let doubtful = if queue.storing.is_lost(now, self.store_timeout) {
            std::mem::take(&mut queue.storing.submitters)
        } else {
            Vec::new()
        };
        drop(queue);
        let mut outage = self.outage.lock();
        outage.refused(expired.len() + doubtful.len(), backlog.since(now), now);
        outage.waited(backlog.oldest, now);
        drop(outage);
        let expired = expired
            .into_iter()
            .map(|submission| submission.submitter)
            .filter_map(|submitter| outcome::refuse(submitter, SubmitError::Unavailable.into()));
        let doubtful = doubtful
            .into_iter()
            .filter_map(|submitter| outcome::refuse(submitter, SubmitError::InDoubt.into()));
        expired.chain(doubtful).collect()
    }
}

/// The writer's thread.
struct Storing {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    ids: Arc<dyn Ids>,
    read_marks: Arc<ReadMarks>,
    max_batch: usize,
    gather: Duration,
    locked: LockedRooms,
}

impl Storing {
    fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            self.store_until_settled(&batch);
        }
    }

    /// Waits for messages and takes them; `None` once the writer is stopped and nothing waits.
    fn next_batch(&mut self) -> Option<Batch> {
        let mut queue = self.shared.queue.lock();
        let (taken, wait) = loop {
            if queue.waiting.is_empty() {
                if queue.stopping {
                    return None;
                }
                queue.awaited = 1;
                self.shared.changed.wait(&mut queue);
                continue;
            }
            self.gather(&mut queue);
            let taken = self
                .locked
                .take(&mut queue.waiting, self.max_batch, Instant::now());
            match taken {
                Ok(taken) => break taken,
                // Only rooms that were locked a moment ago.
                Err(rested) => {
                    queue.awaited = queue.waiting.len() + 1;
                    self.shared.changed.wait_until(&mut queue, rested);
                }
            }
        };
        queue.awaited = 0;
        queue.last_batch = taken.len();
        let since = taken.first().map(|first| first.submitted_at);
        let mut batch = Batch::with_capacity(taken.len(), wait);
        let mut submitters = Vec::with_capacity(taken.len());
        for submission in taken {
            submitters.push(submission.submitter);
            batch.add(submission.write, submission.submitted_at);
        }
        queue.storing = UnderWay {
            submitters,
            since,
            ..UnderWay::default()
        };
        Some(batch)
    }

    /// Under load, lets as many messages gather as came last time, for a moment at most: those who
    /// talk to each other answer what the last batch told them, and each message that is stored and
    /// sent with others costs less. A message that comes alone is not held back.
    fn gather(&self, queue: &mut MutexGuard<'_, Queue>) {
        let deadline = Instant::now() + self.gather;
        let enough = queue.last_batch.min(self.max_batch);
        while queue.waiting.len() < enough && !queue.stopping {
            queue.awaited = enough;
            if self.shared.changed.wait_until(queue, deadline).timed_out() {
                return;
            }
        }
    }

    /// Tries until the batch is stored or known not to be; false where it went back to the queue instead.
    fn store_until_settled(&mut self, batch: &Batch) -> bool {
        let mut pauses = Backoff::between(FIRST_RETRY, LAST_RETRY);
        loop {
            match self.attempt(batch) {
                Ok(written) => {
                    self.locked.unlock(batch.rooms());
                    self.deliver(batch, written);
                    return true;
                }
                Err(error @ StoreError::Locked(_)) if self.put_back(batch) => {
                    self.note_failure(&error);
                    return false;
                }
                Err(StoreError::CommitInDoubt(error)) => {
                    log::warn!("the database went away during a commit: {error}");
                    self.shared.queue.lock().storing.in_doubt = true;
                }
                Err(error @ (StoreError::Unavailable(_) | StoreError::Locked(_))) => {
                    self.note_failure(&error);
                }
                Err(error) if batch.len() == 1 => {
                    self.give_up(&error);
                    return true;
                }
                // One of them is the database's trouble; the others need not share it.
                Err(_) => {
                    self.store_one_by_one(batch);
                    return true;
                }
            }
            match self.what_next(pauses.next_wait()) {
                Next::TryAgain => {}
                Next::GiveUp(error) => {
                    self.refuse_all(&error.into());
                    return true;
                }
            }
        }
    }

    fn attempt(&self, batch: &Batch) -> Result<Written, StoreError> {
        let started = Instant::now();
        self.shared.queue.lock().storing.attempt_since = Some(started);
        let result = write_batch(&*self.store, &batch.messages, &batch.changes, batch.wait);
        self.shared.queue.lock().storing.attempt_since = None;
        if result.is_ok() {
            metrics::histogram!("abu_message_commit_seconds").record(started.elapsed());
        }
        result
    }

    /// Returns a batch that met a locked room to the queue, whose order within each room stays. A batch that
    /// is in doubt stays where it is.
    fn put_back(&mut self, batch: &Batch) -> bool {
        let mut queue = self.shared.queue.lock();
        if queue.storing.in_doubt || queue.stopping {
            return false;
        }
        self.locked.lock(batch.rooms(), Instant::now());
        let submitters = std::mem::take(&mut queue.storing).submitters;
        let returned = batch.writes().zip(submitters);
        let returned = returned.map(|((write, submitted_at), submitter)| Submission {
            write,
            submitter,
            submitted_at,
        });
        let mut waiting: VecDeque<Submission> = returned.collect();
        waiting.append(&mut queue.waiting);
        queue.waiting = waiting;
        // Stable: what was submitted at one moment keeps its order.
        let queued = queue.waiting.make_contiguous();
        queued.sort_by_key(|submission| submission.submitted_at);
        true
    }

    /// After a failed attempt: pauses, unless it is known that nothing was stored and the senders
    /// waited long enough, or the writer is stopped.
    fn what_next(&self, pause: Duration) -> Next {
        let deadline = Instant::now() + pause;
        let mut queue = self.shared.queue.lock();
        if queue.storing.in_doubt {
            self.wait(&mut queue, deadline);
            return match queue.stopping {
                true => Next::GiveUp(SubmitError::InDoubt),
                false => Next::TryAgain,
            };
        }
        let store_timeout = self.shared.store_timeout;
        let is_timed_out = |queue: &Queue| {
            queue.stopping
                || queue
                    .storing
                    .since
                    .is_none_or(|start| start.elapsed() >= store_timeout)
        };
        if !is_timed_out(&queue) {
            self.wait(&mut queue, deadline);
        }
        if is_timed_out(&queue) {
            return Next::GiveUp(SubmitError::Unavailable);
        }
        Next::TryAgain
    }

    /// Waits until the deadline, or until the writer is stopped.
    fn wait(&self, queue: &mut MutexGuard<'_, Queue>, deadline: Instant) {
        while !queue.stopping {
            if self.shared.changed.wait_until(queue, deadline).timed_out() {
                return;
            }
        }
    }

    fn store_one_by_one(&mut self, batch: &Batch) {
        let settled = self.settled();
        let mut submitters = settled.submitters.into_iter();
        // No later message of a room overtakes one that went back to the queue.
        let mut returned = HashSet::new();
        for single in batch.one_by_one() {
            self.shared.queue.lock().storing = UnderWay {
                submitters: submitters.next().into_iter().collect(),
                since: single.order.first().map(|entry| entry.submitted_at),
                in_doubt: settled.in_doubt,
                ..UnderWay::default()
            };
            if single.rooms().any(|room| returned.contains(&room)) && self.put_back(&single) {
                continue;
            }
            if !self.store_until_settled(&single) {
                returned.extend(single.rooms());
            }
        }
    }

    fn note_failure(&self, error: &StoreError) {
        let cause = error_chain(error);
        log::debug!("messages wait for the database: {cause}");
        self.shared.outage.lock().failed(cause);
    }

    fn give_up(&self, error: &StoreError) {
        let reference = self.ids.random().to_string();
        log::error!(
            reference = reference.as_str();
            "a message could not be stored: {error}: {:?}",
            std::error::Error::source(error)
        );
        self.refuse_all(&Refusal::Internal { reference });
    }

    /// Publishes what was committed.
    fn deliver(&self, batch: &Batch, written: Written) {
        let UnderWay {
            submitters,
            since,
            in_doubt,
            ..
        } = self.settled();
        let now = Instant::now();
        let waited = since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        // An outage is not over while messages of a locked room wait.
        let waited = waited.max(self.shared.queue.lock().backlog(now).oldest);
        let newest = batch.order.last().map_or(now, |last| last.submitted_at);
        let mut outage = self.shared.outage.lock();
        outage.stored(newest);
        // The outage of a locked room goes on, whatever other rooms store.
        if !self.locked.is_any(now) {
            outage.committed(waited, now);
        }
        drop(outage);
        let mut submitters = submitters.into_iter();
        let Written {
            messages,
            changes,
            reactions,
        } = written;
        let (mut messages, mut changes) = (messages.into_iter(), changes.into_iter());
        let mut stored = 0;
        let mut publications = Vec::with_capacity(batch.len());
        for entry in &batch.order {
            // None: refused while the database was away.
            let submitter = submitters.next();
            if entry.is_message {
                let Some(outcome) = messages.next() else {
                    continue;
                };
                if let StoreOutcome::Stored(message) = &outcome {
                    stored += 1;
                    self.mark_read(message);
                }
                publications.extend(outcome::of_message(outcome, submitter, &reactions));
            } else if let Some(outcome) = changes.next() {
                publications.extend(outcome::of_change(outcome, submitter, in_doubt));
            }
        }
        metrics::counter!("abu_messages_stored_total").increment(stored);
        self.shared.bus.publish_batch(publications);
    }

    /// The sender of a message has read up to it.
    fn mark_read(&self, message: &Message) {
        self.read_marks.note_silently(ReadMark {
            room_id: message.room_id,
            user_id: message.sender_id,
            seq: message.seq,
            wrote: true,
        });
    }

    fn refuse_all(&self, refusal: &Refusal) {
        let UnderWay {
            submitters, since, ..
        } = self.settled();
        let (count, now) = (submitters.len(), Instant::now());
        let submitted = since.unwrap_or(now);
        self.shared.outage.lock().refused(count, submitted, now);
        let mut queue = self.shared.queue.lock();
        queue.left_unstored |= queue.stopping && count > 0;
        drop(queue);
        let submitters = submitters.into_iter();
        let answers =
            submitters.filter_map(|submitter| outcome::refuse(submitter, refusal.clone()));
        self.shared.bus.publish_batch(answers.collect());
    }

    /// The batch that is stored no more, with its submitters.
    fn settled(&self) -> UnderWay {
        std::mem::take(&mut self.shared.queue.lock().storing)
    }
}

/// What to do after a failed attempt.
enum Next {
    TryAgain,
    GiveUp(SubmitError),
}
