//! The caller's own sessions.

use abu_application::ports::{SessionCursor, SessionListing};
use abu_domain::SessionId;
use actix_web::{HttpResponse, delete, get, post, web::Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::State;
use crate::http::{
    caller::CurrentUser,
    input::QueryFields,
    list::{List, ListBody, Page, PageParameters},
    problem::{Problem, problems},
    routes::ByUuid,
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
async fn log_out(state: State, caller: CurrentUser) -> Result<HttpResponse, Problem> {
    state.sessions.log_out(caller.caller).await?;
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
async fn log_out_everywhere(state: State, caller: CurrentUser) -> Result<HttpResponse, Problem> {
    state.sessions.log_out_everywhere(caller.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's sessions, the most recently used first.
struct Sessions;

#[derive(Serialize, Deserialize)]
struct SessionPosition {
    last_used_at: DateTime<Utc>,
    uuid: Uuid,
}

impl List for Sessions {
    type Filter = ();
    type Position = SessionPosition;
    const MAX_LIMIT: u32 = 100;

    fn filter(_query: &mut QueryFields) -> Option<()> {
        Some(())
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

impl Session {
    fn of(listing: SessionListing, current: SessionId) -> Self {
        Self {
            uuid: listing.id.uuid(),
            device_name: listing.device_name,
            ip_region: listing.network,
            created_at: listing.created_at,
            last_used_at: listing.last_used_at,
            current: listing.id == current,
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
async fn list_sessions(
    state: State,
    caller: CurrentUser,
    mut page: Page<Sessions>,
) -> Result<HttpResponse, Problem> {
    let current = caller.caller.session;
    let after = page.after.take().map(|after| SessionCursor {
        last_used_at: after.last_used_at,
        id: SessionId::new(after.uuid),
    });
    let mut sessions = state
        .sessions
        .list(caller.caller, after, page.probe())
        .await?;
    let next = page.cut(&mut sessions, |session| SessionPosition {
        last_used_at: session.last_used_at,
        uuid: session.id.uuid(),
    });
    let sessions = sessions.into_iter();
    page.answer(
        &state,
        sessions.map(|one| Session::of(one, current)).collect(),
        next,
    )
}

/// End one of your own sessions.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 204, description = "The session has ended."), OneProblems),
)]
#[delete("/auth/sessions/{uuid}")]
async fn end_session(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    state
        .sessions
        .revoke(caller.caller, path.uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
