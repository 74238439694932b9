//! Stores messages, and changes to messages: takes whatever waits and commits it in one transaction,
//! on one thread.
//!
//! A lone message is stored at once. While a commit is under way the next messages gather, so under
//! load the commits a second stay flat and each carries more. An event is published only after the
//! commit, and in its order, so every session sees a room's messages in the order of their places, and
//! the changes to them in the order of their revisions.
//!
//! Nothing waits for ever: a message that was not stored in time is refused, and one whose commit is
//! in doubt ends its sender's connection, since neither "stored" nor "not stored" would be known to
//! be true. The batch itself is tried until its fate is known, as its messages may be in the room.
//!
//! Locks: the queue's, for a few instructions at a time, never while storing or publishing.

mod notify;

use std::{
    collections::VecDeque,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_application::{
    messaging::{Written, write_batch},
    ports::{Ids, ReadMark, Store, StoreError, StoreOutcome},
};
use abu_chat_protocol::client::{
    MessageDelete, MessageEdit, MessageSend, ReactionAdd, ReactionRemove,
};
use abu_domain::{
    RoomId,
    message::{ChangeKind, Message, MessageChange, NewMessage},
};
use parking_lot::{Condvar, Mutex, MutexGuard};

use self::notify::{Refusal, Waiter};
use crate::{
    ChatSettings,
    bus::{Event, LocalBus},
    read_marks::ReadMarks,
};

pub(crate) use self::notify::{Sender, unavailable};

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(1);
/// How long an attempt may take before it counts as hanging: longer than the store waits for a
/// connection.
const HANGING: Duration = Duration::from_millis(2_500);

/// Something to be written.
pub(crate) enum Write {
    Message(NewMessage),
    Change(MessageChange),
}

impl Write {
    pub(crate) fn room(&self) -> RoomId {
        match self {
            Self::Message(message) => message.room_id,
            Self::Change(change) => change.room_id,
        }
    }

    /// The type of the packet that asks for it.
    pub(crate) fn request(&self) -> &'static str {
        match self {
            Self::Message(_) => MessageSend::NAME,
            Self::Change(change) => match change.kind {
                ChangeKind::Edit(_) => MessageEdit::NAME,
                ChangeKind::Delete => MessageDelete::NAME,
                ChangeKind::React(_) => ReactionAdd::NAME,
                ChangeKind::TakeBack(_) => ReactionRemove::NAME,
            },
        }
    }
}

struct Submission {
    write: Write,
    sender: Sender,
    submitted_at: Instant,
}

/// What is written in one transaction.
#[derive(Default)]
struct Batch {
    messages: Vec<NewMessage>,
    changes: Vec<MessageChange>,
    /// In which order they were handed in: true for a message.
    order: Vec<bool>,
}

impl Batch {
    fn with_capacity(count: usize) -> Self {
        Self {
            messages: Vec::with_capacity(count),
            changes: Vec::new(),
            order: Vec::with_capacity(count),
        }
    }

    fn add(&mut self, write: Write) {
        self.order.push(matches!(write, Write::Message(_)));
        match write {
            Write::Message(message) => self.messages.push(message),
            Write::Change(change) => self.changes.push(change),
        }
    }

    fn len(&self) -> usize {
        self.order.len()
    }

    /// Each of them as a batch of its own.
    fn one_by_one(&self) -> impl Iterator<Item = Self> {
        let (mut messages, mut changes) = (self.messages.iter(), self.changes.iter());
        self.order.iter().map(move |is_message| {
            let write = match is_message {
                true => messages.next().cloned().map(Write::Message),
                false => changes.next().cloned().map(Write::Change),
            };
            let mut single = Self::default();
            write.into_iter().for_each(|write| single.add(write));
            single
        })
    }
}

/// The queue is full, or closed; this is who was not let in.
pub(crate) struct QueueFull(pub(crate) Sender);

/// The writer's handle.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    capacity: usize,
    store_timeout: Duration,
    bus: Arc<LocalBus>,
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
}

/// The batch that is being stored.
#[derive(Default)]
struct UnderWay {
    /// Who waits for it; taken out when they are told to wait no more.
    waiters: Vec<Waiter>,
    /// When its oldest message was submitted.
    since: Option<Instant>,
    /// When the attempt that is running began; none runs between two attempts.
    attempt_since: Option<Instant>,
    /// An attempt ended in its commit, so the batch may be stored.
    in_doubt: bool,
}

impl UnderWay {
    /// Whether its senders waited long enough, and what became of it cannot be told them: its commit
    /// is in doubt, or the attempt hangs. An attempt that merely cannot reach the database ends by
    /// itself, and then it is known that nothing was stored.
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
    pub(crate) fn start(
        store: Arc<dyn Store>,
        bus: Arc<LocalBus>,
        ids: Arc<dyn Ids>,
        read_marks: Arc<ReadMarks>,
        settings: &ChatSettings,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            capacity: settings.writer_queue,
            store_timeout: settings.store_timeout,
            bus,
        });
        let storing = Storing {
            shared: Arc::clone(&shared),
            store,
            ids,
            read_marks,
            max_batch: settings.writer_batch.max(1),
            gather: settings.writer_gather,
        };
        let thread = std::thread::Builder::new()
            .name("chat-writer".into())
            .spawn(move || storing.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands something in; its sender hears what became of it.
    ///
    /// # Errors
    /// Where too much waits already; the writer tells the sender nothing then.
    pub(crate) fn submit(&self, write: Write, sender: Sender) -> Result<(), QueueFull> {
        let mut queue = self.shared.queue.lock();
        if queue.stopping || queue.waiting.len() >= self.shared.capacity {
            return Err(QueueFull(sender));
        }
        queue.waiting.push_back(Submission {
            write,
            sender,
            submitted_at: Instant::now(),
        });
        let is_awaited = queue.waiting.len() == queue.awaited;
        drop(queue);
        if is_awaited {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    /// Tells those who waited too long. Called now and then by the workers: the writer's own thread
    /// may be stuck in a database that does not answer. Returns what to publish.
    pub(crate) fn expire(&self, now: Instant) -> Vec<Event> {
        self.shared.expire(now)
    }

    /// Takes no more messages, stores what waits, and ends the thread. Blocks for as long as that
    /// takes.
    pub(crate) fn stop(&self) {
        self.shared.queue.lock().stopping = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn expire(&self, now: Instant) -> Vec<Event> {
        let too_old = |since: Instant| now.saturating_duration_since(since) >= self.store_timeout;
        let mut queue = self.queue.lock();
        let mut expired = Vec::new();
        while queue
            .waiting
            .front()
            .is_some_and(|first| too_old(first.submitted_at))
        {
            expired.extend(queue.waiting.pop_front());
        }
        let doubtful = if queue.storing.is_lost(now, self.store_timeout) {
            std::mem::take(&mut queue.storing.waiters)
        } else {
            Vec::new()
        };
        drop(queue);
        let expired = expired
            .into_iter()
            .map(|submission| Waiter::of(submission.sender, &submission.write))
            .filter_map(|waiter| notify::refuse(waiter, &Refusal::Unavailable));
        let doubtful = doubtful
            .into_iter()
            .filter_map(|waiter| notify::refuse(waiter, &Refusal::InDoubt));
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
}

impl Storing {
    fn run(self) {
        while let Some(batch) = self.next_batch() {
            self.store_until_settled(&batch);
        }
    }

    /// Waits for messages and takes them; `None` once the writer is stopped and nothing waits.
    fn next_batch(&self) -> Option<Batch> {
        let mut queue = self.shared.queue.lock();
        while queue.waiting.is_empty() {
            if queue.stopping {
                return None;
            }
            queue.awaited = 1;
            self.shared.changed.wait(&mut queue);
        }
        self.gather(&mut queue);
        queue.awaited = 0;
        let count = queue.waiting.len().min(self.max_batch);
        let since = queue.waiting.front().map(|first| first.submitted_at);
        queue.last_batch = count;
        let taken: Vec<Submission> = queue.waiting.drain(..count).collect();
        let mut batch = Batch::with_capacity(count);
        let mut waiters = Vec::with_capacity(count);
        for submission in taken {
            waiters.push(Waiter::of(submission.sender, &submission.write));
            batch.add(submission.write);
        }
        queue.storing = UnderWay {
            waiters,
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

    /// Tries until the batch is stored or known not to be.
    fn store_until_settled(&self, batch: &Batch) {
        let mut pause = FIRST_RETRY;
        loop {
            match self.attempt(batch) {
                Ok(written) => return self.deliver(batch, written),
                Err(StoreError::CommitInDoubt(error)) => {
                    log::warn!("the database went away during a commit: {error}");
                    self.shared.queue.lock().storing.in_doubt = true;
                }
                Err(StoreError::Unavailable(error)) => {
                    log::debug!("messages wait for the database: {error}");
                }
                Err(error) if batch.len() == 1 => return self.give_up(&error),
                // One of them is the database's trouble; the others need not share it.
                Err(_) => return self.store_one_by_one(batch),
            }
            match self.what_next(pause) {
                Next::TryAgain => pause = (pause * 2).min(LAST_RETRY),
                Next::GiveUp(refusal) => return self.refuse_all(&refusal),
            }
        }
    }

    fn attempt(&self, batch: &Batch) -> Result<Written, StoreError> {
        self.shared.queue.lock().storing.attempt_since = Some(Instant::now());
        let result = write_batch(&*self.store, &batch.messages, &batch.changes);
        self.shared.queue.lock().storing.attempt_since = None;
        result
    }

    /// After a failed attempt: pauses, unless it is known that nothing was stored and the senders
    /// waited long enough, or the writer is stopped.
    fn what_next(&self, pause: Duration) -> Next {
        let deadline = Instant::now() + pause;
        let mut queue = self.shared.queue.lock();
        if queue.storing.in_doubt {
            self.wait(&mut queue, deadline);
            return match queue.stopping {
                true => Next::GiveUp(Refusal::InDoubt),
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
            return Next::GiveUp(Refusal::Unavailable);
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

    fn store_one_by_one(&self, batch: &Batch) {
        let settled = self.settled();
        let mut waiters = settled.waiters.into_iter();
        for single in batch.one_by_one() {
            self.shared.queue.lock().storing = UnderWay {
                waiters: waiters.next().into_iter().collect(),
                since: Some(Instant::now()),
                in_doubt: settled.in_doubt,
                ..UnderWay::default()
            };
            self.store_until_settled(&single);
        }
    }

    fn give_up(&self, error: &StoreError) {
        let reference = self.ids.random().to_string();
        log::error!(
            "a message could not be stored (reference {reference}): {error}: {:?}",
            std::error::Error::source(error)
        );
        self.refuse_all(&Refusal::Internal(reference));
    }

    /// Tells everybody what was committed.
    fn deliver(&self, batch: &Batch, written: Written) {
        let UnderWay {
            waiters, in_doubt, ..
        } = self.settled();
        let mut waiters = waiters.into_iter();
        let Written {
            messages,
            changes,
            reactions,
        } = written;
        let (mut messages, mut changes) = (messages.into_iter(), changes.into_iter());
        let mut events = Vec::with_capacity(batch.len());
        for is_message in &batch.order {
            // None: told to wait no more while the database was away.
            let waiter = waiters.next();
            if *is_message {
                let Some(outcome) = messages.next() else {
                    continue;
                };
                if let StoreOutcome::Stored(message) = &outcome {
                    self.mark_read(message, waiter.as_ref());
                }
                events.extend(notify::of_message(outcome, waiter, &reactions));
            } else if let Some(outcome) = changes.next() {
                events.extend(notify::of_change(outcome, waiter, in_doubt));
            }
        }
        self.shared.bus.publish_blocking(events);
    }

    /// Whoever says something has read up to there.
    fn mark_read(&self, message: &Message, waiter: Option<&Waiter>) {
        if waiter.is_some_and(|waiter| waiter.sender.marks_as_read()) {
            self.read_marks.note_silently(ReadMark {
                room_id: message.room_id,
                user_id: message.sender_id,
                seq: message.seq,
            });
        }
    }

    fn refuse_all(&self, refusal: &Refusal) {
        let waiters = self.settled().waiters.into_iter();
        let events = waiters.filter_map(|waiter| notify::refuse(waiter, refusal));
        self.shared.bus.publish_blocking(events.collect());
    }

    /// The batch, which is being stored no more, and who waits for it.
    fn settled(&self) -> UnderWay {
        std::mem::take(&mut self.shared.queue.lock().storing)
    }
}

/// What to do after a failed attempt.
enum Next {
    TryAgain,
    GiveUp(Refusal),
}
