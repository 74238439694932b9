//! Clients at fault: they read slowly, answer no ping, write garbage, break off.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use abu_chat_protocol::client::MessageSend;

use super::{End, Row, TUNING};
use crate::faults::{
    FaultError,
    bed::{Bed, Guest, Tuning},
    person::name_of,
    socket::{Heard, Socket, frame_of},
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "slow readers",
        hold: [10, 30],
        tuning: Tuning {
            text_length: 3_000,
            ..TUNING
        },
        begin: read_slowly,
    },
    Row {
        name: "silent clients",
        hold: [6, 15],
        tuning: Tuning {
            server: &[
                ("ABU__CHAT__PING_INTERVAL", "1"),
                ("ABU__CHAT__IDLE_TIMEOUT", "3"),
            ],
            ..TUNING
        },
        begin: stay_silent,
    },
    Row {
        name: "garbage",
        hold: [4, 20],
        tuning: TUNING,
        begin: write_garbage,
    },
    Row {
        name: "cuts in mid-frame",
        hold: [4, 20],
        tuning: TUNING,
        begin: break_off,
    },
];

/// In bytes. Small, so that the backlog accumulates in the server rather than in the kernel.
const RECEIVE_BUFFER: usize = 4_096;
/// A client at fault is ended, or answered, within this time.
const END_TIMEOUT: Duration = Duration::from_secs(5);
const GOING_AWAY: u16 = 1_001;
const TOO_SLOW: u16 = 4_002;

/// Reads to the end of the connection: its close code; `Err` for a connection without an end.
fn drain(socket: &mut Socket) -> Result<Option<u16>, &'static str> {
    let until = Instant::now() + END_TIMEOUT;
    while Instant::now() < until {
        if let Heard::End(code) = socket.hear() {
            return Ok(code);
        }
    }
    Err("was not ended")
}

fn read_slowly(bed: &mut Bed) -> Result<End, FaultError> {
    let mut readers = bed.guests(Some(RECEIVE_BUFFER))?;
    Ok(Box::new(move |_bed| {
        let ends = readers.iter_mut().map(drain);
        // The server cuts a client off that does not even read the close frame.
        let wrong = ends.filter_map(|end| match end {
            Ok(Some(TOO_SLOW) | None) => None,
            Ok(Some(code)) => Some(format!("a slow reader was ended with {code}")),
            Err(not) => Some(format!("a slow reader {not}")),
        });
        Ok(wrong.collect())
    }))
}

/// They read, but answer no ping.
fn stay_silent(bed: &mut Bed) -> Result<End, FaultError> {
    let mut silent = bed.guests(None)?;
    for socket in &mut silent {
        socket.answers_pings = false;
    }
    let ends = thread::spawn(move || silent.iter_mut().map(drain).collect::<Vec<_>>());
    Ok(Box::new(move |_bed| {
        let wrong = ends.join().unwrap_or_default().into_iter();
        let wrong = wrong.filter_map(|end| match end {
            Ok(Some(GOING_AWAY)) => None,
            Ok(code) => Some(format!("a silent client was ended with {code:?}")),
            Err(not) => Some(format!("a silent client {not}")),
        });
        Ok(wrong.collect())
    }))
}

/// A thread that does harm until it is stopped.
struct Harm {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

impl Harm {
    /// Calls `act` with 0, 1, 2 …, and collects its complaints.
    fn start(act: impl FnMut(u32) -> Option<String> + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let acts = (0..).take_while(|_| !is_over.load(Ordering::Relaxed));
            acts.filter_map(act).collect()
        });
        Self { stop, thread }
    }

    fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let complaints = self.thread.join();
        complaints.unwrap_or_else(|_panic| vec!["the harm panicked".to_owned()])
    }
}

/// Frames and packets that no client may send, with the close code that ends the session; none for an error packet.
const GARBAGE: &[(&[u8], Option<u16>)] = &[
    (b"\x83\x80\0\0\0\0", Some(1_002)),       // an unknown opcode
    (b"\xC1\x80\0\0\0\0", Some(1_002)),       // a reserved bit
    (b"\x81\x02{}", Some(1_002)),             // without a mask
    (b"\x80\x80\0\0\0\0", Some(1_002)),       // a continuation of nothing
    (b"\x89\xFE\0\x7E\0\0\0\0", Some(1_002)), // a long ping
    (
        b"\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0",
        Some(1_002),
    ), // a length of 64 bits
    (b"\x81\xFF\0\0\0\0\x7F\xFF\xFF\xFF\0\0\0\0", Some(1_009)), // a length of 2 GB
    (b"\x82\x81\0\0\0\0x", Some(1_003)),      // binary
    (b"\x81\x82\0\0\0\0\xC3\x28", Some(1_007)), // not UTF-8
    (b"\x81\x82\0\0\0\0{]", None),            // not JSON
    (b"\x81\x82\0\0\0\0[]", None),            // not an object
];

fn write_garbage(bed: &mut Bed) -> Result<End, FaultError> {
    let guest = bed.guest()?;
    let harm = Harm::start(move |number| {
        write_noise(&guest, number);
        let (bytes, code) = GARBAGE[number as usize % GARBAGE.len()];
        let answer = send_garbage(&guest, bytes);
        (answer != Ok(code)).then(|| format!("{bytes:02x?} was answered {answer:?}, not {code:?}"))
    });
    Ok(Box::new(move |_bed| Ok(harm.stop())))
}

/// The close code of the session's end, or none for an error packet.
fn send_garbage(guest: &Guest, bytes: &[u8]) -> Result<Option<u16>, String> {
    let mut socket = guest.connect().map_err(|error| error.to_string())?;
    let sent = socket.send_bytes(bytes);
    sent.map_err(|error| error.to_string())?;
    let until = Instant::now() + END_TIMEOUT;
    while Instant::now() < until {
        match socket.hear() {
            Heard::End(Some(code)) => return Ok(Some(code)),
            Heard::End(None) => return Err("the end without a code".to_owned()),
            Heard::Packet(packet, _) if packet.name() == "error" => return Ok(None),
            _ => {}
        }
    }
    Err("nothing".to_owned())
}

/// Bytes that are no HTTP: any answer will do, and a reset as well.
fn write_noise(guest: &Guest, number: u32) {
    let Ok(mut stream) = TcpStream::connect(guest.endpoint.http()) else {
        return;
    };
    let byte = |place: u32| {
        place
            .wrapping_add(number)
            .wrapping_mul(2_654_435_761)
            .to_be_bytes()[0]
    };
    let noise: Vec<u8> = (0..2_000).map(byte).collect();
    let _ = stream.set_read_timeout(Some(END_TIMEOUT));
    let _ = stream.write_all(&noise);
    let _ = stream.read(&mut [0; 1_024]);
}

const CUT_PERIOD: Duration = Duration::from_millis(20);

/// A guest breaks off in the middle of messages; all people do behind a whole message, every second.
fn break_off(bed: &mut Bed) -> Result<End, FaultError> {
    let (guest, controls) = (bed.guest()?, Arc::clone(&bed.controls));
    let harm = Harm::start(move |number| {
        if number.is_multiple_of(50) {
            controls.cut.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(CUT_PERIOD);
        let mut socket = guest.connect().ok()?;
        let message = MessageSend::new(guest.room, format!("never whole {number}"));
        let frame = frame_of(message, &name_of(number));
        let part = 1 + number as usize % (frame.len() - 1);
        let _ = socket.send_bytes(&frame[..part]);
        if number.is_multiple_of(2) {
            socket.cut();
        }
        None
    });
    Ok(Box::new(move |_bed| Ok(harm.stop())))
}
