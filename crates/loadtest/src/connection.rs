//! One client connection: a non-blocking socket, its buffers, and its phase.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

use crate::{community::Place, verifier::Position};

/// The example of RFC 6455: a load generator needs no random key.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The `Sec-WebSocket-Accept` for [`KEY`].
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The handshake request waits for the TCP connection.
    Connecting,
    /// The request was sent.
    Upgrading,
    Open,
    /// The other side ended it.
    Ended,
}

pub(crate) struct Connection {
    pub(crate) socket: TcpStream,
    pub(crate) place: Place,
    pub(crate) phase: Phase,
    pub(crate) position: Position,
    /// The pong for the ping behind `chat-join` has arrived.
    pub(crate) joined: bool,
    /// The close code, once the connection has ended with one.
    pub(crate) code: Option<u16>,
    /// The client does not read, or did not for a while, so its missing deliveries are no faults.
    pub(crate) stalled: bool,
    /// Its index among the senders.
    pub(crate) sender: Option<u32>,
    /// An incomplete frame.
    pub(crate) partial: Vec<u8>,
    /// Bytes that the socket has not accepted yet.
    pub(crate) outgoing: Vec<u8>,
}

pub(crate) enum Received {
    /// The number of bytes, and whether the socket may have more.
    Bytes {
        count: usize,
        more: bool,
    },
    Nothing,
    /// The other side is gone.
    End,
}

impl Connection {
    /// Starts a non-blocking connect; `request` goes out once it succeeds. `receive_buffer` sets `SO_RCVBUF`, in
    /// bytes.
    pub(crate) fn open(
        server: SocketAddr,
        place: Place,
        request: Vec<u8>,
        receive_buffer: Option<usize>,
    ) -> io::Result<Self> {
        Ok(Self {
            socket: connect(server, receive_buffer)?,
            place,
            phase: Phase::Connecting,
            position: Position::default(),
            joined: false,
            code: None,
            stalled: false,
            sender: None,
            partial: Vec::new(),
            outgoing: request,
        })
    }

    /// Reads into `buffer`, after the incomplete frame of the last read. A read that does not fill the buffer has
    /// drained the socket (see epoll(7)), which saves a further read.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let kept = self.partial.len();
        buffer[..kept].copy_from_slice(&self.partial);
        let read = loop {
            match self.socket.read(&mut buffer[kept..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        match read {
            Ok(0) => Received::End,
            Ok(read) => {
                self.partial.clear();
                Received::Bytes {
                    count: kept + read,
                    more: kept + read == buffer.len(),
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Received::Nothing,
            Err(_lost) => Received::End,
        }
    }

    /// Writes as many waiting bytes as the socket accepts. The next read reports a lost connection.
    pub(crate) fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.socket.write(&self.outgoing) {
                Ok(written) => drop(self.outgoing.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_not_now_or_lost) => return,
            }
        }
    }
}

fn connect(server: SocketAddr, receive_buffer: Option<usize>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    match socket.connect(&server.into()) {
        Err(error) if error.raw_os_error() != Some(nix::errno::Errno::EINPROGRESS as i32) => {
            Err(error)
        }
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

pub(crate) fn upgrade_request(server: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The length of a handshake response; `None` where it is incomplete.
///
/// # Errors
/// The status line of a response that is not an upgrade.
pub(crate) fn upgrade_answer(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = &bytes[..end];
    let accepted = memchr::memmem::find(head, ACCEPT.as_bytes()).is_some();
    if head.starts_with(b"HTTP/1.1 101 ") && accepted {
        return Ok(Some(end + 4));
    }
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    Err(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_once_it_is_whole_and_right() {
        let good =
            format!("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {ACCEPT}\r\n\r\n");
        assert_eq!(upgrade_answer(good.as_bytes()), Ok(Some(good.len())));
        assert_eq!(upgrade_answer(&good.as_bytes()[..good.len() - 1]), Ok(None));
        assert_eq!(
            upgrade_answer(b"HTTP/1.1 401 Unauthorized\r\nx: y\r\n\r\n{}"),
            Err("HTTP/1.1 401 Unauthorized".to_owned())
        );
        assert!(upgrade_answer(b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: no\r\n\r\n").is_err());
    }
}
