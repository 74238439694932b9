//! Stores messages: takes whatever waits and commits it in one transaction, on one thread.
//!
//! A lone message is stored at once. While a commit is under way the next messages gather, so under
//! load the commits a second stay flat and each carries more. An event is published only after the
//! commit, and in its order, so every session sees a room's messages in the order of their places.
//!
//! Nothing waits for ever: a message that was not stored in time is refused, and one whose commit is
//! in doubt ends its sender's connection, since neither "stored" nor "not stored" would be known to
//! be true. The batch itself is tried until its fate is known, as its messages may be in the room.
//!
//! Locks: the queue's, for a few instructions at a time, never while storing or publishing.

use std::{
    collections::VecDeque,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_application::{
    messaging::store_batch,
    ports::{Ids, ReadMark, Store, StoreError, StoreOutcome, SubmitError},
};
use abu_chat_protocol::{Profile, client::MessageSend, server};
use abu_domain::{
    RoomId,
    message::{Message, NewMessage},
};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::{
    ChatSettings,
    bus::{Asker, Event, LocalBus},
    frame::SharedPacket,
    packets::message_receive,
    read_marks::ReadMarks,
};

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(1);
/// How long an attempt may take before it counts as hanging: longer than the store waits for a
/// connection.
const HANGING: Duration = Duration::from_millis(2_500);
/// What a client is told to wait when the store is away.
const RETRY_HINT: Duration = Duration::from_secs(2);

/// Who waits for a message to be stored.
pub(crate) enum Sender {
    /// A session: it sees the message like everybody, or is sent an error.
    Session(Asker, Profile),
    /// A use case.
    Caller(oneshot::Sender<Result<Message, SubmitError>>),
}

impl Sender {
    /// Whether what they say marks the room as read up to there. Who speaks the first profile knows
    /// of no marks, and need not pay for them.
    fn marks_as_read(&self) -> bool {
        match self {
            Self::Session(_, profile) => *profile >= Profile::V2,
            Self::Caller(_) => true,
        }
    }
}

struct Submission {
    message: NewMessage,
    sender: Sender,
    submitted_at: Instant,
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
    patience: Duration,
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
    senders: Vec<(Sender, RoomId)>,
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
    fn is_lost(&self, now: Instant, patience: Duration) -> bool {
        let since = |start: Instant| now.saturating_duration_since(start);
        let hangs = self
            .attempt_since
            .is_some_and(|start| since(start) >= HANGING);
        self.since.is_some_and(|start| since(start) >= patience) && (self.in_doubt || hangs)
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
            patience: settings.store_patience,
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

    /// Hands a message in; its sender hears what became of it.
    ///
    /// # Errors
    /// Where too much waits already; the writer tells the sender nothing then.
    pub(crate) fn submit(&self, message: NewMessage, sender: Sender) -> Result<(), QueueFull> {
        let mut queue = self.shared.queue.lock();
        if queue.stopping || queue.waiting.len() >= self.shared.capacity {
            return Err(QueueFull(sender));
        }
        queue.waiting.push_back(Submission {
            message,
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
        let too_old = |since: Instant| now.saturating_duration_since(since) >= self.patience;
        let mut queue = self.queue.lock();
        let mut expired = Vec::new();
        while queue
            .waiting
            .front()
            .is_some_and(|first| too_old(first.submitted_at))
        {
            expired.extend(queue.waiting.pop_front());
        }
        let doubtful = if queue.storing.is_lost(now, self.patience) {
            std::mem::take(&mut queue.storing.senders)
        } else {
            Vec::new()
        };
        drop(queue);
        expired
            .into_iter()
            .map(|submission| (submission.sender, submission.message.room_id))
            .filter_map(|(sender, room)| refuse(sender, room, &Refusal::Unavailable))
            .chain(
                doubtful
                    .into_iter()
                    .filter_map(|(sender, room)| refuse(sender, room, &Refusal::InDoubt)),
            )
            .collect()
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
    fn next_batch(&self) -> Option<Vec<NewMessage>> {
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
        let mut batch = Vec::with_capacity(count);
        let mut senders = Vec::with_capacity(count);
        for submission in taken {
            senders.push((submission.sender, submission.message.room_id));
            batch.push(submission.message);
        }
        queue.storing = UnderWay {
            senders,
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
    fn store_until_settled(&self, batch: &[NewMessage]) {
        let mut pause = FIRST_RETRY;
        loop {
            match self.attempt(batch) {
                Ok(outcomes) => return self.deliver(batch, outcomes),
                Err(StoreError::CommitInDoubt(error)) => {
                    log::warn!("the database went away during a commit: {error}");
                    self.shared.queue.lock().storing.in_doubt = true;
                }
                Err(StoreError::Unavailable(error)) => {
                    log::debug!("messages wait for the database: {error}");
                }
                Err(error) if batch.len() == 1 => return self.give_up(&error),
                // One message is the database's trouble; the others need not share it.
                Err(_) => return self.store_one_by_one(batch),
            }
            match self.what_next(pause) {
                Next::TryAgain => pause = (pause * 2).min(LAST_RETRY),
                Next::GiveUp(refusal) => return self.refuse_all(&refusal),
            }
        }
    }

    fn attempt(&self, batch: &[NewMessage]) -> Result<Vec<StoreOutcome>, StoreError> {
        self.shared.queue.lock().storing.attempt_since = Some(Instant::now());
        let result = store_batch(&*self.store, batch);
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
        let patience = self.shared.patience;
        let out_of_patience = |queue: &Queue| {
            queue.stopping
                || queue
                    .storing
                    .since
                    .is_none_or(|start| start.elapsed() >= patience)
        };
        if !out_of_patience(&queue) {
            self.wait(&mut queue, deadline);
        }
        if out_of_patience(&queue) {
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

    fn store_one_by_one(&self, batch: &[NewMessage]) {
        let mut senders = self.settled().into_iter();
        for message in batch {
            self.shared.queue.lock().storing = UnderWay {
                senders: senders.next().into_iter().collect(),
                since: Some(Instant::now()),
                ..UnderWay::default()
            };
            self.store_until_settled(std::slice::from_ref(message));
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
    fn deliver(&self, batch: &[NewMessage], outcomes: Vec<StoreOutcome>) {
        let mut senders = self.settled().into_iter();
        let mut events = Vec::with_capacity(outcomes.len());
        for (message, outcome) in batch.iter().zip(outcomes) {
            // None: told to wait no more while the database was away.
            let sender = senders.next().map(|(sender, _)| sender);
            match outcome {
                StoreOutcome::Stored(stored) => {
                    self.mark_read(&stored, sender.as_ref());
                    events.push(deliver(stored, sender));
                }
                StoreOutcome::Repeated(stored) => {
                    events.extend(sender.and_then(|sender| answer(stored, sender)));
                }
                StoreOutcome::NotAMember => {
                    events.extend(tell(sender, message.room_id, &Refusal::NotAMember));
                }
                StoreOutcome::ReadOnly => {
                    events.extend(tell(sender, message.room_id, &Refusal::ReadOnly));
                }
                StoreOutcome::ReplyToUnknown => {
                    events.extend(tell(sender, message.room_id, &Refusal::ReplyToUnknown));
                }
            }
        }
        self.shared.bus.publish_blocking(events);
    }

    /// Whoever says something has read up to there.
    fn mark_read(&self, message: &Message, sender: Option<&Sender>) {
        if sender.is_some_and(Sender::marks_as_read) {
            self.read_marks.note_silently(ReadMark {
                room_id: message.room_id,
                user_id: message.sender_id,
                seq: message.seq,
            });
        }
    }

    fn refuse_all(&self, refusal: &Refusal) {
        let events = self
            .settled()
            .into_iter()
            .filter_map(|(sender, room)| refuse(sender, room, refusal))
            .collect();
        self.shared.bus.publish_blocking(events);
    }

    /// The senders of the batch, which is being stored no more.
    fn settled(&self) -> Vec<(Sender, RoomId)> {
        std::mem::take(&mut self.shared.queue.lock().storing).senders
    }
}

/// A message that was stored, for everybody in its room.
fn deliver(message: Message, sender: Option<Sender>) -> Event {
    let packet = Arc::new(SharedPacket::new(message_receive(&message)));
    let room = message.room_id;
    let asker = match sender {
        Some(Sender::Session(asker, _)) => Some(asker),
        Some(Sender::Caller(reply)) => {
            let _ = reply.send(Ok(message));
            None
        }
        None => None,
    };
    Event::InRoom {
        room,
        asker,
        packet,
    }
}

/// A message that was stored before, for who sent it again. A caller is told at once.
fn answer(message: Message, sender: Sender) -> Option<Event> {
    match sender {
        Sender::Session(asker, _) => Some(Event::Answer {
            asker,
            packet: Arc::new(SharedPacket::new(message_receive(&message))),
        }),
        Sender::Caller(reply) => {
            let _ = reply.send(Ok(message));
            None
        }
    }
}

/// What to do after a failed attempt.
enum Next {
    TryAgain,
    GiveUp(Refusal),
}

/// Why a message was not stored.
enum Refusal {
    NotAMember,
    ReadOnly,
    ReplyToUnknown,
    Unavailable,
    InDoubt,
    Internal(String),
}

fn tell(sender: Option<Sender>, room: RoomId, refusal: &Refusal) -> Option<Event> {
    refuse(sender?, room, refusal)
}

/// Tells a caller at once; what a session is told goes over the bus.
fn refuse(sender: Sender, room: RoomId, refusal: &Refusal) -> Option<Event> {
    match sender {
        Sender::Caller(reply) => {
            let _ = reply.send(Err(refusal.for_caller()));
            None
        }
        Sender::Session(asker, _) => Some(match refusal.for_session(room) {
            Some(error) => Event::Answer {
                asker,
                packet: Arc::new(SharedPacket::new(error)),
            },
            None => Event::CutOff {
                session: asker.session,
            },
        }),
    }
}

impl Refusal {
    fn for_caller(&self) -> SubmitError {
        match self {
            Self::NotAMember => SubmitError::NotAMember,
            Self::ReadOnly => SubmitError::ReadOnly,
            Self::ReplyToUnknown => SubmitError::ReplyToUnknown,
            Self::Unavailable | Self::Internal(_) => SubmitError::Unavailable,
            Self::InDoubt => SubmitError::InDoubt,
        }
    }

    /// The packet to send; `None` where the connection must end.
    fn for_session(&self, room: RoomId) -> Option<server::Error> {
        let request = MessageSend::NAME;
        let room = room.uuid();
        match self {
            Self::NotAMember => Some(server::Error::not_a_member(request, room)),
            Self::ReadOnly => Some(server::Error::read_only_room(request, room)),
            Self::ReplyToUnknown => Some(server::Error::not_found(request, room)),
            Self::Unavailable => Some(unavailable(room)),
            Self::Internal(reference) => {
                Some(server::Error::internal(request, reference).in_room(room))
            }
            Self::InDoubt => None,
        }
    }
}

/// The answer to a message that could not be stored now.
pub(crate) fn unavailable(room: uuid::Uuid) -> server::Error {
    server::Error::unavailable(MessageSend::NAME, Some(RETRY_HINT)).in_room(room)
}
