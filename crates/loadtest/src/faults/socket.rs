//! A blocking WebSocket client of profile v2.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use abu_chat_protocol::{ClientPacket, Decoded, Profile, RequestRef, ServerPacket};
use socket2::{Domain, SockRef, Type};

use crate::{
    codec::{self, Frame, Side},
    connection::{upgrade_answer, upgrade_request},
};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(2);
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long [`Socket::hear`] waits for a frame.
const TURN: Duration = Duration::from_millis(20);

pub(super) struct Socket {
    stream: TcpStream,
    received: Vec<u8>,
    /// A client that answers no ping counts as lost after the server's idle timeout.
    pub(super) answers_pings: bool,
}

pub(super) enum Heard {
    Packet(Box<ServerPacket>, Option<RequestRef>),
    Nothing,
    /// The connection ended, with the close code if there was one.
    End(Option<u16>),
    /// A text frame that is no packet of the protocol.
    Unreadable(String),
}

impl Socket {
    /// Connects and completes the handshake. `receive_buffer` sets `SO_RCVBUF`, in bytes.
    pub(super) fn connect(
        server: SocketAddr,
        token: &str,
        receive_buffer: Option<usize>,
    ) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.connect_timeout(&server.into(), HANDSHAKE_TIMEOUT)?;
        socket.set_tcp_nodelay(true)?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let mut socket = Self {
            stream,
            received: Vec::new(),
            answers_pings: true,
        };
        socket.upgrade(server, token)?;
        socket.stream.set_read_timeout(Some(TURN))?;
        Ok(socket)
    }

    fn upgrade(&mut self, server: SocketAddr, token: &str) -> io::Result<()> {
        let mut request = upgrade_request(server, &format!("/chat?token={token}"));
        request.truncate(request.len() - b"\r\n".len());
        let profile = Profile::V2.subprotocol();
        write!(request, "Sec-WebSocket-Protocol: {profile}\r\n\r\n")?;
        self.stream.write_all(&request)?;
        loop {
            if self.read()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let answer = upgrade_answer(&self.received).map_err(io::Error::other)?;
            if let Some(length) = answer {
                self.received.drain(..length);
                return Ok(());
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1_024];
        let count = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    pub(super) fn send(
        &mut self,
        packet: impl Into<ClientPacket>,
        name: &RequestRef,
    ) -> io::Result<()> {
        self.send_bytes(&frame_of(packet, name))
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next packet or end, within a turn. Answers pings.
    pub(super) fn hear(&mut self) -> Heard {
        loop {
            match self.next_frame() {
                Ok(Some(Some(heard))) => return heard,
                Ok(Some(None)) => {}
                Ok(None) => match self.read() {
                    Ok(0) => return Heard::End(None),
                    Ok(_) => {}
                    Err(error) if is_timeout(&error) => return Heard::Nothing,
                    Err(_lost) => return Heard::End(None),
                },
                Err(_lost) => return Heard::End(None),
            }
        }
    }

    /// Takes a whole frame out of the buffer: what it says, or `Some(None)` for one that says nothing.
    fn next_frame(&mut self) -> io::Result<Option<Option<Heard>>> {
        let decoded = codec::decode(&self.received, Side::Server).map_err(io::Error::other)?;
        let Some((frame, length)) = decoded else {
            return Ok(None);
        };
        let heard = match frame {
            Frame::Text(text) => Some(packet_in(text)),
            Frame::Close(code) => Some(Heard::End(code)),
            Frame::Ping(payload) if self.answers_pings => {
                let mut pong = Vec::new();
                codec::encode_pong(payload, Side::Client, &mut pong);
                self.stream.write_all(&pong)?;
                None
            }
            Frame::Ping(_) | Frame::Pong => None,
        };
        self.received.drain(..length);
        Ok(Some(heard))
    }

    /// Ends the connection with a reset, without a close frame.
    pub(super) fn cut(self) {
        // Without the option the drop ends it with a FIN, which is no close frame either.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}

pub(super) fn frame_of(packet: impl Into<ClientPacket>, name: &RequestRef) -> Vec<u8> {
    let mut frame = Vec::new();
    let text = packet.into().to_json_with_ref(name);
    codec::encode_text(text.as_bytes(), Side::Client, &mut frame);
    frame
}

fn packet_in(text: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(text);
    match ServerPacket::decode(&text) {
        Ok(Decoded::Known {
            packet,
            request_ref,
            ..
        }) => Heard::Packet(Box::new(packet), request_ref),
        _ => Heard::Unreadable(text.into_owned()),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
