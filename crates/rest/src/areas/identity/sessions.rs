//! The caller's own sessions.

use std::future::{Ready, ready};

use abu_application::identity::sessions::{OwnSession, SessionError};
use abu_domain::LoginSessionId;
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::areas::{
    identity::refresh_cookie::{self, logged_out},
    prelude::*,
};

routes! { log_out, log_out_everywhere, list_sessions, end_session }

problems! {
    LogOutProblems: OriginNotAllowed;
}

/// The credentials of a session to end: a valid access token, or else the cookie. It has no `Debug`,
/// and so no way into a log.
struct Leaving {
    caller: Result<CurrentUser, Problem>,
    cookie: Option<SecretString>,
}

impl FromRequest for Leaving {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = CurrentUser::from_request(request, payload).into_inner();
        ready(match (caller, refresh_cookie::read(request)) {
            (Err(problem), None) => Err(problem),
            (caller, cookie) => Ok(Self { caller, cookie }),
        })
    }
}

/// Log out.
///
/// The session ends: its tokens are refused from now on, and its connections to the chat are closed
/// with 4001. Without a valid access token the cookie counts; its request must have an `Origin` that is
/// on the server's list or the server's own. The cookie is deleted.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = []), ("refresh_cookie" = [])),
    responses((status = 204, description = "The session has ended."), LogOutProblems),
)]
#[post("/auth/logout")]
async fn log_out(
    request: HttpRequest,
    identity: Identity,
    origin: RequestOrigin,
    leaving: Leaving,
) -> Answer {
    let by_token = match leaving.caller {
        Ok(caller) => identity
            .sessions
            .log_out(caller.0)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match (by_token, leaving.cookie) {
        (Ok(()), _) => {}
        (Err(problem), None) => return Err(problem),
        (Err(_), Some(token)) => {
            refresh_cookie::check_origin(&request)?;
            match identity.sessions.log_out_by(token, origin.0).await {
                // The cookie of an ended session is deleted all the same.
                Ok(()) | Err(SessionError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    logged_out(&request)
}

/// Log out everywhere.
///
/// All of the caller's sessions end, this one too. The cookie is deleted.
#[utoipa::path(tag = "auth", responses((status = 204, description = "All sessions have ended.")))]
#[post("/auth/logout-all")]
async fn log_out_everywhere(
    request: HttpRequest,
    identity: Identity,
    caller: CurrentUser,
) -> Answer {
    identity.sessions.log_out_everywhere(caller.0).await?;
    logged_out(&request)
}

struct Sessions;

impl List for Sessions {
    type Filter = NoParameters;
    type Item = OwnSession;
    type Entry = Session;
    type Position = TimePosition<LoginSessionId>;
    const SORTS: [&'static str; 2] = ["-last_used_at", "last_used_at"];

    fn position(session: &OwnSession) -> TimePosition<LoginSessionId> {
        TimePosition {
            at: session.listing.last_used_at,
            id: session.listing.id,
        }
    }
}

json_form! {
    /// A log-in that lasts.
    struct Session from session: OwnSession {
        #[schema(example = "3f8f06a6-248f-4ecf-a245-f852341f8c1f")]
        uuid: Uuid = session.listing.id.uuid(),
        /// What the device called itself.
        #[schema(example = "Amina's phone")]
        device_name: Option<String> = session.listing.device_name,
        /// The network it was last used from; the part that names a machine is not kept.
        #[schema(example = "102.89.23.0/24")]
        ip_region: Option<String> = session.listing.network,
        #[schema(example = "2026-01-05T08:30:00Z")]
        created_at: DateTime<Utc> = session.listing.created_at,
        /// When it last got new tokens.
        #[schema(example = "2026-01-07T17:05:00Z")]
        last_used_at: DateTime<Utc> = session.listing.last_used_at,
        /// It is the one that asks.
        #[schema(example = true)]
        current: bool = session.is_current,
    }
}

/// List your own sessions.
///
/// Those that last, the most recently used first. There are 50 at most: where one more begins, the
/// longest unused ends.
#[utoipa::path(
    tag = "auth",
    params(Page::<Sessions>),
    responses((status = 200, description = "A page of sessions.", body = ListBody<Session>)),
)]
#[get("/auth/sessions")]
async fn list_sessions(identity: Identity, caller: CurrentUser, page: Page<Sessions>) -> Answer {
    let sessions = identity.sessions.list(caller.0, page.request);
    page.reply.with(sessions.await?)
}

/// End one of your own sessions.
#[utoipa::path(
    tag = "auth",
    params(ByUuid),
    responses((status = 204, description = "The session has ended.")),
)]
#[delete("/auth/sessions/{uuid}")]
async fn end_session(identity: Identity, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    identity.sessions.revoke(caller.0, path.id()).await?;
    Ok(no_content())
}
