//! Read marks: stores how far people have read, a batch at a time, and publishes the marks that moved.
//!
//! Clients that scroll send many marks a second. A mark that comes alone is stored at once; those
//! that come while it is, and for a moment after, gather, the furthest of each member counts, and all
//! of them cost one statement. A submitter hears the outcome once its mark is committed.
//!
//! The sender of a message has read up to it. Such a mark is stored silently: the message itself says it.
//! It also counts the room towards the sender's limit of rooms.

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    io,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use abu_domain::{RoomId, UserId};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    Context,
    messaging::{
        events::Event,
        ports::{Answer, EventBus, NotedRead, Publication, ReadMark, ReadState},
        submission::{QueueFull, Receipt, Refusal, SubmitError, Submitted},
    },
    platform::{
        error_chain::log_failure,
        ports::{Ids, StoreError},
    },
    store::Store,
};

/// For how long marks gather after some were stored.
const INTERVAL: Duration = Duration::from_millis(250);
/// How many marks one statement stores.
const BATCH: usize = 1_000;
/// How many members' marks may wait; one more is refused as unavailable.
const QUEUE: usize = 32_768;
/// How many may wait for the answer to one member's mark.
const MOST_WAITING: usize = 64;

/// The submitter of a mark.
enum Reader {
    /// A connection: it hears the outcome at its place in the order of events.
    Connection(Receipt),
    /// A use case: it hears the outcome at once.
    Caller(oneshot::Sender<Result<ReadState, SubmitError>>),
}

/// The marks that wait, and the thread that stores them.
pub struct ReadMarks {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    marks: Mutex<Marks>,
    changed: Condvar,
    store_timeout: Duration,
    store: Arc<dyn Store>,
    bus: Arc<dyn EventBus>,
    ids: Arc<dyn Ids>,
}

#[derive(Default)]
struct Marks {
    waiting: BTreeMap<(UserId, RoomId), Wanted>,
    /// When the first of those that wait was noted.
    waiting_since: Option<Instant>,
    /// The readers of each of the marks that are being stored; taken out when they are refused.
    storing: VecDeque<Vec<Reader>>,
    /// Where the marks that are being stored are to go.
    storing_places: BTreeMap<(UserId, RoomId), i64>,
    storing_since: Option<Instant>,
    /// The thread sleeps until there is a mark. While it rests it is woken for none.
    is_awaited: bool,
    stopping: bool,
}

/// Where a member's mark is to go.
struct Wanted {
    mark: ReadMark,
    /// None where the mark is silent.
    readers: Vec<Reader>,
}

impl ReadMarks {
    pub(super) fn start(context: &Context, store_timeout: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            marks: Mutex::default(),
            changed: Condvar::new(),
            store_timeout,
            store: Arc::clone(context.database.store()),
            bus: Arc::clone(&context.events),
            ids: Arc::clone(&context.ids),
        });
        let storing = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("read-marks".into())
            .spawn(move || storing.run())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Takes the mark of a use case.
    pub fn submit(&self, mark: ReadMark) -> Submitted<ReadState> {
        let (reply, answer) = oneshot::channel();
        let noted = self.note(mark, Reader::Caller(reply));
        Box::pin(async move {
            noted.map_err(|_full| SubmitError::Unavailable)?;
            answer.await.unwrap_or(Err(SubmitError::InDoubt))
        })
    }

    /// Takes the mark of a connection, which hears the outcome over the bus.
    ///
    /// # Errors
    /// Where too much waits already; the bus hands the receipt back no more then.
    pub fn submit_for(&self, receipt: Receipt, mark: ReadMark) -> Result<(), QueueFull> {
        match self.note(mark, Reader::Connection(receipt)) {
            Err(Reader::Connection(receipt)) => Err(QueueFull(receipt)),
            _ => Ok(()),
        }
    }

    fn note(&self, mark: ReadMark, reader: Reader) -> Result<(), Reader> {
        let mut marks = self.shared.marks.lock();
        match marks.wanted(mark) {
            Some(wanted) if wanted.readers.len() < MOST_WAITING => {
                wanted.mark.seq = wanted.mark.seq.max(mark.seq);
                wanted.readers.push(reader);
            }
            _ => return Err(reader),
        }
        self.shared.wake(marks);
        Ok(())
    }

    /// Takes the mark of the sender of a message. Where too much waits it is not stored: the next one will be.
    pub(super) fn note_silently(&self, mark: ReadMark) {
        let mut marks = self.shared.marks.lock();
        if let Some(wanted) = marks.wanted(mark) {
            wanted.mark.seq = wanted.mark.seq.max(mark.seq);
            wanted.mark.wrote |= mark.wrote;
            self.shared.wake(marks);
        }
    }

    /// The user's marks that may not be stored yet. A query that begins later sees all others.
    pub(super) fn noted(&self, user: UserId) -> Vec<NotedRead> {
        self.shared.marks.lock().noted(user)
    }

    /// Refuses what waited too long; returns what to publish.
    pub(super) fn expire(&self, now: Instant) -> Vec<Publication> {
        self.shared.expire(now)
    }

    /// Stores what is left, once, and ends the thread.
    pub(super) fn stop(&self) {
        self.shared.stop();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

/// Ends the thread without waiting for it.
impl Drop for ReadMarks {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl Marks {
    fn noted(&self, user: UserId) -> Vec<NotedRead> {
        let first = RoomId::new(Uuid::nil());
        let own = (user, first)..=(user, RoomId::new(Uuid::max()));
        let storing = self.storing_places.range(own.clone());
        let storing = storing.map(|((_, room), seq)| (*room, *seq));
        let waiting = self.waiting.range(own);
        let waiting = waiting.map(|((_, room), wanted)| (*room, wanted.mark.seq));
        // The furthest of a room counts.
        let mut noted: BTreeMap<RoomId, i64> = storing.collect();
        for (room, seq) in waiting {
            let place = noted.entry(room).or_insert(seq);
            *place = (*place).max(seq);
        }
        noted.into_iter().collect()
    }

    /// Where the member's mark is to go so far; `None` where there is no room for it.
    fn wanted(&mut self, mark: ReadMark) -> Option<&mut Wanted> {
        let is_full = self.stopping || self.waiting.len() >= QUEUE;
        match self.waiting.entry((mark.user_id, mark.room_id)) {
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
    fn stop(&self) {
        self.marks.lock().stopping = true;
        self.changed.notify_one();
    }

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
            self.marks.lock().storing_places.clear();
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
            let key = (mark.user_id, mark.room_id);
            marks.storing_places.insert(key, mark.seq);
            taken.push(mark);
            marks.storing.push_back(readers);
        }
        marks.storing_since = marks.waiting_since.take();
        Some(taken)
    }

    fn store(&self, batch: &[ReadMark]) {
        let result = self.store.transaction(|tx| tx.mark_read(batch));
        let mut marks = self.marks.lock();
        // None are left where they were refused meanwhile.
        let count = batch.len().min(marks.storing.len());
        let readers: Vec<_> = marks.storing.drain(..count).collect();
        drop(marks);
        let publications = match result {
            Ok(states) => answer(batch, states, readers),
            Err(error) => refuse_all(readers, &self.refusal(&error)),
        };
        self.bus.publish_batch(publications);
    }

    fn expire(&self, now: Instant) -> Vec<Publication> {
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
            lost.extend(wanted.map(|wanted| wanted.readers));
        }
        drop(marks);
        // What is stored after all stays where it is when it is sent again.
        refuse_all(lost, &SubmitError::Unavailable.into())
    }

    fn refusal(&self, error: &StoreError) -> Refusal {
        if error.is_transient() {
            log_failure("storing read marks", error);
            return SubmitError::Unavailable.into();
        }
        let reference = self.ids.random().to_string();
        log::error!(
            reference = reference.as_str();
            "read marks could not be stored: {error}: {:?}",
            std::error::Error::source(error)
        );
        Refusal::Internal { reference }
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

fn answer(
    batch: &[ReadMark],
    states: Vec<Option<ReadState>>,
    readers: Vec<Vec<Reader>>,
) -> Vec<Publication> {
    let mut readers = readers.into_iter();
    let mut publications = Vec::new();
    for (mark, state) in batch.iter().zip(states) {
        let readers = readers.next().unwrap_or_default();
        match state {
            Some(state) => publications.extend(outcome(*mark, state, readers)),
            None => publications.extend(refuse(readers, &SubmitError::NotAMember.into())),
        }
    }
    publications
}

/// A mark that moved is an event, unless it is silent. Its first reader's receipt goes beside the event; the
/// others are answered after it.
fn outcome(mark: ReadMark, state: ReadState, readers: Vec<Reader>) -> Vec<Publication> {
    let is_silent = readers.is_empty();
    let (room, user, last_read_seq) = (mark.room_id, mark.user_id, state.last_read_seq);
    let mut receipts = receipts(readers, Ok(state));
    let mut publications = Vec::new();
    if state.moved && !is_silent {
        publications.push(Publication::Event {
            event: Event::ReadMarkMoved {
                room,
                user,
                last_read_seq,
                member_count: state.member_count,
            },
            receipt: receipts.next(),
        });
    }
    publications.extend(receipts.map(|receipt| Publication::Answer {
        answer: Answer::ReadMark {
            room,
            user,
            last_read_seq,
            moved: state.moved,
        },
        receipt,
    }));
    publications
}

fn refuse_all(readers: Vec<Vec<Reader>>, refusal: &Refusal) -> Vec<Publication> {
    readers
        .into_iter()
        .flat_map(|readers| refuse(readers, refusal))
        .collect()
}

fn refuse(readers: Vec<Reader>, refusal: &Refusal) -> impl Iterator<Item = Publication> {
    receipts(readers, Err(refusal.error())).map(|receipt| Publication::Answer {
        answer: Answer::Refused(refusal.clone()),
        receipt,
    })
}

/// The receipts of the connections among the readers; the use cases hear the outcome at once.
fn receipts(
    readers: Vec<Reader>,
    outcome: Result<ReadState, SubmitError>,
) -> impl Iterator<Item = Receipt> {
    readers.into_iter().filter_map(move |reader| match reader {
        Reader::Connection(receipt) => Some(receipt),
        Reader::Caller(reply) => {
            let _ = reply.send(outcome);
            None
        }
    })
}
