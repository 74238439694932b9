//! One-time passwords.

use abu_application::identity::{ports::NewTotpSecret, sessions::TotpState};
use abu_domain::identity::text::{LoginPassword, OneTimePassword, RecoveryCode};
use actix_web::http::StatusCode;

use super::credentials::OwnPassword;
use crate::areas::prelude::*;

routes! { get_totp, begin_totp, confirm_totp, remove_totp, renew_recovery_codes }

json_form! {
    /// The state of one-time passwords for an account.
    struct Totp from state: TotpState {
        /// Whether they are asked for at log-in.
        #[schema(example = true)]
        enabled: bool = state.enabled_at.is_some(),
        /// Since when.
        #[schema(example = "2026-01-05T08:30:00Z")]
        enabled_at: Option<DateTime<Utc>> = state.enabled_at,
        /// Whether permissions count only with them.
        #[schema(example = false)]
        required: bool = state.required,
        /// How many recovery codes are left.
        #[schema(example = 10)]
        recovery_codes_left: usize = state.recovery_codes_left,
    }
}

/// See how you stand to one-time passwords.
#[utoipa::path(tag = "auth", responses((status = 200, description = "How it is.", body = Totp)))]
#[get("/auth/totp")]
async fn get_totp(identity: Identity, caller: CurrentUser) -> Answer<Json<Totp>> {
    let totp = identity.sessions.totp_state(caller.0).await?;
    Ok(Json(totp.into()))
}

json_form! {
    /// What a device is given.
    struct TotpSecret from new: NewTotpSecret {
        /// For typing, in base32.
        #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
        secret: String = new.base32.expose_secret().to_owned(),
        /// For showing as a QR code, which authenticators read.
        #[schema(
            example = "otpauth://totp/ABU%20Alumni%20Connect:amina%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=ABU%20Alumni%20Connect"
        )]
        otpauth_uri: String = new.uri.expose_secret().to_owned(),
    }
}

/// Begin to set up one-time passwords.
///
/// The secret goes into an authenticator, and counts once `POST /auth/totp/confirm` has proved that it
/// arrived there. Until then, asking again makes another one.
#[utoipa::path(
    tag = "auth",
    request_body = OwnPassword,
    responses((status = 201, description = "What the device needs.", body = TotpSecret), Conflicts),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp")]
async fn begin_totp(
    identity: Identity,
    caller: CurrentUser,
    body: Body<OwnPassword>,
) -> Answer<(SecretJson<TotpSecret>, StatusCode)> {
    let secret = identity.sessions.begin_totp(caller.0, body.0).await?;
    Ok((SecretJson(secret.into()), StatusCode::CREATED))
}

request_body! {
    /// What confirming takes.
    #[schema(example = json!({"otp": "492039"}))]
    struct Otp into OneTimePassword {
        /// What the device shows now.
        #[schema(value_type = String)]
        otp: SecretString,
    }
    |body, _violations| Some(OneTimePassword::new(body.otp.expose_secret()))
}

json_form! {
    /// Codes that each stand in for a one-time password once.
    struct RecoveryCodes from codes: Vec<RecoveryCode> {
        /// To be kept where the device is not. They are shown this once.
        #[schema(example = json!(["7Q2M-9ZKD-04TX-W8RB", "1HVA-6PXJ-NY35-CE2S"]))]
        recovery_codes: Vec<String> = codes.iter().map(|code| code.text().expose_secret().to_owned()).collect(),
    }
}

/// Finish setting up one-time passwords.
///
/// From now on each log-in takes one. Permissions that waited for it count at once.
#[utoipa::path(
    tag = "auth",
    request_body = Otp,
    responses((status = 200, description = "Ten recovery codes.", body = RecoveryCodes), Conflicts),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp/confirm")]
async fn confirm_totp(
    identity: Identity,
    caller: CurrentUser,
    body: Body<Otp>,
) -> Answer<SecretJson<RecoveryCodes>> {
    let codes = identity.sessions.confirm_totp(caller.0, body.0).await?;
    Ok(SecretJson(codes.into()))
}

request_body! {
    /// What a change takes.
    #[schema(example = json!({
        "password": "correct horse battery staple",
        "otp": "492039",
    }))]
    struct BothFactors into (LoginPassword, OneTimePassword) {
        /// The caller's password.
        #[schema(value_type = String, format = Password)]
        password: SecretString,
        /// What the device shows now, or a recovery code.
        #[schema(value_type = String)]
        otp: SecretString,
    }
    |body, _violations| {
        let otp = OneTimePassword::new(body.otp.expose_secret());
        Some((LoginPassword::new(body.password), otp))
    }
}

/// Do without one-time passwords.
///
/// Recovery codes die with them. Where a group requires one-time passwords, permissions do not count
/// any more until they are set up again.
#[utoipa::path(
    tag = "auth",
    request_body = BothFactors,
    responses((status = 204, description = "They are not asked for any more."), Conflicts),
)]
#[delete("/auth/totp")]
async fn remove_totp(identity: Identity, caller: CurrentUser, body: Body<BothFactors>) -> Answer {
    let (password, otp) = body.0;
    identity
        .sessions
        .remove_totp(caller.0, password, otp)
        .await?;
    Ok(no_content())
}

/// Get other recovery codes.
///
/// Those from before die, used or not.
#[utoipa::path(
    tag = "auth",
    request_body = BothFactors,
    responses((status = 200, description = "Ten recovery codes.", body = RecoveryCodes), Conflicts),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/totp/recovery-codes")]
async fn renew_recovery_codes(
    identity: Identity,
    caller: CurrentUser,
    body: Body<BothFactors>,
) -> Answer<SecretJson<RecoveryCodes>> {
    let (password, otp) = body.0;
    let codes = identity
        .sessions
        .renew_recovery_codes(caller.0, password, otp)
        .await?;
    Ok(SecretJson(codes.into()))
}
