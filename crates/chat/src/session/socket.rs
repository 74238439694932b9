//! WebSocket handshake and control frames (RFC 6455), shared by chat sessions and the echo server.

use std::{os::fd::RawFd, sync::Arc};

use abu_chat_protocol::CloseCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, body::MessageBody, web};

use super::{
    Outbox, Reader,
    decoder::{MessageBounds, Received, Violation},
    outbox::WRITE_BUFFER,
};
use crate::{ChatSettings, backpressure::Backpressure, frame};

/// The socket under a connection.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor(pub(crate) RawFd);

/// A connection that becomes a WebSocket.
pub(crate) struct Socket {
    /// The end of the handshake; what the outbox holds follows it.
    pub(crate) response: HttpResponse,
    pub(crate) reader: Reader,
    pub(crate) outbox: Outbox,
}

impl Socket {
    /// # Errors
    /// Where the request is no proper handshake.
    pub(crate) async fn open(
        request: &HttpRequest,
        payload: web::Payload,
        settings: &ChatSettings,
        backpressure: &Arc<Backpressure>,
    ) -> Result<Self, actix_web::Error> {
        // The library gets nothing to read, and its way of writing gives way to the outbox.
        let nothing = web::Payload::extract(request).await?;
        let (response, _, _) = actix_ws::handle(request, nothing)?;
        let descriptor = request.conn_data::<Descriptor>().map(|socket| socket.0);
        let max_bytes = settings.outbox_max_bytes;
        let queued = max_bytes.saturating_sub(WRITE_BUFFER).max(max_bytes / 4);
        let outbox = Outbox::new(queued, descriptor, backpressure);
        let bounds = MessageBounds {
            bytes: settings.max_frame_bytes,
            fragments: settings.max_fragments,
        };
        Ok(Self {
            response: response.map_body(|_, _| outbox.body().boxed()),
            reader: Reader::new(payload.into_inner(), bounds, outbox.clone()),
            outbox,
        })
    }
}

/// What is left to the owner of a connection once the protocol's own business is done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(String),
    Binary(Vec<u8>),
    /// The client lives, and that was all.
    Control,
    /// The connection ends.
    Closed,
}

/// Answers a ping, a close, and what breaks the protocol.
pub(crate) fn answer(received: Result<Received, Violation>, outbox: &Outbox) -> Incoming {
    match received {
        Ok(Received::Text(text)) => Incoming::Text(text),
        Ok(Received::Binary(payload)) => Incoming::Binary(payload),
        Ok(Received::Ping(payload)) => {
            outbox.answer(frame::pong_frame(&payload));
            Incoming::Control
        }
        Ok(Received::Pong | Received::EmptyFragment) => Incoming::Control,
        Ok(Received::Close) => {
            // Either the answer to ours, or a goodbye that we answer.
            outbox.close(CloseCode::Normal);
            outbox.hang_up();
            Incoming::Closed
        }
        Err(violation) => {
            outbox.close(violation.into());
            Incoming::Closed
        }
    }
}
