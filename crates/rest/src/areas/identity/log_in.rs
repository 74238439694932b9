//! Logging in, and staying so.

use abu_application::identity::{
    ports::IssuedToken,
    sessions::{LogIn, LogInDraft},
};
use abu_domain::{
    Violation,
    identity::text::{LoginPassword, OneTimePassword},
    platform::text::{DeviceName, EmailAddress},
};
use actix_web::post;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::identity::dto::TokenHolder,
    caller::RequestOrigin,
    input::{Body, Form, IntoDraft, Violations},
    middleware::rate_limit::Limits,
    problem::{Answer, Problem, problems},
    rate_limits::Policy,
    secret_json::SecretJson,
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(log_in)
        .service(refresh)
        .service(log_in_to_docs);
}

/// What a log-in takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "amina@example.com",
    "password": "correct horse battery staple",
    "device_name": "Amina's phone",
}))]
struct Credentials {
    /// Any verified address of the account.
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// What the device calls itself in the list of sessions.
    #[schema(min_length = 1, max_length = 100)]
    device_name: Option<String>,
    /// Where the account has one-time passwords: what the device shows now, or a recovery code.
    #[schema(value_type = Option<String>)]
    otp: Option<SecretString>,
}

impl IntoDraft for Credentials {
    type Draft = LogInDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<LogInDraft> {
        let email = violations.check("email", EmailAddress::parse(&self.email));
        let device_name = violations.optional("device_name", self.device_name, DeviceName::parse);
        let otp = |text: SecretString| OneTimePassword::new(text.expose_secret());
        Some(LogInDraft {
            email: email?,
            password: LoginPassword::new(self.password),
            otp: self.otp.map(otp),
            device_name,
        })
    }
}

/// What a client keeps of a log-in.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenPair {
    /// Goes into `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.b3VyIHNpZ25hdHVyZQ")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(example = 900)]
    expires_in: u64,
    /// Gets the next pair, once.
    #[schema(example = "P48GpiSPTs-iRfhSNB-MHw.0.b3VyIHJlZnJlc2ggdG9rZW4sIGZvciBhbiBleGFtcGw")]
    refresh_token: String,
    user: TokenHolder,
}

impl From<LogIn> for TokenPair {
    fn from(got: LogIn) -> Self {
        Self {
            user: TokenHolder::of(&got),
            access_token: got.access_token.token,
            token_type: "bearer",
            expires_in: got.access_token.expires_in,
            refresh_token: got.refresh_token.expose_secret().to_owned(),
        }
    }
}

problems! {
    LogInProblems: InvalidCredentials, OtpRequired, AccountSuspended, Unavailable;
    RefreshProblems: InvalidToken, TokenExpired, RefreshReused, AccountSuspended, Unavailable;
}

fn count(limits: &Limits, draft: &LogInDraft) -> Result<(), Problem> {
    limits.by_network(Policy::LogInNetwork)?;
    limits.by_address(Policy::LogInAccount, &draft.email)
}

/// Log in.
///
/// All log-ins that fail because of the address, the password or the one-time password fail alike.
/// Where the account has one-time passwords and the right password comes without one, the answer is
/// `otp-required`. Log-ins that succeed count towards the limits of the account and of the network as
/// those that fail do. An account that its owner had hidden is shown again.
#[utoipa::path(
    tag = "auth",
    request_body = Credentials,
    responses((status = 200, description = "Logged in.", body = TokenPair), LogInProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/token")]
async fn log_in(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    body: Body<Credentials>,
) -> Answer<SecretJson<TokenPair>> {
    count(&limits, &body.0)?;
    let got = state.identity.sessions.log_in(body.0, origin.0).await?;
    Ok(SecretJson(got.into()))
}

/// What a refresh takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refresh_token": "P48GpiSPTs-iRfhSNB-MHw.0.b3VyIHJlZnJlc2ggdG9rZW4sIGZvciBhbiBleGFtcGw",
}))]
struct Refresh {
    /// The newest one.
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

impl IntoDraft for Refresh {
    type Draft = SecretString;

    fn into_draft(self, _violations: &mut Violations) -> Option<SecretString> {
        Some(self.refresh_token)
    }
}

/// Get the next pair of tokens.
///
/// A refresh token is good for one successor. For 30 seconds after it was first used it gets the same
/// successor again, so a client may repeat a request whose answer it lost. After that, using it ends the
/// session, because the token was copied.
#[utoipa::path(
    tag = "auth",
    request_body = Refresh,
    responses((status = 200, description = "The next pair.", body = TokenPair), RefreshProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/refresh")]
async fn refresh(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    body: Body<Refresh>,
) -> Answer<SecretJson<TokenPair>> {
    limits.by_network(Policy::Refresh)?;
    let got = state.identity.sessions.refresh(body.0, origin.0).await?;
    Ok(SecretJson(got.into()))
}

/// The form by which OAuth 2 exchanges a password for a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "OAuth 2 clients send fields that are ignored")]
struct PasswordForm {
    /// An address of the account.
    #[schema(example = "amina@example.com")]
    username: String,
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: SecretString,
    /// `password`, if anything.
    #[schema(example = "password")]
    grant_type: Option<String>,
    /// Not looked at, and neither are the next two.
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl IntoDraft for PasswordForm {
    type Draft = LogInDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<LogInDraft> {
        let email = violations.check("username", EmailAddress::parse(&self.username));
        violations.optional("grant_type", self.grant_type, |text| match text {
            "password" => Ok(()),
            _ => Err(Violation {
                code: "grant_type.unknown",
                rule: "must be password",
            }),
        });
        Some(LogInDraft {
            email: email?,
            password: LoginPassword::new(self.password),
            otp: None,
            device_name: DeviceName::parse("API documentation").ok(),
        })
    }
}

/// An access token without a refresh token.
#[derive(Serialize, ToSchema)]
struct AccessToken {
    /// Goes into `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.b3VyIHNpZ25hdHVyZQ")]
    access_token: String,
    /// Always `bearer`.
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// For how many seconds it is good; then its session is over.
    #[schema(example = 900)]
    expires_in: u64,
}

impl From<IssuedToken> for AccessToken {
    fn from(issued: IssuedToken) -> Self {
        Self {
            access_token: issued.token,
            token_type: "bearer",
            expires_in: issued.expires_in,
        }
    }
}

/// Log in by a form, to try the API in its documentation.
///
/// It gives no refresh token, and has no place for a one-time password: an account that has them is
/// answered `otp-required`. Applications log in with `POST /auth/token`.
#[utoipa::path(
    tag = "auth",
    request_body(content = PasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Logged in.", body = AccessToken), LogInProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/docs-token")]
async fn log_in_to_docs(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    form: Form<PasswordForm>,
) -> Answer<SecretJson<AccessToken>> {
    count(&limits, &form.0)?;
    let token = state
        .identity
        .sessions
        .log_in_once(form.0, origin.0)
        .await?;
    Ok(SecretJson(token.into()))
}
