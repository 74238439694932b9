//! Every route, by what it is about. This is the one place that lists them.

mod auth;
mod chat;
mod docs;
mod health;
mod mails;
mod me;
mod members;
mod messages;
mod problems;
mod rooms;
mod users;

use actix_web::{HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::{scope, service_config::ServiceConfig};
use uuid::Uuid;

use crate::state::AppState;

/// Where the API begins.
const BASE: &str = "/api/v1";

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope(BASE)
                .configure(auth::configure)
                .configure(me::configure)
                .configure(users::configure)
                .configure(rooms::configure)
                .configure(members::configure)
                .configure(messages::configure)
                .configure(mails::configure),
        )
        .configure(chat::configure)
        .configure(health::configure)
        .configure(docs::configure)
        .configure(problems::configure);
}

type State = web::Data<AppState>;

/// The path of something that a UUID names.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByUuid {
    /// Which one.
    #[param(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    uuid: Uuid,
}

/// Answers with something that is new at this address below [`BASE`].
fn created(path: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, format!("{BASE}{path}")))
        .json(body)
}
