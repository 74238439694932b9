//! What load balancers and operators ask.

use abu_application::platform::readiness::{Readiness, ServingState};
use actix_web::web::Data;

use crate::areas::prelude::*;

routes! { live, ready }

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    #[schema(example = "ready")]
    status: &'static str,
}

problems! {
    ReadyProblems: Maintenance, Unavailable;
}

/// Ask whether the process answers.
///
/// It says nothing about the database: a server that cannot reach it must not be restarted for that.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "It answers.", body = Health)),
)]
#[get("/health/live")]
async fn live() -> Json<Health> {
    Json(Health { status: "live" })
}

/// Ask whether requests can be served now.
///
/// 503 while the server starts, goes down, or cannot reach the database, and while messages cannot be
/// stored in time.
#[utoipa::path(
    tag = "operation",
    responses((status = 200, description = "They can.", body = Health), ReadyProblems),
)]
#[get("/health/ready")]
async fn ready(readiness: Data<Readiness>, messaging: Messaging) -> Answer<Json<Health>> {
    let (kind, detail) = match readiness.state() {
        ServingState::Ready if messaging.messages.is_storing() => {
            return Ok(Json(Health { status: "ready" }));
        }
        ServingState::Ready => (
            ProblemKind::Unavailable,
            "Messages cannot be stored in time.",
        ),
        ServingState::DatabaseRefuses => (
            ProblemKind::Unavailable,
            "The database refuses connections.",
        ),
        ServingState::Starting => (ProblemKind::Maintenance, "The server is starting."),
        ServingState::Draining => (ProblemKind::Maintenance, "The server is going down."),
        ServingState::DatabaseAway => (ProblemKind::Unavailable, "The database is away."),
    };
    Err(Problem::new(kind, detail))
}
