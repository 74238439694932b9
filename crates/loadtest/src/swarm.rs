//! Thousands of clients in one event loop, which must cost less than the server under test.

use std::{
    io, mem,
    net::SocketAddr,
    os::fd::{AsFd, AsRawFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, event::Event, unix::SourceFd};
use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};

use crate::{
    codec::{self, CodecError, Frame, Side},
    community::Place,
    connection::{self, Connection, Phase, Received},
    ledger::Ledger,
    packets,
    schedule::Schedule,
    stamp::Stamp,
};

/// Bounds one poll, so that the loop checks for signals.
const LONGEST_WAIT: Duration = Duration::from_millis(50);
const BUFFER: usize = 2 * codec::MAX_PAYLOAD as usize;
const TIMER: Token = Token(usize::MAX);

/// Why a run stopped early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwarmError {
    #[error("interrupted")]
    Interrupted,
    #[error("the server refused a connection: {0}")]
    Refused(String),
    #[error("a connection was lost before it was open")]
    Lost,
    #[error("the server sent {0}")]
    Frame(#[from] CodecError),
    #[error("not done after {0:?}: {1}")]
    TooLong(Duration, String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

pub(crate) struct Plan {
    pub(crate) place: Place,
    pub(crate) request: Vec<u8>,
    /// `SO_RCVBUF` in bytes; `None` keeps the kernel's default.
    pub(crate) receive_buffer: Option<usize>,
}

struct Sender {
    connection: usize,
    /// The count of the next message.
    next: u32,
}

pub(crate) struct Swarm {
    poll: Poll,
    events: Events,
    timer: TimerFd,
    buffer: Vec<u8>,
    packet: Vec<u8>,
    start: Instant,
    interrupted: Arc<AtomicBool>,
    server: SocketAddr,
    connections: Vec<Connection>,
    senders: Vec<Sender>,
    text_length: usize,
    /// Whether a client sends `chat-join` after its handshake.
    pub(crate) joins: bool,
    /// Whether a sender sends the next message when it receives its own (closed loop).
    echoes: bool,
    open: usize,
    joined: usize,
    pub(crate) ledger: Ledger,
}

impl Swarm {
    /// A swarm without clients. Messages have `text_length` characters.
    pub(crate) fn new(
        server: SocketAddr,
        ledger: Ledger,
        text_length: usize,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, SwarmError> {
        let poll = Poll::new()?;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK)
            .map_err(io::Error::from)?;
        poll.registry().register(
            &mut SourceFd(&timer.as_fd().as_raw_fd()),
            TIMER,
            Interest::READABLE,
        )?;
        Ok(Self {
            poll,
            events: Events::with_capacity(4_096),
            timer,
            buffer: vec![0; BUFFER],
            packet: Vec::new(),
            start: Instant::now(),
            interrupted,
            server,
            connections: Vec::new(),
            senders: Vec::new(),
            text_length,
            joins: false,
            echoes: false,
            open: 0,
            joined: 0,
            ledger,
        })
    }

    /// Nanoseconds since the swarm was made.
    pub(crate) fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// Connects all clients, `at_once` concurrently. Returns the time until all are open, or joined if they join.
    ///
    /// # Errors
    /// For a refused or lost connection, and after `timeout`.
    pub(crate) fn connect(
        &mut self,
        plans: Vec<Plan>,
        at_once: usize,
        timeout: Duration,
    ) -> Result<Duration, SwarmError> {
        let (begun, before) = (Instant::now(), self.ready());
        let target = before + plans.len();
        let mut plans = plans.into_iter();
        let mut started = before;
        while self.ready() < target {
            while started - self.ready() < at_once {
                let Some(plan) = plans.next() else { break };
                self.begin(plan)?;
                started += 1;
            }
            self.turn(LONGEST_WAIT)?;
            if !self.ledger.ended.is_empty() {
                return Err(SwarmError::Lost);
            }
            if begun.elapsed() > timeout {
                let progress = format!("{} of {target} connected", self.ready());
                return Err(SwarmError::TooLong(timeout, progress));
            }
        }
        Ok(begun.elapsed())
    }

    fn ready(&self) -> usize {
        if self.joins { self.joined } else { self.open }
    }

    fn begin(&mut self, plan: Plan) -> Result<(), SwarmError> {
        let Plan {
            place,
            request,
            receive_buffer,
        } = plan;
        let mut connection = Connection::open(self.server, place, request, receive_buffer)?;
        self.poll.registry().register(
            &mut connection.socket,
            Token(self.connections.len()),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        self.connections.push(connection);
        Ok(())
    }

    /// Makes senders of the connections of the first `count` members of each room.
    pub(crate) fn appoint_senders(&mut self, count: u32) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if connection.place.member < count && connection.sender.is_none() {
                connection.sender = Some(self.senders.len() as u32);
                self.senders.push(Sender {
                    connection: index,
                    next: 0,
                });
            }
        }
    }

    pub(crate) fn senders(&self) -> usize {
        self.senders.len()
    }

    /// Starts a closed loop: every sender keeps `window` messages in flight, and sends the next when it receives one
    /// of its own.
    pub(crate) fn start_echoing(&mut self, window: u32) {
        self.echoes = true;
        for sender in 0..self.senders.len() {
            for _ in 0..window {
                self.queue_message(sender, self.now());
            }
            self.flush(self.senders[sender].connection);
        }
    }

    /// Stops the closed loop.
    pub(crate) fn stop_echoing(&mut self) {
        self.echoes = false;
    }

    /// Runs the event loop until `until`.
    pub(crate) fn run(&mut self, until: Instant) -> Result<(), SwarmError> {
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.turn(left.min(LONGEST_WAIT))?;
        }
        Ok(())
    }

    /// Runs the event loop until `until`, and sends by `schedule` independently of the server (open loop). Latency
    /// counts from the due time.
    pub(crate) fn run_schedule(
        &mut self,
        schedule: &mut Schedule,
        until: Instant,
    ) -> Result<(), SwarmError> {
        loop {
            let now = self.now();
            while let Some((sender, due)) = schedule.next_due(now) {
                self.queue_message(sender, due);
                self.flush(self.senders[sender].connection);
            }
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return Ok(());
            };
            self.wake_at(schedule.due())?;
            self.turn(left.min(LONGEST_WAIT))?;
        }
    }

    /// A timerfd, because poll timeouts have a resolution of a millisecond, which would add to the latency.
    fn wake_at(&self, due: u64) -> Result<(), SwarmError> {
        let wait = due.saturating_sub(self.now()).max(1);
        let expiration = Expiration::OneShot(TimeSpec::from(Duration::from_nanos(wait)));
        let set = self.timer.set(expiration, TimerSetTimeFlags::empty());
        Ok(set.map_err(io::Error::from)?)
    }

    /// Runs the event loop until every sent message has reached every open connection of its room, or until
    /// `timeout`. The verdict counts missing deliveries.
    pub(crate) fn settle(&mut self, timeout: Duration) -> Result<(), SwarmError> {
        let until = Instant::now() + timeout;
        while self.behind() > 0 && Instant::now() < until {
            self.turn(LONGEST_WAIT)?;
        }
        Ok(())
    }

    /// Runs the event loop until `done`; fails after `timeout`.
    pub(crate) fn run_until(
        &mut self,
        done: impl Fn(&Self) -> bool,
        timeout: Duration,
        what: &str,
    ) -> Result<(), SwarmError> {
        let until = Instant::now() + timeout;
        while !done(self) {
            self.turn(LONGEST_WAIT)?;
            if Instant::now() > until {
                return Err(SwarmError::TooLong(timeout, what.to_owned()));
            }
        }
        Ok(())
    }

    pub(crate) fn sent(&self) -> Vec<u32> {
        let mut sent = vec![0; self.ledger.rooms.len()];
        for sender in &self.senders {
            sent[self.connections[sender.connection].place.room as usize] += sender.next;
        }
        sent
    }

    /// The number of deliveries that open connections still expect.
    fn behind(&self) -> u64 {
        let sent = self.sent();
        let reading = |c: &&Connection| c.phase == Phase::Open && !c.stalled;
        let reading = self.connections.iter().filter(reading);
        reading
            .map(|c| u64::from(sent[c.place.room as usize].saturating_sub(c.position.seen())))
            .sum()
    }

    /// All connections, in the order of their start.
    pub(crate) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Stops reading from a connection, as a hung client does.
    pub(crate) fn stall(&mut self, index: usize) -> Result<(), SwarmError> {
        let connection = &mut self.connections[index];
        connection.stalled = true;
        Ok(self.poll.registry().deregister(&mut connection.socket)?)
    }

    /// Resumes reading from a stalled connection.
    pub(crate) fn wake(&mut self, index: usize) -> Result<(), SwarmError> {
        let socket = &mut self.connections[index].socket;
        let interest = Interest::READABLE | Interest::WRITABLE;
        Ok(self
            .poll
            .registry()
            .register(socket, Token(index), interest)?)
    }

    /// Sends the frames that `write` appends.
    pub(crate) fn send(&mut self, index: usize, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.connections[index].outgoing);
        self.flush(index);
    }

    fn flush(&mut self, index: usize) {
        self.connections[index].flush();
    }

    fn queue_message(&mut self, sender: usize, due: u64) {
        let Sender { connection, next } = &mut self.senders[sender];
        let connection = &mut self.connections[*connection];
        if connection.phase != Phase::Open {
            return;
        }
        let stamp = Stamp {
            room: connection.place.room,
            sender: connection.place.member,
            count: *next,
            due,
        };
        *next += 1;
        packets::write_message(
            &stamp,
            self.text_length,
            &mut self.packet,
            &mut connection.outgoing,
        );
    }

    /// Polls the sockets for at most `wait`, and processes their events.
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<(), SwarmError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(SwarmError::Interrupted);
        }
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        let worked = events.iter().try_for_each(|event| self.work(event));
        self.events = events;
        worked
    }

    fn work(&mut self, event: &Event) -> Result<(), SwarmError> {
        if event.token() == TIMER {
            // The read rearms the timer; the expiration count does not matter.
            let _ = self.timer.wait();
            return Ok(());
        }
        let index = event.token().0;
        if event.is_writable() {
            self.writable(index)?;
        }
        if event.is_readable() {
            self.readable(index)?;
        }
        self.flush(index);
        Ok(())
    }

    fn writable(&mut self, index: usize) -> Result<(), SwarmError> {
        let connection = &mut self.connections[index];
        if connection.phase == Phase::Connecting {
            if let Some(error) = connection.socket.take_error()? {
                return Err(error.into());
            }
            connection.phase = Phase::Upgrading;
        }
        connection.flush();
        Ok(())
    }

    fn readable(&mut self, index: usize) -> Result<(), SwarmError> {
        let mut buffer = mem::take(&mut self.buffer);
        let outcome = self.read_all(index, &mut buffer);
        self.buffer = buffer;
        outcome
    }

    fn read_all(&mut self, index: usize, buffer: &mut [u8]) -> Result<(), SwarmError> {
        loop {
            let connection = &mut self.connections[index];
            if connection.phase == Phase::Ended {
                return Ok(());
            }
            match connection.receive(buffer) {
                Received::Nothing => return Ok(()),
                Received::End => return self.ended(index, None),
                Received::Bytes { count, more } => {
                    let used = self.take(index, &buffer[..count])?;
                    let partial = &mut self.connections[index].partial;
                    partial.extend_from_slice(&buffer[used..count]);
                    if !more {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Processes the bytes of a connection; returns the number of consumed bytes.
    fn take(&mut self, index: usize, bytes: &[u8]) -> Result<usize, SwarmError> {
        let mut used = 0;
        self.ledger.reads += 1;
        if self.connections[index].phase == Phase::Upgrading {
            match connection::upgrade_answer(bytes).map_err(SwarmError::Refused)? {
                Some(length) => used = length,
                None => return Ok(0),
            }
            self.opened(index);
        }
        let now = self.now();
        while let Some((frame, length)) = codec::decode(&bytes[used..], Side::Server)? {
            used += length;
            self.frame(index, frame, now)?;
        }
        Ok(used)
    }

    fn opened(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.phase = Phase::Open;
        self.open += 1;
        if self.joins {
            packets::write_join(&mut connection.outgoing);
        }
    }

    #[inline]
    fn frame(&mut self, index: usize, frame: Frame<'_>, now: u64) -> Result<(), SwarmError> {
        let connection = &mut self.connections[index];
        match frame {
            Frame::Text(packet) => {
                let (place, position) = (connection.place, &mut connection.position);
                let stamp = self.ledger.note(place, position, packet, now);
                if let (Some(stamp), Some(sender), true) = (stamp, connection.sender, self.echoes)
                    && stamp.sender == place.member
                {
                    self.queue_message(sender as usize, now);
                }
            }
            Frame::Ping(payload) => {
                codec::encode_pong(payload, Side::Client, &mut connection.outgoing);
            }
            Frame::Pong if !connection.joined => {
                connection.joined = true;
                self.joined += 1;
            }
            Frame::Pong => {}
            Frame::Close(code) => self.ended(index, code)?,
        }
        Ok(())
    }

    fn ended(&mut self, index: usize, code: Option<u16>) -> Result<(), SwarmError> {
        let connection = &mut self.connections[index];
        match mem::replace(&mut connection.phase, Phase::Ended) {
            Phase::Ended => return Ok(()),
            Phase::Connecting | Phase::Upgrading => return Err(SwarmError::Lost),
            Phase::Open => self.open -= 1,
        }
        connection.code = code;
        *self.ledger.ended.entry(code.unwrap_or(0)).or_default() += 1;
        // The server would wait for a close frame in return.
        let _ = connection.socket.shutdown(std::net::Shutdown::Both);
        self.poll.registry().deregister(&mut connection.socket)?;
        Ok(())
    }
}
