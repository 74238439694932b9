//! Logging in, and tickets for the chat.

use abu_application::{chat_access::TICKET_LIFETIME, sessions::LogInDraft};
use abu_domain::text::{EmailAddress, LoginPassword};
use actix_web::{post, web::Json};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::State;
use crate::{
    http::{
        caller::{CurrentUser, RequestOrigin},
        dto::TokenHolder,
        input::{Body, BodyFields, FromBody},
        problem::{Problem, problems},
        rate_limit::Limits,
    },
    rate_limits::Policy,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(log_in).service(issue_ticket);
}

/// What a log-in takes.
#[derive(ToSchema)]
#[schema(as = Credentials, example = json!({
    "email": "amina@example.com",
    "password": "correct horse battery staple",
}))]
#[expect(dead_code, reason = "it describes what `LogInBody` is read from")]
struct CredentialsSchema {
    email: String,
    #[schema(format = Password)]
    password: String,
}

struct LogInBody {
    email: EmailAddress,
    password: LoginPassword,
}

impl FromBody for LogInBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let email = body.text("email", EmailAddress::parse);
        let password = body.text("password", |text| {
            Ok(LoginPassword::new(SecretString::from(text)))
        });
        Some(Self {
            email: email?,
            password: password?,
        })
    }
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
struct AccessToken {
    /// Goes into `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.b3VyIHNpZ25hdHVyZQ")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// For how many seconds it is good.
    #[schema(example = 3600)]
    expires_in: u64,
    user: TokenHolder,
}

problems! {
    LogInProblems: InvalidCredentials, EmailUnverified, AccountSuspended, Unavailable;
}

/// Log in.
///
/// All log-ins that fail because of the address or the password fail alike. Those that succeed count
/// towards the limits of the account and of the network as those that fail do.
#[utoipa::path(
    tag = "auth",
    request_body = CredentialsSchema,
    responses((status = 200, description = "Logged in.", body = AccessToken), LogInProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/token")]
async fn log_in(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    body: Body<LogInBody>,
) -> Result<Json<AccessToken>, Problem> {
    let LogInBody { email, password } = body.0;
    limits.by_network(Policy::LogInNetwork)?;
    limits.by_address(Policy::LogInAccount, &email)?;
    let draft = LogInDraft { email, password };
    let log_in = state.sessions.log_in(draft, origin.0).await?;
    let user = TokenHolder::of(&log_in);
    Ok(Json(AccessToken {
        access_token: log_in.token.token,
        token_type: "bearer",
        expires_in: log_in.token.expires_in,
        user,
    }))
}

/// A ticket for the chat.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// Goes into `/chat?ticket=…`, once.
    #[schema(example = "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk")]
    ticket: String,
    /// For how many seconds it is good.
    #[schema(example = 30)]
    expires_in: i64,
}

/// Get a ticket for the chat.
///
/// It opens one session that lasts as long as the access token would, and keeps the token itself out
/// of addresses, which proxies log.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    responses((status = 200, description = "A ticket.", body = Ticket)),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/ws-ticket")]
async fn issue_ticket(state: State, caller: CurrentUser) -> Result<Json<Ticket>, Problem> {
    let secret = state
        .chat_access
        .issue_ticket(caller.caller, caller.claims.expires_at)
        .await?;
    Ok(Json(Ticket {
        ticket: URL_SAFE_NO_PAD.encode(secret),
        expires_in: TICKET_LIFETIME.num_seconds(),
    }))
}
