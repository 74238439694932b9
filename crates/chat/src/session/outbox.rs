//! Bounded write queue of one socket, in bytes.
//!
//! A sender pushes a whole frame and never waits. Only the connection's own task, which polls the
//! [`OutboxBody`], waits for the socket. It writes all queued frames at once.
//!
//! What was pushed counts until the kernel has taken it: the HTTP layer's write buffer, whose level the body
//! cannot see, counts as full at all times. Answers do not count: the session reads no further request while
//! one waits. States that are coalesced do not count either: there is one for each user, and for each user in a
//! room, and their frames are shared. So a session that reads nothing holds the bound, one answer and these.

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    os::fd::RawFd,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use abu_chat_protocol::CloseCode;
use abu_domain::{RoomId, UserId};
use actix_http::ws::OpCode;
use actix_web::body::{BodySize, MessageBody};
use bytes::{Bytes, BytesMut};
use indexmap::IndexMap;
use nix::sys::socket::{Shutdown, shutdown};

use super::Traffic;
use crate::{
    backpressure::{Backpressure, Share},
    counters,
    frame::close_frame,
};

/// The most bytes handed to the connection at a time: small frames together, a large one in pieces.
const MAX_CHUNK: usize = 8 * 1024;

/// The write buffer that the HTTP server is to have: a session with a slow client holds it beside its outbox, so
/// it is small. The server asks for the next chunk while it holds less.
pub const HTTP_WRITE_BUFFER: usize = 8 * 1024;

/// What the HTTP layer may hold of a connection.
pub(crate) const WRITE_BUFFER: usize = HTTP_WRITE_BUFFER + MAX_CHUNK;

/// A session is busy while each write carries so many frames. At 12 ms of gathering, that takes some
/// 300 messages a second, more than a user reads.
const MANY_FRAMES: usize = 4;

/// An outbox counts as loaded when more than this part of what it may hold waits: a reader that keeps up
/// is far from it, and there is room for what is on its way to it.
const LOADED: usize = 4;

/// How a frame counts in the outbox of a slow reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// A message, or a change that the client cannot do without. It alone can fill an outbox.
    Firm,
    /// An answer to the session alone, for which reading waits.
    Answer,
    /// Of use at once or not at all: a loaded outbox drops it.
    Droppable,
    /// Only the last state counts: a loaded outbox keeps one frame for each.
    State(StateKey),
}

/// What a state frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StateKey {
    Presence(UserId),
    ReadMark(RoomId, UserId),
}

/// The sending side of a session. Clones share one queue.
#[derive(Clone)]
pub(crate) struct Outbox(Rc<RefCell<Queue>>);

struct Queue {
    frames: VecDeque<Queued>,
    /// The bytes in `frames`, and those of answers among them.
    bytes: usize,
    answer_bytes: usize,
    /// A part of the first frame is written; the rest must follow.
    is_first_begun: bool,
    /// States that came while the outbox was loaded. They follow `frames`.
    states: IndexMap<StateKey, Bytes>,
    max_bytes: usize,
    share: Share,
    phase: Phase,
    close_code: Option<CloseCode>,
    traffic: Traffic,
    body: Option<Waker>,
    /// Reads the session's requests, once no answer waits.
    reader: Option<Waker>,
    /// Something was written while an answer waited.
    has_progressed: bool,
    /// The worker wakes the body later; see [`Outbox::defer`].
    deferred: bool,
    /// The worker wakes the body much later; see [`Outbox::defer_lazily`].
    deferred_lazily: bool,
    /// How many frames went into the write that goes on, and into the one before it.
    writing: usize,
    written: usize,
    /// The socket, for as long as the body lives: the connection's task owns both.
    socket: Option<RawFd>,
}

struct Queued {
    frame: Bytes,
    is_answer: bool,
    is_packet: bool,
}

impl Queued {
    fn new(frame: Bytes, is_answer: bool) -> Self {
        Self {
            is_packet: is_packet(&frame),
            frame,
            is_answer,
        }
    }
}

/// A text frame, whose opcode is in its first byte (RFC 6455, 5.2).
fn is_packet(frame: &[u8]) -> bool {
    frame
        .first()
        .is_some_and(|first| first & 0x0F == u8::from(OpCode::Text))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// A close frame is the last in the queue.
    Closing,
    /// The connection ends once the queue is written.
    Finished,
}

/// The queue was full: the reader is too slow, and its session is being closed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

impl Outbox {
    /// It holds `max_bytes`, which leave the HTTP layer's [`WRITE_BUFFER`] out.
    pub(crate) fn new(
        max_bytes: usize,
        socket: Option<RawFd>,
        backpressure: &Arc<Backpressure>,
    ) -> Self {
        Self(Rc::new(RefCell::new(Queue {
            frames: VecDeque::new(),
            bytes: 0,
            answer_bytes: 0,
            is_first_begun: false,
            states: IndexMap::new(),
            max_bytes,
            share: Share::of(backpressure),
            phase: Phase::Open,
            close_code: None,
            traffic: Traffic::default(),
            body: None,
            reader: None,
            has_progressed: false,
            deferred: false,
            deferred_lazily: false,
            writing: 0,
            written: 0,
            socket,
        })))
    }

    /// Queues a frame, and has it written at once. One frame may go over the bound; the next finds the queue
    /// full.
    ///
    /// # Errors
    /// Where the queue is full. It holds nothing but a close frame then.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), TooSlow> {
        self.queue(frame, Delivery::Firm)?;
        self.flush();
        Ok(())
    }

    /// Queues an answer to the session, and has it written at once.
    pub(crate) fn answer(&self, frame: Bytes) {
        // Only firm frames find the queue full.
        let _ = self.queue(frame, Delivery::Answer);
        self.flush();
    }

    /// Has what waits written.
    pub(crate) fn flush(&self) {
        let mut queue = self.0.borrow_mut();
        queue.deferred = false;
        queue.deferred_lazily = false;
        queue.wake_body();
    }

    /// Promises a later [`flush`](Self::flush); false where another caller has promised it already.
    pub(crate) fn defer(&self) -> bool {
        !std::mem::replace(&mut self.0.borrow_mut().deferred, true)
    }

    /// The same for a much later one.
    pub(crate) fn defer_lazily(&self) -> bool {
        !std::mem::replace(&mut self.0.borrow_mut().deferred_lazily, true)
    }

    /// Whether a lazy [`flush`](Self::flush) is still to come: none has come since it was promised.
    pub(crate) fn is_deferred_lazily(&self) -> bool {
        self.0.borrow().deferred_lazily
    }

    /// Whether the last write carried so many frames that to write less often, and more at a time, pays.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.borrow().written >= MANY_FRAMES
    }

    /// Queues a frame, to be written with the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// As for [`push`](Self::push), for a firm frame.
    pub(crate) fn queue(&self, frame: Bytes, delivery: Delivery) -> Result<(), TooSlow> {
        let mut queue = self.0.borrow_mut();
        if queue.phase != Phase::Open {
            return Ok(());
        }
        match delivery {
            Delivery::Firm if queue.bytes - queue.answer_bytes >= queue.max_bytes => {
                queue.clear();
                queue.close(CloseCode::SlowConsumer);
                return Err(TooSlow);
            }
            Delivery::Droppable if queue.is_loaded() => {}
            Delivery::State(key) if queue.is_loaded() || !queue.states.is_empty() => {
                queue.states.insert(key, frame);
            }
            Delivery::Firm | Delivery::Droppable | Delivery::State(_) => {
                queue.append(Queued::new(frame, false));
            }
            Delivery::Answer => queue.append(Queued::new(frame, true)),
        }
        Ok(())
    }

    /// Whether answers wait. `reader` is woken when none does.
    pub(crate) fn holds_answers(&self, reader: &Waker) -> bool {
        let mut queue = self.0.borrow_mut();
        let holds = queue.phase == Phase::Open && queue.answer_bytes > 0;
        if holds {
            queue.reader = Some(reader.clone());
        }
        holds
    }

    /// Whether the client took some of what waits since the last call. It is a sign of life while answers keep
    /// the session from reading others.
    pub(crate) fn take_progress(&self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().has_progressed)
    }

    /// Drops a state that waits: an answer with a newer one goes before it.
    pub(crate) fn forget_state(&self, key: &StateKey) {
        self.0.borrow_mut().states.swap_remove(key);
    }

    pub(crate) fn count_bytes_in(&self, bytes: usize) {
        self.0.borrow_mut().traffic.bytes_in += bytes as u64;
    }

    pub(crate) fn count_packet_in(&self) {
        self.0.borrow_mut().traffic.packets_in += 1;
    }

    /// What was received, and what the connection has taken of the rest.
    pub(crate) fn traffic(&self) -> Traffic {
        self.0.borrow().traffic
    }

    /// The code of the close frame; none where the connection broke.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        self.0.borrow().close_code
    }

    /// Ends the session: what waits is still sent, then the close frame, and nothing after it.
    pub(crate) fn close(&self, code: CloseCode) {
        self.0.borrow_mut().close(code);
    }

    /// Ends the connection once everything is written.
    pub(crate) fn finish(&self) {
        let mut queue = self.0.borrow_mut();
        queue.phase = Phase::Finished;
        queue.wake_body();
    }

    /// Ends the connection once everything is written, without a look at what else is sent. The HTTP
    /// layer would otherwise keep it for a second after the last byte, and read on.
    pub(crate) fn hang_up(&self) {
        self.finish();
        self.shut_down(Shutdown::Read);
    }

    /// Ends the connection now, whatever is not written yet. A reader that never reads would
    /// otherwise hold its connection for ever.
    pub(crate) fn cut(&self) {
        self.finish();
        self.shut_down(Shutdown::Both);
    }

    fn shut_down(&self, side: Shutdown) {
        if let Some(socket) = self.0.borrow().socket {
            // Fails only where the peer was faster.
            let _ = shutdown(socket, side);
        }
    }

    /// A close frame was queued.
    pub(crate) fn is_closing(&self) -> bool {
        self.0.borrow().phase != Phase::Open
    }

    pub(crate) fn body(&self) -> OutboxBody {
        OutboxBody(self.clone())
    }
}

impl Queue {
    fn append(&mut self, queued: Queued) {
        let bytes = queued.frame.len();
        if queued.is_answer {
            self.answer_bytes += bytes;
        }
        self.hold(self.bytes + bytes);
        self.frames.push_back(queued);
    }

    /// Drops what waits, but for the rest of a frame that is partly written.
    fn clear(&mut self) {
        let begun = self.frames.pop_front().filter(|_| self.is_first_begun);
        self.frames = VecDeque::new();
        self.states = IndexMap::new();
        self.answer_bytes = 0;
        self.hold(0);
        if let Some(begun) = begun {
            self.append(Queued {
                is_answer: false,
                ..begun
            });
        }
        self.wake_reader();
    }

    fn hold(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.share.set_loaded(self.is_loaded());
    }

    fn is_loaded(&self) -> bool {
        self.bytes > self.max_bytes / LOADED
    }

    fn close(&mut self, code: CloseCode) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.close_code = Some(code);
            counters::closed(code).increment(1);
            // They would follow the close frame.
            self.states = IndexMap::new();
            self.append(Queued::new(close_frame(code), false));
            self.wake_body();
            self.wake_reader();
        }
    }

    /// The frames that wait, as many as make a chunk: each chunk costs a way through the layers of
    /// the server, which for small frames is dearer than copying them together.
    fn take_chunk(&mut self) -> Option<Bytes> {
        self.has_progressed |= self.answer_bytes > 0;
        let waiting = self.frames.len();
        let Some(first) = self.take_first() else {
            return self.take_states();
        };
        let chunk = match self.frames.front() {
            Some(second) if first.len() + second.frame.len() <= MAX_CHUNK => {
                self.chunk_from(&first)
            }
            _ => first,
        };
        self.writing += waiting - self.frames.len();
        if self.frames.is_empty() {
            // An idle connection keeps no buffer from its busiest moment.
            self.frames.shrink_to(4);
        }
        Some(chunk)
    }

    /// The first frame, or the next piece of a large one.
    fn take_first(&mut self) -> Option<Bytes> {
        let first = self.frames.front_mut()?;
        let piece = first.frame.split_to(first.frame.len().min(MAX_CHUNK));
        let is_answer = first.is_answer;
        self.is_first_begun = !first.frame.is_empty();
        if !self.is_first_begun {
            self.traffic.packets_out += u64::from(first.is_packet);
            self.frames.pop_front();
        }
        self.note_taken(piece.len(), is_answer);
        Some(piece)
    }

    fn chunk_from(&mut self, first: &Bytes) -> Bytes {
        let mut chunk = BytesMut::with_capacity((first.len() + self.bytes).min(MAX_CHUNK));
        chunk.extend_from_slice(first);
        while let Some(next) = self
            .frames
            .pop_front_if(|next| chunk.len() + next.frame.len() <= MAX_CHUNK)
        {
            chunk.extend_from_slice(&next.frame);
            self.traffic.packets_out += u64::from(next.is_packet);
            self.note_taken(next.frame.len(), next.is_answer);
        }
        chunk.freeze()
    }

    /// The states that came late, as many as make a chunk.
    fn take_states(&mut self) -> Option<Bytes> {
        let (_, first) = self.states.pop()?;
        let mut chunk = BytesMut::from(&first[..]);
        self.writing += 1;
        self.traffic.packets_out += 1;
        while let Some((_, next)) = self.states.pop() {
            chunk.extend_from_slice(&next);
            self.writing += 1;
            self.traffic.packets_out += 1;
            if chunk.len() + next.len() > MAX_CHUNK {
                break;
            }
        }
        if self.states.is_empty() {
            self.states = IndexMap::new();
        }
        self.traffic.bytes_out += chunk.len() as u64;
        Some(chunk.freeze())
    }

    fn note_taken(&mut self, bytes: usize, is_answer: bool) {
        self.traffic.bytes_out += bytes as u64;
        self.hold(self.bytes - bytes);
        if is_answer {
            self.answer_bytes -= bytes;
            if self.answer_bytes == 0 {
                self.wake_reader();
            }
        }
    }

    /// Notes that nothing more goes into this write.
    fn end_write(&mut self) {
        if self.writing > 0 {
            self.written = std::mem::take(&mut self.writing);
        }
    }

    fn wake_body(&mut self) {
        if let Some(waker) = self.body.take() {
            waker.wake();
        }
    }

    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }
}

/// The body of the handshake's response: frames until the session ends.
pub(crate) struct OutboxBody(Outbox);

impl MessageBody for OutboxBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let mut queue = self.0.0.borrow_mut();
        if let Some(chunk) = queue.take_chunk() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        if queue.phase == Phase::Finished {
            return Poll::Ready(None);
        }
        queue.end_write();
        queue.body = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for OutboxBody {
    fn drop(&mut self) {
        let mut queue = self.0.0.borrow_mut();
        queue.socket = None;
        queue.phase = Phase::Finished;
        queue.is_first_begun = false;
        queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outbox(max_bytes: usize) -> Outbox {
        Outbox::new(max_bytes, None, &Arc::default())
    }

    /// Everything that is written, and whether the connection ends then.
    fn drain(outbox: &Outbox) -> (Vec<u8>, bool) {
        let mut body = std::pin::pin!(outbox.body());
        let mut cx = Context::from_waker(Waker::noop());
        let mut bytes = Vec::new();
        loop {
            match body.as_mut().poll_next(&mut cx) {
                Poll::Ready(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
                Poll::Ready(None) => return (bytes, true),
                Poll::Pending => return (bytes, false),
            }
        }
    }

    fn frame(byte: u8) -> Bytes {
        Bytes::from(vec![byte; 10])
    }

    #[test]
    fn a_full_outbox_drops_what_waits_and_says_why() {
        let outbox = outbox(20);
        assert_eq!(outbox.push(frame(1)), Ok(()));
        assert_eq!(outbox.push(frame(2)), Ok(()));
        assert_eq!(outbox.push(frame(3)), Err(TooSlow));
        assert_eq!(outbox.push(frame(4)), Ok(()));
        let (frames, ended) = drain(&outbox);
        assert_eq!(frames, close_frame(CloseCode::SlowConsumer));
        assert!(!ended, "the client's own close frame is waited for");
    }

    #[test]
    fn all_frames_come_in_order_and_room_for_more_is_made_by_reading() {
        let outbox = outbox(60_000);
        for round in 0..3_u8 {
            let sent: Vec<Bytes> = (0..40)
                .map(|n| Bytes::from(vec![n ^ round; if n % 9 == 0 { 17_000 / 8 } else { 700 }]))
                .collect();
            for frame in &sent {
                assert_eq!(outbox.push(frame.clone()), Ok(()));
            }
            let mut read = Vec::new();
            while let Some(chunk) = outbox.0.borrow_mut().take_chunk() {
                read.extend_from_slice(&chunk);
            }
            assert_eq!(read, sent.concat());
            assert_eq!(outbox.0.borrow().bytes, 0);
        }
    }

    #[test]
    fn a_frame_larger_than_the_bound_goes_to_who_reads() {
        let outbox = outbox(5);
        assert_eq!(outbox.push(frame(1)), Ok(()));
        assert_eq!(drain(&outbox).0, frame(1));
    }

    #[test]
    fn what_was_queued_before_the_close_is_sent_and_nothing_after_it() {
        let outbox = outbox(100);
        let _ = outbox.push(frame(1));
        outbox.close(CloseCode::GoingAway);
        let _ = outbox.push(frame(2));
        outbox.close(CloseCode::Normal);
        outbox.finish();
        let (frames, ended) = drain(&outbox);
        assert_eq!(
            frames,
            [frame(1), close_frame(CloseCode::GoingAway)].concat()
        );
        assert!(ended);
    }

    #[test]
    fn packets_and_bytes_count_once_the_connection_has_taken_them() {
        let outbox = outbox(60_000);
        let packet = crate::frame::frame(OpCode::Text, &[b'x'; 3 * MAX_CHUNK]);
        let bytes = packet.len() as u64;
        outbox.push(packet).unwrap();
        outbox.answer(crate::frame::pong_frame(b""));
        assert_eq!(outbox.traffic(), Traffic::default());
        outbox.close(CloseCode::GoingAway);
        let (frames, _) = drain(&outbox);
        let traffic = outbox.traffic();
        assert_eq!(traffic.packets_out, 1);
        assert_eq!(traffic.bytes_out, frames.len() as u64);
        assert!(traffic.bytes_out > bytes);
        assert_eq!(outbox.close_code(), Some(CloseCode::GoingAway));
    }

    #[test]
    fn a_session_hears_much_while_its_writes_carry_many_frames() {
        let outbox = outbox(1_000);
        let mut body = std::pin::pin!(outbox.body());
        let mut write = |frames: usize| {
            for _ in 0..frames {
                outbox.queue(frame(1), Delivery::Firm).unwrap();
            }
            let mut cx = Context::from_waker(Waker::noop());
            while body.as_mut().poll_next(&mut cx).is_ready() {}
            outbox.is_busy()
        };
        assert!(!outbox.is_busy());
        assert!(!write(MANY_FRAMES - 1));
        assert!(write(MANY_FRAMES));
        assert!(write(0), "a write of nothing says nothing");
        assert!(!write(1));
    }

    #[test]
    fn answers_fill_no_outbox_and_hold_reading_up_until_they_are_taken() {
        let outbox = outbox(20);
        let reader = Waker::noop();
        assert!(!outbox.holds_answers(reader));
        for _ in 0..9 {
            outbox.answer(frame(1));
        }
        assert!(outbox.holds_answers(reader));
        assert_eq!(outbox.push(frame(2)), Ok(()));
        assert_eq!(outbox.push(frame(3)), Ok(()));
        assert_eq!(drain(&outbox).0.len(), 11 * 10);
        assert!(!outbox.holds_answers(reader));
        assert!(outbox.take_progress() && !outbox.take_progress());

        outbox.answer(frame(1));
        outbox.close(CloseCode::GoingAway);
        assert!(!outbox.holds_answers(reader), "the close is awaited");
    }

    #[test]
    fn a_large_frame_leaves_in_pieces_and_whole_even_where_the_outbox_fills() {
        let outbox = outbox(20);
        let large = Bytes::from_iter((0..5 * MAX_CHUNK + 1).map(|n| n as u8));
        outbox.answer(large.clone());
        let first = outbox.0.borrow_mut().take_chunk().unwrap();
        assert_eq!(first.len(), MAX_CHUNK);
        while outbox.push(frame(1)).is_ok() {}
        let rest = drain(&outbox).0;
        let expected = [&large[..], &close_frame(CloseCode::SlowConsumer)].concat();
        assert_eq!([&first[..], &rest].concat(), expected);
    }

    #[test]
    fn typing_and_states_fill_no_outbox_and_only_the_last_state_is_kept() {
        let outbox = outbox(80);
        let key = |n| StateKey::Presence(UserId::new(uuid::Uuid::from_u128(n)));
        for _ in 0..3 {
            outbox.queue(frame(1), Delivery::Firm).unwrap();
        }
        for n in 0..100 {
            outbox.queue(frame(2), Delivery::Droppable).unwrap();
            let state = Delivery::State(key(n % 2));
            outbox.queue(frame(3 + n as u8), state).unwrap();
        }
        for _ in 0..5 {
            outbox.queue(frame(1), Delivery::Firm).unwrap();
        }
        assert_eq!(outbox.push(frame(1)), Err(TooSlow));

        let outbox = self::outbox(80);
        for _ in 0..3 {
            outbox.queue(frame(1), Delivery::Firm).unwrap();
        }
        for n in 0..100 {
            outbox.queue(frame(2), Delivery::Droppable).unwrap();
            let state = Delivery::State(key(n % 2));
            outbox.queue(frame(3 + n as u8), state).unwrap();
        }
        let read = drain(&outbox).0;
        let mut states: Vec<u8> = read[30..].chunks(10).map(|frame| frame[0]).collect();
        states.sort_unstable();
        assert_eq!(states, [3 + 98, 3 + 99]);
    }

    #[test]
    fn an_answer_leaves_no_older_state_behind() {
        let outbox = outbox(80);
        let key = StateKey::Presence(UserId::new(uuid::Uuid::nil()));
        for _ in 0..3 {
            outbox.queue(frame(1), Delivery::Firm).unwrap();
        }
        outbox.queue(frame(5), Delivery::State(key)).unwrap();
        outbox.forget_state(&key);
        outbox.queue(frame(6), Delivery::Answer).unwrap();
        let read = drain(&outbox).0;
        let last: Vec<u8> = read[30..].chunks(10).map(|frame| frame[0]).collect();
        assert_eq!(last, [6]);
    }

    proptest! {
        #[test]
        fn whatever_is_queued_the_last_state_arrives_last(
            steps in proptest::collection::vec((0_u8..4, 0_u128..3, any::<u8>()), 1..200),
        ) {
            let outbox = outbox(100);
            let mut body = std::pin::pin!(outbox.body());
            let mut cx = Context::from_waker(Waker::noop());
            let mut read = Vec::new();
            let mut last = std::collections::HashMap::new();
            for (step, user, state) in steps {
                match step {
                    0 => drop(outbox.queue(frame(255), Delivery::Answer)),
                    1 => if let Poll::Ready(Some(Ok(chunk))) = body.as_mut().poll_next(&mut cx) {
                        read.extend_from_slice(&chunk);
                    },
                    _ => {
                        let key = StateKey::Presence(UserId::new(uuid::Uuid::from_u128(user)));
                        let (user, state) = (user as u8, state % 100);
                        let frame = Bytes::from(vec![user, state]);
                        outbox.queue(frame, Delivery::State(key)).unwrap();
                        last.insert(user, state);
                    }
                }
            }
            while let Poll::Ready(Some(Ok(chunk))) = body.as_mut().poll_next(&mut cx) {
                read.extend_from_slice(&chunk);
            }
            let mut seen = std::collections::HashMap::new();
            let mut rest = &read[..];
            while let [first, second, ..] = rest {
                if *first == 255 {
                    rest = &rest[10..];
                } else {
                    seen.insert(*first, *second);
                    rest = &rest[2..];
                }
            }
            prop_assert_eq!(seen, last);
        }
    }

    #[test]
    fn an_outbox_is_loaded_while_more_than_a_quarter_of_its_bound_waits() {
        let backpressure = Arc::default();
        let outbox = Outbox::new(80, None, &backpressure);
        for expected in [false, false, true] {
            outbox.queue(frame(1), Delivery::Firm).unwrap();
            assert_eq!(backpressure.is_high(), expected);
        }
        drain(&outbox);
        assert!(!backpressure.is_high());
    }

    #[test]
    fn an_outbox_that_is_given_up_does_not_count_as_loaded() {
        let backpressure = Arc::default();
        let outbox = Outbox::new(400, None, &backpressure);
        while outbox.queue(frame(1), Delivery::Firm).is_ok() {}
        assert!(!backpressure.is_high());
    }
}
