//! Every route, by what it is about. This is the one place that lists them.

mod auth;
mod chat;
mod docs;
mod groups;
mod health;
mod me;
mod members;
mod messages;
mod permissions;
mod problems;
mod role_assignments;
mod roles;
mod rooms;
mod users;

use abu_application::ports::NameFilter;
use actix_web::{HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::{scope, service_config::ServiceConfig};
use uuid::Uuid;

use crate::{
    http::input::{FromQuery, QueryFields, short_text},
    state::AppState,
};

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
                .configure(permissions::configure)
                .configure(roles::configure)
                .configure(groups::configure)
                .configure(role_assignments::configure)
                .configure(rooms::configure)
                .configure(members::configure)
                .configure(messages::configure),
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

/// The path of something that has a name of its own.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByName {
    /// Which one.
    #[param(example = "newsletter_admin")]
    name: String,
}

/// How many names one request may name at once.
const MAX_NAMES: usize = 100;

/// What narrows lists of what has a name.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `NameFilter` is read from")]
struct NameFilterParameters {
    /// What the name contains, in any case.
    #[param(example = "admin", min_length = 1, max_length = 100)]
    q: Option<String>,
}

impl FromQuery for NameFilter {
    fn from_query(query: &mut QueryFields) -> Option<Self> {
        Some(Self {
            contains: query.optional("q", short_text),
        })
    }
}

/// Answers with something that is new at this address below [`BASE`].
fn created(path: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, format!("{BASE}{path}")))
        .json(body)
}
