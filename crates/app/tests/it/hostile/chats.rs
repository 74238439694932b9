//! More chat sessions than the server can hold.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
};

use super::target::{Target, get};

fn handshake(token: &str) -> String {
    format!(
        "GET /chat?token={token} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// None if the connection ended before its answer.
fn status(socket: &mut TcpStream) -> Option<String> {
    let mut answer = [0; 12];
    match socket.read_exact(&mut answer) {
        Ok(()) => Some(String::from_utf8_lossy(&answer[9..]).into_owned()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn chats_beyond_capacity_are_refused_while_health_answers() {
    let target = Target::with_files(400);
    let mut chats = Vec::new();
    let refused = (0..40).find_map(|_| {
        let token = target.token(target.database().user().create().id);
        (0..10).find_map(|_| {
            let mut socket = target.send(0, handshake(&token).as_bytes());
            let status = status(&mut socket).unwrap();
            chats.push(socket);
            (status != "101").then_some(status)
        })
    });
    assert_eq!(refused.as_deref(), Some("503"));
    assert!((150..300).contains(&chats.len()), "{}", chats.len());
    get(target.connect(1), "/health/live");

    // Idle connections do not take the place of a chat that left.
    let _idle: Vec<_> = (0..400)
        .map(|n: u16| target.connect((n % 100) as u8))
        .collect();
    drop(chats.pop());
    drop(chats.pop());
    let token = target.token(target.database().user().create().id);
    // While the server still accepts the idle ones, they may push out a connection whose request is not read yet.
    super::target::within(super::target::EVENT_TIMEOUT, || {
        let mut socket = target.send(0, handshake(&token).as_bytes());
        status(&mut socket).as_deref() == Some("101")
    });
}
