//! The caller's own sessions.

use abu_application::{identity::sessions::OwnSession, platform::lists::TimePosition};
use abu_domain::LoginSessionId;
use actix_web::{HttpResponse, delete, get, post, web::Path};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    areas::common::ByUuid,
    caller::CurrentUser,
    input::NoParameters,
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(log_out)
        .service(log_out_everywhere)
        .service(list_sessions)
        .service(end_session);
}

/// Log out.
///
/// The session ends: its tokens are refused from now on, and its connections to the chat are closed
/// with 4001.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended.")),
)]
#[post("/auth/logout")]
async fn log_out(state: State, caller: CurrentUser) -> Answer {
    state.identity.sessions.log_out(caller.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere.
///
/// All of the caller's sessions end, this one too.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    responses((status = 204, description = "All sessions have ended.")),
)]
#[post("/auth/logout-all")]
async fn log_out_everywhere(state: State, caller: CurrentUser) -> Answer {
    state
        .identity
        .sessions
        .log_out_everywhere(caller.caller)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

struct Sessions;

impl List for Sessions {
    type Filter = NoParameters;
    type Item = OwnSession;
    type Entry = Session;
    type Position = TimePosition<LoginSessionId>;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(session: &OwnSession) -> TimePosition<LoginSessionId> {
        TimePosition {
            at: session.listing.last_used_at,
            id: session.listing.id,
        }
    }
}

/// A log-in that lasts.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    #[schema(example = "3f8f06a6-248f-4ecf-a245-f852341f8c1f")]
    uuid: Uuid,
    /// What the device called itself.
    #[schema(example = "Amina's phone")]
    device_name: Option<String>,
    /// The network it was last used from; the part that names a machine is not kept.
    #[schema(example = "102.89.23.0/24")]
    ip_region: Option<String>,
    #[schema(example = "2026-01-05T08:30:00Z")]
    created_at: DateTime<Utc>,
    /// When it last got new tokens.
    #[schema(example = "2026-01-07T17:05:00Z")]
    last_used_at: DateTime<Utc>,
    /// It is the one that asks.
    #[schema(example = true)]
    current: bool,
}

impl From<OwnSession> for Session {
    fn from(session: OwnSession) -> Self {
        let OwnSession {
            listing,
            is_current,
        } = session;
        Self {
            uuid: listing.id.uuid(),
            device_name: listing.device_name,
            ip_region: listing.network,
            created_at: listing.created_at,
            last_used_at: listing.last_used_at,
            current: is_current,
        }
    }
}

problems! {
    ListProblems: CursorMismatch, ValidationFailed;
    OneProblems: NotFound;
}

/// List your own sessions.
///
/// Those that last, the most recently used first. There are 50 at most: where one more begins, the
/// longest unused ends.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    params(PageParameters),
    responses((status = 200, description = "A page of sessions.", body = ListBody<Session>), ListProblems),
)]
#[get("/auth/sessions")]
async fn list_sessions(state: State, caller: CurrentUser, page: Page<Sessions>) -> Answer {
    let sessions = state
        .identity
        .sessions
        .list(caller.caller, page.request)
        .await?;
    page.reply.with(sessions)
}

/// End one of your own sessions.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 204, description = "The session has ended."), OneProblems),
)]
#[delete("/auth/sessions/{uuid}")]
async fn end_session(state: State, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    state
        .identity
        .sessions
        .revoke(caller.caller, path.uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
