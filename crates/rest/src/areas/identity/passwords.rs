//! Forgetting, resetting and changing passwords.

use abu_domain::identity::text::{LoginPassword, NewPassword};
use actix_web::{
    HttpResponse, post,
    web::{Json, Path},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::registration::Address;
use crate::{
    areas::common::{Accepted, ByUuid, accepted},
    caller::{CurrentUser, RequestOrigin},
    input::{Body, IntoDraft, Violations},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(forgot_password)
        .service(reset_password)
        .service(change_own_password)
        .service(change_password_of);
}

problems! {
    ForgotProblems: Unavailable;
    ResetProblems: Gone, NotFound, Unavailable;
    OwnProblems: AccountSuspended;
    OfProblems: PermissionDenied, NotFound;
}

/// Have a link to another password sent.
///
/// The answer is the same whether or not the address has an account. The links before it are dead.
#[utoipa::path(
    tag = "auth",
    request_body = Address,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), ForgotProblems),
)]
#[post("/auth/forgot-password")]
async fn forgot_password(state: State, origin: RequestOrigin, body: Body<Address>) -> Answer {
    state.identity.passwords.forgot(body.0, origin.0).await?;
    Ok(accepted(
        "If the address has an account, a link is on its way there.",
    ))
}

/// The path of a link to another password.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByReset {
    /// The end of the link's address.
    #[param(example = "8c6f7ad8-0f0c-8f3c-9f0a-8a5a4f1e9d11")]
    reset_uuid: Uuid,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
struct AnotherPassword {
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(value_type = String, format = Password, min_length = 10)]
    password: SecretString,
}

impl IntoDraft for AnotherPassword {
    type Draft = NewPassword;

    fn into_draft(self, violations: &mut Violations) -> Option<NewPassword> {
        violations.check("password", NewPassword::parse(self.password))
    }
}

/// A password that was replaced.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordReset {
    /// What can be done now, for people.
    #[schema(example = "The password is set. Log in with it.")]
    message: &'static str,
}

/// Choose another password by the link that was sent for it.
///
/// The link is good once. All sessions of the account end, its chat connections with 4001, and every
/// other link that was sent for it is dead.
#[utoipa::path(
    tag = "auth",
    params(ByReset),
    request_body = AnotherPassword,
    responses((status = 200, description = "The password is set.", body = PasswordReset), ResetProblems),
)]
#[post("/auth/reset-password/{reset_uuid}")]
async fn reset_password(
    state: State,
    origin: RequestOrigin,
    path: Path<ByReset>,
    body: Body<AnotherPassword>,
) -> Answer<Json<PasswordReset>> {
    state
        .identity
        .passwords
        .reset(path.reset_uuid, body.0, origin.0)
        .await?;
    Ok(Json(PasswordReset {
        message: "The password is set. Log in with it.",
    }))
}

/// The password that an account has, and the one that it is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "current_password": "correct horse battery staple",
    "new_password": "purple monkey dishwasher lagoon",
}))]
struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(value_type = String, format = Password, min_length = 10)]
    new_password: SecretString,
}

impl IntoDraft for PasswordChange {
    /// The current password and the new one.
    type Draft = (LoginPassword, NewPassword);

    fn into_draft(self, violations: &mut Violations) -> Option<Self::Draft> {
        let new = violations.check("new_password", NewPassword::parse(self.new_password));
        Some((LoginPassword::new(self.current_password), new?))
    }
}

/// Change your password.
///
/// All other sessions of the account end, and every link that was sent for it is dead. A wrong
/// `current_password` is answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    request_body = PasswordChange,
    responses((status = 204, description = "The password is changed."), OwnProblems),
)]
#[post("/me/password")]
async fn change_own_password(
    state: State,
    caller: CurrentUser,
    body: Body<PasswordChange>,
) -> Answer {
    let whose = caller.caller.user;
    let (current, new) = body.0;
    state
        .identity
        .passwords
        .change(caller.caller, whose, current, new)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change your password, by the address of your account.
///
/// The same as `POST /me/password`; the account must be the caller's own.
#[utoipa::path(
    tag = "users",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = PasswordChange,
    responses((status = 204, description = "The password is changed."), OfProblems),
)]
#[post("/users/{uuid}/password")]
async fn change_password_of(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<PasswordChange>,
) -> Answer {
    let (current, new) = body.0;
    state
        .identity
        .passwords
        .change(caller.caller, path.uuid.into(), current, new)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
