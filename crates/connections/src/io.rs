//! The socket of a connection, which reports its progress.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connections::Connection;

/// What the kernel holds of an answer beyond what is on its way. The send buffer itself grows to
/// megabytes; a peer that does not read would fill it.
#[cfg(target_os = "linux")]
const MAX_UNSENT: u32 = 128 * 1024;

/// What one connection reads before others have their turn. The HTTP layer buffers a burst in one piece.
const MAX_BURST: usize = 16 * 1024;

pub(crate) struct Io {
    stream: TcpStream,
    connection: Connection,
    /// For the chat, until it is set.
    chat_send_buffer: Option<usize>,
    /// Bytes read since the connection's task last gave way.
    burst: usize,
}

impl Io {
    pub(crate) fn new(stream: TcpStream, connection: Connection, chat_send_buffer: usize) -> Self {
        Self {
            stream,
            connection,
            chat_send_buffer: Some(chat_send_buffer),
            burst: 0,
        }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A chat session counts what waits for a slow reader, so the kernel must hold little of it.
    fn shrink_for_chat(&mut self) {
        if self.connection.carries_chat()
            && let Some(bytes) = self.chat_send_buffer.take()
        {
            // The connection works without it.
            let _ = SockRef::from(&self.stream).set_send_buffer_size(bytes);
        }
    }
}

/// Bounds what a peer that does not read costs: its connection breaks after `timeout` without an
/// acknowledgment or a larger window (`TCP_USER_TIMEOUT` covers the zero-window probe).
#[cfg(target_os = "linux")]
pub(crate) fn bound_sending(stream: &TcpStream, timeout: Duration) {
    let socket = SockRef::from(stream);
    // A kernel without them still serves.
    let _ = socket.set_tcp_user_timeout(Some(timeout));
    let _ = socket.set_tcp_notsent_lowat(MAX_UNSENT);
}

/// Only Linux has these bounds.
#[cfg(not(target_os = "linux"))]
pub(crate) fn bound_sending(_stream: &TcpStream, _timeout: Duration) {}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.burst >= MAX_BURST {
            self.burst = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match buffer.filled().len() - before {
            0 => self.burst = 0,
            bytes => {
                self.burst += bytes;
                self.connection.received(bytes);
            }
        }
        polled
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shrink_for_chat();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.connection.sent(written.is_pending());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
