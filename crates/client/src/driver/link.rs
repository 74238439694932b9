//! One connection: packets out, packets in.

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

/// More than the largest answer: a hundred messages of the greatest length.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Small buffers: a client has one connection, a bridge hundreds.
const BUFFER_BYTES: usize = 16 * 1024;

/// How long the server may take none of what is written before the connection counts as lost.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the server may take to answer a goodbye.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a connection did not come about.
pub(super) enum Refusal {
    /// The network, or something that is not this server.
    Unreachable(String),
    /// An HTTP answer in the place of the upgrade.
    Status(Problem),
    /// It speaks no profile that this client does.
    Unsupported,
}

/// A packet, with the name of the request that it answers; `None` is a sign of life, or a packet that
/// this client does not know.
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

    /// The first packet of every connection.
    pub(super) async fn welcome(&mut self) -> Result<Welcome, Interruption> {
        loop {
            match self.hear().await? {
                Some((ServerPacket::Welcome(welcome), _)) => return Ok(welcome),
                Some(_) => return Err(Interruption::NotUnderstood),
                None => {}
            }
        }
    }

    /// What the server says next. May be dropped at any time without losing anything.
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
                    // A message that is lost by this shows as a gap.
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
            // The server may have said why before it went.
            Ok(Err(_)) => Err(self.last_words().await),
            Err(_) => Err(Interruption::Lost),
        }
    }

    /// Says goodbye. What the server still says comes before its own goodbye, an
    /// [`Interruption`].
    pub(super) async fn say_goodbye(&mut self) {
        let frame = CloseFrame {
            code: WireCode::Normal,
            reason: "".into(),
        };
        // A connection that is gone already shows when its end is heard.
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
