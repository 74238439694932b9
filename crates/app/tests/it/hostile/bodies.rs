//! Requests that never end.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::target::{EVENT_TIMEOUT, Target, has_ended, within};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

fn target() -> Target {
    Target::start(&[("SERVER__REQUEST_TIMEOUT", "2")])
}

/// A log-in whose body is announced with a million bytes.
fn head() -> String {
    "POST /api/v1/auth/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
     content-length: 1000000\r\n\r\n"
        .to_owned()
}

#[test]
fn unfinished_bodies_cost_little_and_end_at_the_deadline() {
    let target = target();
    let before = target.sockets();
    let request = [head().as_bytes(), &[b' '; 900_000]].concat();
    let mut unfinished = Vec::new();
    target.withstands(|| {
        for number in 0..300_u16 {
            unfinished.push(target.send((number % 2) as u8, &request));
        }
        target.reaches_sockets(before);
    });
}

/// Sends a byte now and then until the server ends the connection; how long that took.
fn dribble(socket: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    within(EVENT_TIMEOUT, || {
        let sent = socket.write_all(b"a");
        let gone = sent.is_err_and(|error| error.kind() != ErrorKind::WouldBlock);
        gone || has_ended(socket)
    });
    begun.elapsed()
}

fn assert_at_deadline(ended_after: Duration) {
    assert!(ended_after >= REQUEST_TIMEOUT * 3 / 4, "{ended_after:?}");
    assert!(ended_after <= REQUEST_TIMEOUT * 4, "{ended_after:?}");
}

#[test]
fn a_body_a_byte_at_a_time_ends_at_the_deadline() {
    let target = target();
    assert_at_deadline(dribble(&mut target.send(0, head().as_bytes())));
}

#[test]
fn a_head_a_byte_at_a_time_ends_at_the_deadline_on_any_request() {
    let target = target();
    assert_at_deadline(dribble(
        &mut target.send(0, b"GET /health/live HTTP/1.1\r\nx: "),
    ));
    let mut kept = target.send(0, b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut answer = [0; 12];
    kept.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_at_deadline(dribble(&mut kept));
}

#[test]
fn a_chunked_body_left_unread_ends_at_the_deadline() {
    let target = target();
    let head =
        "POST /api/v1/rooms HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n";
    let mut refused = target.send(0, head.as_bytes());
    let mut answer = [0; 12];
    refused.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
    assert!(dribble(&mut refused) <= REQUEST_TIMEOUT * 4);
}
