//! The WebSocket connection: handshake, packets as text frames, close frames (RFC 6455).

use std::time::Duration;

use abu_chat_protocol::{
    ClientPacket, CloseCode, Decoded, Profile, RequestRef, ServerPacket, server::Welcome,
};
use futures_util::{SinkExt, StreamExt};
use hyper::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message as Frame,
        client::IntoClientRequest,
        error::{ProtocolError, SubProtocolError},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode as WireCode},
    },
};

use crate::{
    AccessToken, Problem,
    event::Interruption,
    http::{AGENT, Rest, Stream, problem_of},
};

/// Larger than the largest answer, a hundred messages of maximum length.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Small, because a bridge has hundreds of connections.
const BUFFER_BYTES: usize = 16 * 1024;

/// A write that the server does not accept within this time counts as a lost connection.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Bounds the wait for the server's close frame.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the handshake failed.
pub(super) enum Refusal {
    /// The network failed, or the peer is not this server.
    Unreachable(String),
    /// An HTTP response instead of the upgrade.
    Status(Problem),
    /// The server does not support profile v2.
    Unsupported,
}

/// A packet with the `ref` of the request that it answers. `None` is a ping or pong, or an unknown packet.
pub(super) type Heard = Option<(ServerPacket, Option<RequestRef>)>;

pub(super) struct Link {
    socket: WebSocketStream<Stream>,
}

impl Link {
    pub(super) async fn open(rest: &Rest, token: &AccessToken) -> Result<Self, Refusal> {
        let unreachable = |error: &dyn std::fmt::Display| Refusal::Unreachable(error.to_string());
        let mut request = rest
            .address()
            .chat_url()
            .into_client_request()
            .map_err(|error| unreachable(&error))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|error| unreachable(&error))?;
        bearer.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let profile = HeaderValue::from_static(Profile::V2.subprotocol());
        headers.insert(SEC_WEBSOCKET_PROTOCOL, profile);
        let stream = rest
            .transport
            .connect()
            .await
            .map_err(|error| unreachable(&error))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(tungstenite::Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                let problem = problem_of(answer.status(), answer.headers(), body);
                Err(Refusal::Status(problem))
            }
            Err(tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol,
            ))) => Err(Refusal::Unsupported),
            Err(error) => Err(unreachable(&error)),
        }
    }

    /// Waits for `welcome`, the first packet of every connection.
    pub(super) async fn welcome(&mut self) -> Result<Welcome, Interruption> {
        loop {
            match self.hear().await? {
                Some((ServerPacket::Welcome(welcome), _)) => return Ok(welcome),
                Some(_) => return Err(Interruption::NotUnderstood),
                None => {}
            }
        }
    }

    /// Waits for the next frame. Cancel-safe.
    pub(super) async fn hear(&mut self) -> Result<Heard, Interruption> {
        match self.socket.next().await {
            Some(Ok(Frame::Text(text))) => match ServerPacket::decode(&text) {
                Ok(Decoded::Known {
                    packet,
                    request_ref,
                    ..
                }) => Ok(Some((packet, request_ref))),
                Ok(Decoded::Unknown(_)) => Ok(None),
                Err(error) => {
                    // Gap detection recovers a message that is lost here.
                    let name = error.request_type.unwrap_or("packet");
                    log::warn!("a {name} could not be read: {error}");
                    Ok(None)
                }
            },
            Some(Ok(Frame::Close(Some(frame)))) => {
                let code = CloseCode::from(u16::from(frame.code));
                Err(Interruption::Closed(code))
            }
            Some(Ok(Frame::Close(None)) | Err(_)) | None => Err(Interruption::Lost),
            Some(Ok(_)) => Ok(None),
        }
    }

    pub(super) async fn say(
        &mut self,
        packet: &ClientPacket,
        name: Option<&RequestRef>,
    ) -> Result<(), Interruption> {
        self.say_text(match name {
            Some(name) => packet.to_json_with_ref(name),
            None => packet.to_json(),
        })
        .await
    }

    pub(super) async fn say_text(&mut self, text: String) -> Result<(), Interruption> {
        match timeout(WRITE_TIMEOUT, self.socket.send(Frame::text(text))).await {
            Ok(Ok(())) => Ok(()),
            // The server may have sent a close code before.
            Ok(Err(_)) => Err(self.last_words().await),
            Err(_) => Err(Interruption::Lost),
        }
    }

    /// Sends a close frame with code 1000. Packets may still arrive before the server's close frame, which
    /// [`hear`](Self::hear) returns as an [`Interruption`].
    pub(super) async fn say_goodbye(&mut self) {
        let frame = CloseFrame {
            code: WireCode::Normal,
            reason: "".into(),
        };
        // The next read reports a lost connection.
        let _ = self.socket.close(Some(frame)).await;
    }

    async fn last_words(&mut self) -> Interruption {
        let words = async {
            loop {
                if let Err(cause) = self.hear().await {
                    return cause;
                }
            }
        };
        timeout(CLOSE_TIMEOUT, words)
            .await
            .unwrap_or(Interruption::Lost)
    }
}
