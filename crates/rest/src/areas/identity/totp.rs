//! One-time passwords.

use abu_application::identity::{ports::NewTotpSecret, sessions::TotpState};
use abu_domain::identity::text::{LoginPassword, OneTimePassword, RecoveryCode};
use actix_web::{HttpResponse, delete, get, http::StatusCode, post, web::Json};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    caller::CurrentUser,
    input::{Body, IntoDraft, Violations},
    problem::{Answer, problems},
    secret_json::SecretJson,
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_totp)
        .service(begin_totp)
        .service(confirm_totp)
        .service(remove_totp)
        .service(renew_recovery_codes);
}

problems! {
    ChangeProblems: Conflict;
}

/// The state of one-time passwords for an account.
#[derive(Debug, Serialize, ToSchema)]
struct Totp {
    /// Whether they are asked for at log-in.
    #[schema(example = true)]
    enabled: bool,
    /// Since when.
    #[schema(example = "2026-01-05T08:30:00Z")]
    enabled_at: Option<DateTime<Utc>>,
    /// Whether permissions count only with them.
    #[schema(example = false)]
    required: bool,
    /// How many recovery codes are left.
    #[schema(example = 10)]
    recovery_codes_left: usize,
}

impl From<TotpState> for Totp {
    fn from(state: TotpState) -> Self {
        Self {
            enabled: state.enabled_at.is_some(),
            enabled_at: state.enabled_at,
            required: state.required,
            recovery_codes_left: state.recovery_codes_left,
        }
    }
}

/// See how you stand to one-time passwords.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    responses((status = 200, description = "How it is.", body = Totp)),
)]
#[get("/auth/totp")]
async fn get_totp(state: State, caller: CurrentUser) -> Answer<Json<Totp>> {
    let totp = state.identity.sessions.totp_state(caller.caller).await?;
    Ok(Json(totp.into()))
}

/// What setting up takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
struct OwnPassword {
    /// The caller's password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl IntoDraft for OwnPassword {
    type Draft = LoginPassword;

    fn into_draft(self, _violations: &mut Violations) -> Option<LoginPassword> {
        Some(LoginPassword::new(self.password))
    }
}

/// What a device is given.
#[derive(Serialize, ToSchema)]
struct TotpSecret {
    /// For typing, in base32.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// For showing as a QR code, which authenticators read.
    #[schema(
        example = "otpauth://totp/ABU%20Alumni%20Connect:amina%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=ABU%20Alumni%20Connect"
    )]
    otpauth_uri: String,
}

impl From<NewTotpSecret> for TotpSecret {
    fn from(new: NewTotpSecret) -> Self {
        Self {
            secret: new.base32.expose_secret().to_owned(),
            otpauth_uri: new.uri.expose_secret().to_owned(),
        }
    }
}

/// Begin to set up one-time passwords.
///
/// The secret goes into an authenticator, and counts once `POST /auth/totp/confirm` has proved that it
/// arrived there. Until then, asking again makes another one.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    request_body = OwnPassword,
    responses((status = 201, description = "What the device needs.", body = TotpSecret), ChangeProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp")]
async fn begin_totp(
    state: State,
    caller: CurrentUser,
    body: Body<OwnPassword>,
) -> Answer<(SecretJson<TotpSecret>, StatusCode)> {
    let secret = state
        .identity
        .sessions
        .begin_totp(caller.caller, body.0)
        .await?;
    Ok((SecretJson(secret.into()), StatusCode::CREATED))
}

/// What confirming takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"otp": "492039"}))]
struct Otp {
    /// What the device shows now.
    #[schema(value_type = String)]
    otp: SecretString,
}

impl IntoDraft for Otp {
    type Draft = OneTimePassword;

    fn into_draft(self, _violations: &mut Violations) -> Option<OneTimePassword> {
        Some(OneTimePassword::new(self.otp.expose_secret()))
    }
}

/// Codes that each stand in for a one-time password once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// To be kept where the device is not. They are shown this once.
    #[schema(example = json!(["7Q2M-9ZKD-04TX-W8RB", "1HVA-6PXJ-NY35-CE2S"]))]
    recovery_codes: Vec<String>,
}

impl From<Vec<RecoveryCode>> for RecoveryCodes {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        let texts = codes
            .iter()
            .map(|code| code.text().expose_secret().to_owned());
        Self {
            recovery_codes: texts.collect(),
        }
    }
}

/// Finish setting up one-time passwords.
///
/// From now on each log-in takes one. Permissions that waited for it count at once.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    request_body = Otp,
    responses((status = 200, description = "Ten recovery codes.", body = RecoveryCodes), ChangeProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp/confirm")]
async fn confirm_totp(
    state: State,
    caller: CurrentUser,
    body: Body<Otp>,
) -> Answer<SecretJson<RecoveryCodes>> {
    let codes = state
        .identity
        .sessions
        .confirm_totp(caller.caller, body.0)
        .await?;
    Ok(SecretJson(codes.into()))
}

/// What a change takes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "password": "correct horse battery staple",
    "otp": "492039",
}))]
struct BothFactors {
    /// The caller's password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// What the device shows now, or a recovery code.
    #[schema(value_type = String)]
    otp: SecretString,
}

impl IntoDraft for BothFactors {
    type Draft = (LoginPassword, OneTimePassword);

    fn into_draft(self, _violations: &mut Violations) -> Option<Self::Draft> {
        let otp = OneTimePassword::new(self.otp.expose_secret());
        Some((LoginPassword::new(self.password), otp))
    }
}

/// Do without one-time passwords.
///
/// Recovery codes die with them. Where a group requires one-time passwords, permissions do not count
/// any more until they are set up again.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    request_body = BothFactors,
    responses((status = 204, description = "They are not asked for any more."), ChangeProblems),
)]
#[delete("/auth/totp")]
async fn remove_totp(state: State, caller: CurrentUser, body: Body<BothFactors>) -> Answer {
    let (password, otp) = body.0;
    state
        .identity
        .sessions
        .remove_totp(caller.caller, password, otp)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get other recovery codes.
///
/// Those from before die, used or not.
#[utoipa::path(
    tag = "auth",
    security(("bearer" = [])),
    request_body = BothFactors,
    responses((status = 200, description = "Ten recovery codes.", body = RecoveryCodes), ChangeProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp/recovery-codes")]
async fn renew_recovery_codes(
    state: State,
    caller: CurrentUser,
    body: Body<BothFactors>,
) -> Answer<SecretJson<RecoveryCodes>> {
    let (password, otp) = body.0;
    let codes = state
        .identity
        .sessions
        .renew_recovery_codes(caller.caller, password, otp)
        .await?;
    Ok(SecretJson(codes.into()))
}
