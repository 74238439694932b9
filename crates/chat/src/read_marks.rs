//! Stores how far people have read, a batch at a time, and tells their rooms.
//!
//! People who scroll say so many times a second. A mark that comes alone is stored at once; those
//! that come while it is, and for a moment after, gather, the furthest of each member counts, and all
//! of them cost one statement. Whoever waits for an answer gets it once their mark is committed.
//!
//! Whoever says something has read up to there. Such a mark is noted without a word to anybody: the
//! message itself tells it.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_application::ports::{Ids, ReadMark, ReadState, Store, StoreError, SubmitError};
use abu_chat_protocol::{
    client,
    server::{self, ReadNotify},
};
use abu_domain::{RoomId, UserId};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::{
    bus::{Event, LocalBus, Requester},
    directory::log_failure,
    frame::SharedPacket,
};

/// For how long marks gather after some were stored.
const INTERVAL: Duration = Duration::from_millis(250);
/// How many marks one statement stores.
const BATCH: usize = 1_000;
/// How many members' marks may wait; one more is answered `unavailable`.
const QUEUE: usize = 32_768;
/// In a room of more members than this, nobody but the member is told how far they have read: where
/// thousands read one message, that would be millions of packets which nobody can show.
const TOLD_TO_ALL: i32 = 200;
/// How many may wait for the answer to one member's mark.
const MOST_WAITING: usize = 64;

/// Who waits for a mark to be stored.
pub(crate) enum Reader {
    /// A session: it is told where its user's mark stands.
    Session(Requester),
    /// A use case.
    Caller(oneshot::Sender<Result<ReadState, SubmitError>>),
}

/// Too much waits already; this is who was not let in.
pub(crate) struct TooManyMarks(pub(crate) Reader);

/// The marks that wait, and the thread that stores them.
pub(crate) struct ReadMarks {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    marks: Mutex<Marks>,
    changed: Condvar,
    store_timeout: Duration,
    store: Arc<dyn Store>,
    bus: Arc<LocalBus>,
    ids: Arc<dyn Ids>,
}

#[derive(Default)]
struct Marks {
    waiting: HashMap<(RoomId, UserId), Wanted>,
    /// When the first of those that wait was noted.
    waiting_since: Option<Instant>,
    /// Who waits for each of the marks that are being stored; taken out when they are told to wait no
    /// more.
    storing: VecDeque<(RoomId, Vec<Reader>)>,
    storing_since: Option<Instant>,
    /// The thread sleeps until there is a mark. While it rests it is woken for none.
    is_awaited: bool,
    stopping: bool,
}

/// Where a member's mark is to go.
struct Wanted {
    mark: ReadMark,
    /// None where the mark goes without saying.
    readers: Vec<Reader>,
}

impl ReadMarks {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        bus: Arc<LocalBus>,
        ids: Arc<dyn Ids>,
        store_timeout: Duration,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            marks: Mutex::default(),
            changed: Condvar::new(),
            store_timeout,
            store,
            bus,
            ids,
        });
        let storing = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("chat-read-marks".into())
            .spawn(move || storing.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Takes a mark; `reader` hears what became of it.
    ///
    /// # Errors
    /// Where too much waits already; the reader is told nothing then.
    pub(crate) fn note(&self, mark: ReadMark, reader: Reader) -> Result<(), TooManyMarks> {
        let mut marks = self.shared.marks.lock();
        match marks.wanted(mark) {
            Some(wanted) if wanted.readers.len() < MOST_WAITING => {
                wanted.mark.seq = wanted.mark.seq.max(mark.seq);
                wanted.readers.push(reader);
            }
            _ => return Err(TooManyMarks(reader)),
        }
        self.shared.wake(marks);
        Ok(())
    }

    /// Takes the mark of somebody who said something. Where too much waits it is not stored: the
    /// next one will be.
    pub(crate) fn note_silently(&self, mark: ReadMark) {
        let mut marks = self.shared.marks.lock();
        if let Some(wanted) = marks.wanted(mark) {
            wanted.mark.seq = wanted.mark.seq.max(mark.seq);
            self.shared.wake(marks);
        }
    }

    /// Tells those who waited too long. Called now and then by the workers: the own thread may be stuck
    /// in a database that does not answer. Returns what to publish.
    pub(crate) fn expire(&self, now: Instant) -> Vec<Event> {
        self.shared.expire(now)
    }

    /// Stores what is left, once, and ends the thread.
    pub(crate) fn stop(&self) {
        self.shared.marks.lock().stopping = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Marks {
    /// Where the member's mark is to go so far; `None` where there is no room for it.
    fn wanted(&mut self, mark: ReadMark) -> Option<&mut Wanted> {
        let is_full = self.stopping || self.waiting.len() >= QUEUE;
        match self.waiting.entry((mark.room_id, mark.user_id)) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(_) if is_full => None,
            Entry::Vacant(entry) => {
                self.waiting_since.get_or_insert_with(Instant::now);
                Some(entry.insert(Wanted {
                    mark,
                    readers: Vec::new(),
                }))
            }
        }
    }
}

impl Shared {
    /// Wakes the thread, if it sleeps until there is a mark.
    fn wake(&self, mut marks: MutexGuard<'_, Marks>) {
        let is_awaited = std::mem::take(&mut marks.is_awaited);
        drop(marks);
        if is_awaited {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        while let Some(marks) = self.next() {
            for batch in marks.chunks(BATCH) {
                self.store(batch);
            }
            self.rest();
        }
    }

    /// Waits for marks and takes them; `None` once this is stopped and none is left.
    fn next(&self) -> Option<Vec<ReadMark>> {
        let mut marks = self.marks.lock();
        while marks.waiting.is_empty() {
            if marks.stopping {
                return None;
            }
            marks.is_awaited = true;
            self.changed.wait(&mut marks);
        }
        marks.is_awaited = false;
        let mut taken = Vec::with_capacity(marks.waiting.len());
        for Wanted { mark, readers } in std::mem::take(&mut marks.waiting).into_values() {
            taken.push(mark);
            marks.storing.push_back((mark.room_id, readers));
        }
        marks.storing_since = marks.waiting_since.take();
        Some(taken)
    }

    fn store(&self, batch: &[ReadMark]) {
        let result = self.store.transaction(|tx| tx.mark_read(batch));
        let mut marks = self.marks.lock();
        // None are left where they were told to wait no more.
        let count = batch.len().min(marks.storing.len());
        let readers: Vec<_> = marks.storing.drain(..count).collect();
        drop(marks);
        let events = match result {
            Ok(states) => answer(batch, states, readers),
            Err(error) => refuse_all(readers, &self.refusal(&error)),
        };
        self.bus.publish_blocking(events);
    }

    fn expire(&self, now: Instant) -> Vec<Event> {
        let is_over = |since: Option<Instant>| {
            since.is_some_and(|since| now.saturating_duration_since(since) >= self.store_timeout)
        };
        let mut marks = self.marks.lock();
        let mut lost = Vec::new();
        if is_over(marks.storing_since) {
            marks.storing_since = None;
            lost.extend(std::mem::take(&mut marks.storing));
        }
        if is_over(marks.waiting_since) {
            marks.waiting_since = None;
            let wanted = std::mem::take(&mut marks.waiting).into_values();
            lost.extend(wanted.map(|wanted| (wanted.mark.room_id, wanted.readers)));
        }
        drop(marks);
        // What is stored after all stays where it is when it is sent again.
        refuse_all(lost, &Refusal::Unavailable)
    }

    fn refusal(&self, error: &StoreError) -> Refusal {
        match error {
            StoreError::Unavailable(_) | StoreError::CommitInDoubt(_) => {
                log_failure("storing read marks", error);
                Refusal::Unavailable
            }
            _ => {
                let reference = self.ids.random().to_string();
                log_failure(
                    &format!("storing read marks (reference {reference})"),
                    error,
                );
                Refusal::Internal(reference)
            }
        }
    }

    /// Lets marks gather.
    fn rest(&self) {
        let deadline = Instant::now() + INTERVAL;
        let mut marks = self.marks.lock();
        while !marks.stopping {
            if self.changed.wait_until(&mut marks, deadline).timed_out() {
                return;
            }
        }
    }
}

/// Why a mark was not stored.
enum Refusal {
    NotAMember,
    Unavailable,
    Internal(String),
}

fn answer(
    batch: &[ReadMark],
    states: Vec<Option<ReadState>>,
    readers: Vec<(RoomId, Vec<Reader>)>,
) -> Vec<Event> {
    let mut readers = readers.into_iter().map(|(_, readers)| readers);
    let mut events = Vec::new();
    for (mark, state) in batch.iter().zip(states) {
        let readers = readers.next().unwrap_or_default();
        match state {
            Some(state) => events.extend(tell(*mark, state, readers)),
            None => events.extend(refuse(mark.room_id, readers, &Refusal::NotAMember)),
        }
    }
    events
}

/// A mark that moved is told to the whole room, or where that is large to the user's own sessions, unless
/// nobody asked for it; where it did not, those who asked alone hear where it stands.
fn tell(mark: ReadMark, state: ReadState, readers: Vec<Reader>) -> Vec<Event> {
    let says_so = !readers.is_empty();
    let packet = Arc::new(SharedPacket::new(ReadNotify::new(
        mark.room_id.uuid(),
        mark.user_id.uuid(),
        state.last_read_seq.unsigned_abs(),
    )));
    let mut askers = askers(readers, |reply| {
        let _ = reply.send(Ok(state));
    });
    let mut events = Vec::new();
    if state.moved && says_so {
        let (requester, packet) = (askers.next(), Arc::clone(&packet));
        events.push(if state.member_count > TOLD_TO_ALL {
            Event::ToUser {
                user: mark.user_id,
                requester,
                packet,
            }
        } else {
            Event::InRoom {
                room: mark.room_id,
                requester,
                packet,
            }
        });
    }
    // Another session of the user's has that packet already; its request is still to be answered.
    let still_waiting = askers.filter(|requester| !state.moved || requester.request_ref.is_some());
    events.extend(still_waiting.map(|requester| Event::Answer {
        requester,
        packet: Arc::clone(&packet),
    }));
    events
}

fn refuse_all(readers: Vec<(RoomId, Vec<Reader>)>, refusal: &Refusal) -> Vec<Event> {
    readers
        .into_iter()
        .flat_map(|(room, readers)| refuse(room, readers, refusal))
        .collect()
}

fn refuse(room: RoomId, readers: Vec<Reader>, refusal: &Refusal) -> Vec<Event> {
    let packet = Arc::new(SharedPacket::new(refusal.for_session(room)));
    let askers = askers(readers, |reply| {
        let _ = reply.send(Err(refusal.for_caller()));
    });
    askers
        .map(|requester| Event::Answer {
            requester,
            packet: Arc::clone(&packet),
        })
        .collect()
}

/// The sessions that wait; callers are told at once.
fn askers(
    readers: Vec<Reader>,
    tell_caller: impl Fn(oneshot::Sender<Result<ReadState, SubmitError>>),
) -> impl Iterator<Item = Requester> {
    readers.into_iter().filter_map(move |reader| match reader {
        Reader::Session(requester) => Some(requester),
        Reader::Caller(reply) => {
            tell_caller(reply);
            None
        }
    })
}

impl Refusal {
    fn for_caller(&self) -> SubmitError {
        match self {
            Self::NotAMember => SubmitError::NotAMember,
            Self::Unavailable | Self::Internal(_) => SubmitError::Unavailable,
        }
    }

    fn for_session(&self, room: RoomId) -> server::Error {
        let request = client::ReadMark::NAME;
        let room = room.uuid();
        match self {
            Self::NotAMember => server::Error::not_a_member(request, room),
            Self::Unavailable => unavailable(room),
            Self::Internal(reference) => server::Error::internal(request, reference).in_room(room),
        }
    }
}

/// The answer to a mark that could not be stored now.
pub(crate) fn unavailable(room: uuid::Uuid) -> server::Error {
    server::Error::unavailable(client::ReadMark::NAME, None).in_room(room)
}
