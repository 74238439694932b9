//! The way into the chat: everything that is decided before a connection becomes a WebSocket.

use std::future::{Ready, ready};

use abu_application::platform::rate_limits::{Key, Shaping};
use abu_chat::{Connecting, Worker};
use abu_connections::{ClientAddress, Connection, NoRoomForChat};
use abu_domain::platform::network::Network;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::Version, web};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    areas::prelude::*,
    caller::{authentication_required, bearer_token, note_caller},
    input::{Query, has_body},
    middleware::cors::{PageUse, check_origin},
};

routes! { open_chat }

/// The credential of a client that cannot send it in a header.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct CredentialParameters {
    /// An access token, without the word `Bearer`.
    token: Option<String>,
    /// A ticket.
    ticket: Option<String>,
}

problems! {
    OpenProblems: BadRequest, OriginNotAllowed, UpgradeRequired, TooManySessions, RateLimited, Maintenance;
}

/// Open the chat.
///
/// A WebSocket handshake with an access token as `token` or in the header `Authorization`, or with a
/// ticket as `ticket`. Everything that can be refused is refused here, over HTTP. A browser sends the
/// header `Origin`, which must be on the server's list or, while the console is on, be the server's own.
///
/// `Sec-WebSocket-Protocol` may offer `abu.chat.v2` and `abu.chat.v1`; the newest is taken, and where
/// nothing is offered `abu.chat.v1` is spoken. Each text frame is one packet, `{"type": …, "payload": {…}}`.
#[utoipa::path(
    tag = "chat",
    security(("bearer" = []), ("token" = []), ("ticket" = [])),
    params(CredentialParameters),
    responses((status = 101, description = "The connection is a WebSocket from here on."), OpenProblems),
)]
#[get("/chat")]
async fn open_chat(
    request: HttpRequest,
    payload: web::Payload,
    identity: Identity,
    messaging: Messaging,
    limits: Limits,
    worker: ThisWorker,
) -> Answer {
    check_origin(&request, PageUse::Chat)?;
    let credential = Credential::of(&request)?;
    check_handshake(&request)?;
    let connection = Connection::of(&request);
    connection.map_or(Ok(()), Connection::has_room_for_chat)?;
    let network = Network::of(ClientAddress::of(&request));
    let who = match credential.redeem(&identity, &messaging, network).await {
        Ok(who) => who,
        Err(problem) => return Err(limits.failed(Shaping::FailedHandshake, problem)),
    };
    limits.take(Shaping::Handshake, Key::User(who.user_id))?;
    note_caller(&request, who.user_id);
    connection.inspect(|connection| connection.authenticate());
    let place = connection.map(Connection::take_chat_place).transpose()?;
    let opened = worker.0.connect(&request, payload, who).await?;
    if let Some(place) = place {
        place.upgrade();
    }
    Ok(opened)
}

/// A handshake is an HTTP/1.1 GET without a body (RFC 6455, 4.2.1): what follows it would be read as frames.
fn check_handshake(request: &HttpRequest) -> Result<(), Problem> {
    if has_body(request) {
        return Err(Problem::new(
            ProblemKind::BadRequest,
            "A WebSocket handshake has no body.",
        ));
    }
    match request.version() {
        Version::HTTP_11 => Ok(()),
        _ => Err(Problem::new(
            ProblemKind::UpgradeRequired,
            "A WebSocket handshake is an HTTP/1.1 request.",
        )),
    }
}

impl From<NoRoomForChat> for Problem {
    fn from(_: NoRoomForChat) -> Self {
        Self::new(
            ProblemKind::Unavailable,
            "The server has as many chat sessions as it can hold.",
        )
    }
}

/// The credential of a handshake. It has no `Debug`, and so no way into a log.
enum Credential {
    Token(String),
    Ticket(String),
}

impl Credential {
    /// A token in the address counts before a ticket, and both before the header.
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let query = Query::parse(request.query_string());
        let CredentialParameters { token, ticket } = query.read()?;
        if let Some(token) = token {
            return Ok(Self::Token(token));
        }
        if let Some(ticket) = ticket {
            return Ok(Self::Ticket(ticket));
        }
        bearer_token(request.headers())?
            .map(|token| Self::Token(token.to_owned()))
            .ok_or_else(authentication_required)
    }

    /// Whose it is. A ticket is used up.
    async fn redeem(
        self,
        identity: &Identity,
        messaging: &Messaging,
        network: Network,
    ) -> Result<Connecting, Problem> {
        match self {
            Self::Token(token) => {
                let claims = identity.sessions.verify(&token)?;
                Ok(Connecting {
                    user_id: claims.user_id,
                    session_id: claims.session_id,
                    expires_at: claims.expires_at,
                    network,
                })
            }
            Self::Ticket(ticket) => {
                let secret = ticket_secret(&ticket)?;
                let holder = messaging.tickets.use_ticket(secret).await?;
                Ok(Connecting {
                    user_id: holder.user_id,
                    session_id: holder.session_id,
                    expires_at: holder.access_expires_at,
                    network,
                })
            }
        }
    }
}

fn ticket_secret(ticket: &str) -> Result<[u8; 32], Problem> {
    URL_SAFE_NO_PAD
        .decode(ticket)
        .ok()
        .and_then(|secret| secret.try_into().ok())
        .ok_or_else(|| Problem::new(ProblemKind::InvalidToken, "The ticket is not valid."))
}

/// The chat of the thread that runs this.
struct ThisWorker(Worker);

impl FromRequest for ThisWorker {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Worker>() {
            Some(worker) => Ok(Self(worker.clone())),
            None => Err(Problem::internal("this thread has no chat")),
        })
    }
}
