//! From an HTTP request to a chat session.

use std::{any::Any, os::fd::AsRawFd, time::Instant};

use abu_chat_protocol::Profile;
use abu_domain::{LoginSessionId, UserId, platform::network::Network};
use actix::{Actor, AsyncContext};
use actix_web::{
    HttpRequest, HttpResponse,
    dev::Extensions,
    http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL},
    web,
};
use chrono::{DateTime, Utc};
use socket2::SockRef;
use uuid::Uuid;

use crate::{
    Worker,
    directory::{LookupError, Snapshot},
    engine::Engine,
    frame, packets,
    registry::{EndedMeanwhile, SessionKey},
    session::{
        ChatSession, Outbox,
        socket::{Descriptor, Socket},
        state::{SessionState, TokenEnd},
    },
    worker::Handle,
};

/// An authenticated user who connects.
#[derive(Clone, Copy, Debug)]
pub struct Connecting {
    pub user_id: UserId,
    /// The login session of the token or ticket.
    pub session_id: LoginSessionId,
    /// When their access token expires, and the session with it.
    pub expires_at: DateTime<Utc>,
    /// Where the connection comes from, for the log.
    pub network: Network,
}

/// Why a connection was refused before it became a WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the log-in has ended")]
    SessionEnded,
    #[error("the account is suspended")]
    Suspended,
    /// Its owner has the account hidden.
    #[error("the account is deactivated")]
    Deactivated,
    /// The user has as many sessions as allowed.
    #[error("too many sessions")]
    TooManySessions,
    #[error("the server is going down")]
    Draining,
    /// The store cannot be asked now.
    #[error("the database is not available")]
    Unavailable,
    #[error("not a WebSocket handshake")]
    Handshake(actix_web::Error),
}

/// Prepares an accepted connection; to be given to `HttpServer::on_connect`. Small packets are sent at
/// once.
///
/// The owner of the socket bounds its send buffer by `send_buffer_bytes` once it carries a chat: the kernel
/// would otherwise hold megabytes for a client that does not read.
pub fn on_connect(connection: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() else {
        return;
    };
    // An improvement only: a connection without it works.
    let _ = SockRef::from(stream).set_tcp_nodelay(true);
    extensions.insert(Descriptor(stream.as_raw_fd()));
}

impl Worker {
    pub async fn connect(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
        who: Connecting,
    ) -> Result<HttpResponse, ConnectError> {
        let engine = self.engine();
        if engine.is_draining() {
            return Err(ConnectError::Draining);
        }
        let place = engine
            .hub
            .users
            .take_place(who.user_id)
            .ok_or(ConnectError::TooManySessions)?;
        let expected = Expected::new(self, who.user_id);
        let snapshot = engine
            .hub
            .directory
            .look_up(who.user_id, who.session_id)
            .await?;
        if engine.is_draining() {
            return Err(ConnectError::Draining);
        }
        let offered = offered_protocols(request);
        let negotiated = Profile::negotiate(offered.as_deref());
        let settings = &engine.settings;
        let Socket {
            mut response,
            reader,
            outbox,
        } = Socket::open(request, payload, settings, &engine.backpressure)
            .await
            .map_err(ConnectError::Handshake)?;
        if let Some(protocol) = negotiated.subprotocol {
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        let id = engine.context().ids.random();
        if negotiated.profile >= Profile::V2 {
            greet(engine, id, who, &outbox);
        }
        let now = Instant::now();
        let lifetime = (who.expires_at - engine.context().clock.now()).to_std();
        let token_end = TokenEnd {
            at: now + lifetime.unwrap_or_default(),
            time: who.expires_at,
        };
        let state = SessionState::new(settings, negotiated.profile, now, token_end);
        let admitted = expected.admit(who.session_id, &snapshot, |key| {
            let actor = ChatSession::create(|ctx| {
                ctx.add_stream(reader);
                ChatSession {
                    id,
                    network: who.network,
                    began: now,
                    user: who.user_id,
                    log_in: who.session_id,
                    key,
                    profile: negotiated.profile,
                    state,
                    outbox: outbox.clone(),
                    worker: self.clone(),
                    _place: place,
                    own_address: ctx.address().downgrade(),
                    armed_until: None,
                }
            });
            Handle {
                outbox,
                profile: negotiated.profile,
                log_in: who.session_id,
                actor,
            }
        });
        admitted?;
        Ok(response)
    }
}

impl From<LookupError> for ConnectError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::SessionEnded => Self::SessionEnded,
            LookupError::Suspended => Self::Suspended,
            LookupError::Deactivated => Self::Deactivated,
            LookupError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<EndedMeanwhile> for ConnectError {
    fn from(ended: EndedMeanwhile) -> Self {
        match ended {
            EndedMeanwhile::Suspended => Self::Suspended,
            EndedMeanwhile::LoggedOut => Self::SessionEnded,
        }
    }
}

/// Queues `welcome` as the first packet: no other task has the outbox yet.
fn greet(engine: &Engine, session: Uuid, who: Connecting, outbox: &Outbox) {
    let clock = &engine.context().clock;
    let welcome = packets::welcome(
        session,
        who.user_id,
        clock.now(),
        who.expires_at,
        &engine.settings,
    );
    let frame = frame::text_frame(&welcome.into(), None, Profile::V2);
    // An empty outbox takes a frame.
    let _ = outbox.push(frame);
}

/// A connection under way; unless it is admitted, the worker stops waiting for it.
struct Expected<'a> {
    worker: &'a Worker,
    user: UserId,
    settled: bool,
}

impl<'a> Expected<'a> {
    fn new(worker: &'a Worker, user: UserId) -> Self {
        worker.expect(user);
        Self {
            worker,
            user,
            settled: false,
        }
    }

    fn admit(
        mut self,
        log_in: LoginSessionId,
        snapshot: &Snapshot,
        make: impl FnOnce(SessionKey) -> Handle,
    ) -> Result<SessionKey, EndedMeanwhile> {
        self.settled = true;
        self.worker.admit(self.user, log_in, snapshot, make)
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.worker.give_up(self.user);
        }
    }
}

/// The sub-protocols the client offers, as one comma-separated list.
fn offered_protocols(request: &HttpRequest) -> Option<String> {
    let offers: Vec<&str> = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!offers.is_empty()).then(|| offers.join(","))
}
