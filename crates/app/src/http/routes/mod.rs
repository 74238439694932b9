//! Every route, by what it is about. This is the one place that lists them.

mod audit_log;
mod auth;
mod chat;
mod console;
mod docs;
mod emails;
mod groups;
mod health;
mod mails;
mod me;
mod members;
mod messages;
mod passwords;
mod permissions;
mod problems;
mod registration;
mod role_assignments;
mod roles;
mod rooms;
mod users;

use abu_application::ports::NameFilter;
use abu_domain::{
    Violation,
    text::{LoginPassword, NewPassword},
};
use actix_web::{HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::{scope, service_config::ServiceConfig};
use uuid::Uuid;

use super::{
    caller::CurrentUser,
    input::{BodyFields, FromBody, FromQuery, QueryFields, short_text},
    problem::Problem,
    rate_limit::Limits,
};
use crate::{rate_limits::Policy, state::AppState};

/// Where the API begins.
const BASE: &str = "/api/v1";

/// Adds every route.
pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope(BASE)
                .configure(auth::configure)
                .configure(registration::configure)
                .configure(passwords::configure)
                .configure(emails::configure)
                .configure(me::configure)
                .configure(users::configure)
                .configure(permissions::configure)
                .configure(roles::configure)
                .configure(groups::configure)
                .configure(role_assignments::configure)
                .configure(rooms::configure)
                .configure(members::configure)
                .configure(messages::configure)
                .configure(audit_log::configure)
                .configure(mails::configure),
        )
        .configure(chat::configure)
        .configure(health::configure)
        .configure(docs::configure)
        .configure(console::configure)
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

/// A request that was taken on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Accepted {
    /// What happens next, for people.
    #[schema(example = "If the address has an account, a link is on its way there.")]
    message: &'static str,
}

/// Answers with a promise: what comes of it, a mail tells, and not this answer.
fn accepted(message: &'static str) -> HttpResponse {
    HttpResponse::Accepted().json(Accepted { message })
}

/// What a link in a mail carries.
#[derive(utoipa::ToSchema)]
#[schema(as = LinkToken, example = json!({"token": "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk"}))]
#[expect(dead_code, reason = "it describes what `TokenBody` is read from")]
struct TokenSchema {
    /// The parameter `token` of the link's address.
    token: String,
}

struct TokenBody(String);

impl FromBody for TokenBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        // What is no token is a link that is not good, like any other.
        body.text("token", |text| Ok(text.to_owned())).map(Self)
    }
}

fn new_password(text: &str) -> Result<NewPassword, Violation> {
    NewPassword::parse(text.into())
}

fn login_password(text: &str) -> Result<LoginPassword, Violation> {
    Ok(LoginPassword::new(text.into()))
}

/// Counts a try of the caller's password like a log-in, whether it succeeds or not. Every route that
/// takes the password of somebody who is logged in begins with this.
fn count_guess(limits: &Limits, caller: &CurrentUser) -> Result<(), Problem> {
    limits.by_user(Policy::LogInAccount, caller.caller.user)
}

/// Answers with something that is new at this address below [`BASE`].
fn created(path: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, format!("{BASE}{path}")))
        .json(body)
}
