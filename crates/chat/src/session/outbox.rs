//! Bounded write queue of one socket, in bytes.
//!
//! A sender pushes a whole frame and never waits. Only the connection's own task, which polls the
//! [`OutboxBody`], waits for the socket. It writes all queued frames at once.

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
use actix_web::body::{BodySize, MessageBody};
use bytes::{Bytes, BytesMut};
use nix::sys::socket::{Shutdown, shutdown};

use crate::{
    backpressure::{Backpressure, Share},
    frame::close_frame,
};

/// How many bytes of small frames are handed to the connection at a time.
const MAX_CHUNK: usize = 8 * 1024;

/// A session is busy while each write carries so many frames. At 12 ms of gathering, that takes some
/// 300 messages a second, more than a user reads.
const MANY_FRAMES: usize = 4;

/// An outbox counts as loaded when more than this part of what it may hold waits: a reader that keeps up
/// is far from it, and there is room for what is on its way to it.
const LOADED: usize = 4;

/// The sending side of a session. Clones share one queue.
#[derive(Clone)]
pub(crate) struct Outbox(Rc<RefCell<Queue>>);

struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    max_bytes: usize,
    share: Share,
    phase: Phase,
    body: Option<Waker>,
    /// The worker wakes the body later; see [`Outbox::defer`].
    deferred: bool,
    /// How many frames went into the write that goes on, and into the one before it.
    writing: usize,
    written: usize,
    /// The socket, for as long as the body lives: the connection's task owns both.
    socket: Option<RawFd>,
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
    pub(crate) fn new(
        max_bytes: usize,
        socket: Option<RawFd>,
        backpressure: &Arc<Backpressure>,
    ) -> Self {
        Self(Rc::new(RefCell::new(Queue {
            frames: VecDeque::new(),
            bytes: 0,
            max_bytes,
            share: Share::of(backpressure),
            phase: Phase::Open,
            body: None,
            deferred: false,
            writing: 0,
            written: 0,
            socket,
        })))
    }

    /// Queues a frame, and has it written at once. One frame may go over the bound, so that an answer
    /// of any size can be sent to who reads; the next finds the queue full.
    ///
    /// # Errors
    /// Where the queue is full. It holds nothing but a close frame then.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), TooSlow> {
        self.queue(frame)?;
        self.flush();
        Ok(())
    }

    /// Has what waits written.
    pub(crate) fn flush(&self) {
        let mut queue = self.0.borrow_mut();
        queue.deferred = false;
        queue.wake_body();
    }

    /// Promises a later [`flush`](Self::flush); false where another caller has promised it already.
    pub(crate) fn defer(&self) -> bool {
        !std::mem::replace(&mut self.0.borrow_mut().deferred, true)
    }

    /// Whether the last write carried so many frames that to write less often, and more at a time, pays.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.borrow().written >= MANY_FRAMES
    }

    /// Queues a frame, to be written with the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// As for [`push`](Self::push).
    pub(crate) fn queue(&self, frame: Bytes) -> Result<(), TooSlow> {
        let mut queue = self.0.borrow_mut();
        if queue.phase != Phase::Open {
            return Ok(());
        }
        if queue.bytes >= queue.max_bytes {
            queue.clear();
            queue.close(CloseCode::SlowConsumer);
            return Err(TooSlow);
        }
        queue.append(frame);
        Ok(())
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
    fn append(&mut self, frame: Bytes) {
        self.hold(self.bytes + frame.len());
        self.frames.push_back(frame);
    }

    fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.hold(0);
    }

    fn hold(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.share.set_loaded(bytes > self.max_bytes / LOADED);
    }

    fn close(&mut self, code: CloseCode) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.append(close_frame(code));
            self.wake_body();
        }
    }

    /// The frames that wait, as many as make a chunk: each chunk costs a way through the layers of
    /// the server, which for small frames is dearer than copying them together.
    fn take_chunk(&mut self) -> Option<Bytes> {
        let waiting = self.frames.len();
        let first = self.frames.pop_front()?;
        let chunk = match self.frames.front() {
            Some(second) if first.len() + second.len() <= MAX_CHUNK => self.chunk_from(&first),
            _ => first,
        };
        self.hold(self.bytes - chunk.len());
        self.writing += waiting - self.frames.len();
        if self.frames.is_empty() {
            // An idle connection keeps no buffer from its busiest moment.
            self.frames.shrink_to(4);
        }
        Some(chunk)
    }

    fn chunk_from(&mut self, first: &Bytes) -> Bytes {
        let mut chunk = BytesMut::with_capacity(self.bytes.min(MAX_CHUNK));
        chunk.extend_from_slice(first);
        while let Some(next) = self
            .frames
            .pop_front_if(|next| chunk.len() + next.len() <= MAX_CHUNK)
        {
            chunk.extend_from_slice(&next);
        }
        chunk.freeze()
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
        queue.clear();
    }
}

#[cfg(test)]
mod tests {
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
    fn a_session_hears_much_while_its_writes_carry_many_frames() {
        let outbox = outbox(1_000);
        let mut body = std::pin::pin!(outbox.body());
        let mut write = |frames: usize| {
            for _ in 0..frames {
                outbox.queue(frame(1)).unwrap();
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
    fn an_outbox_is_loaded_while_more_than_a_quarter_of_its_bound_waits() {
        let backpressure = Arc::default();
        let outbox = Outbox::new(80, None, &backpressure);
        for expected in [false, false, true] {
            outbox.queue(frame(1)).unwrap();
            assert_eq!(backpressure.is_high(), expected);
        }
        drain(&outbox);
        assert!(!backpressure.is_high());
    }

    #[test]
    fn an_outbox_that_is_given_up_does_not_count_as_loaded() {
        let backpressure = Arc::default();
        let outbox = Outbox::new(400, None, &backpressure);
        while outbox.queue(frame(1)).is_ok() {}
        assert!(!backpressure.is_high());
    }
}
