//! Forgetting, resetting and changing passwords.

use abu_domain::identity::text::{LoginPassword, NewPassword};
use actix_web::{
    HttpResponse, post,
    web::{Json, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::registration::{AddressBody, AddressSchema};
use crate::{
    areas::{
        common::{Accepted, ByUuid, accepted},
        identity::credentials::{count_guess, login_password, new_password},
    },
    shared::State,
};
use crate::{
    caller::{CurrentUser, RequestOrigin},
    input::{Body, BodyFields, FromBody},
    middleware::rate_limit::Limits,
    problem::{Problem, problems},
    rate_limits::Policy,
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
    request_body = AddressSchema,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), ForgotProblems),
)]
#[post("/auth/forgot-password")]
async fn forgot_password(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    body: Body<AddressBody>,
) -> Result<HttpResponse, Problem> {
    limits.by_address(Policy::Recover, &body.0.0)?;
    state.passwords.forgot(body.0.0, origin.0).await?;
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
#[derive(ToSchema)]
#[schema(as = AnotherPassword, example = json!({"password": "correct horse battery staple"}))]
#[expect(dead_code, reason = "it describes what `ResetBody` is read from")]
struct ResetSchema {
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(format = Password, min_length = 10)]
    password: String,
}

struct ResetBody(NewPassword);

impl FromBody for ResetBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        body.text("password", new_password).map(Self)
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
    request_body = ResetSchema,
    responses((status = 200, description = "The password is set.", body = PasswordReset), ResetProblems),
)]
#[post("/auth/reset-password/{reset_uuid}")]
async fn reset_password(
    state: State,
    origin: RequestOrigin,
    path: Path<ByReset>,
    body: Body<ResetBody>,
) -> Result<Json<PasswordReset>, Problem> {
    state
        .passwords
        .reset(path.reset_uuid, body.0.0, origin.0)
        .await?;
    Ok(Json(PasswordReset {
        message: "The password is set. Log in with it.",
    }))
}

/// The password that an account has, and the one that it is to have.
#[derive(ToSchema)]
#[schema(as = PasswordChange, example = json!({
    "current_password": "correct horse battery staple",
    "new_password": "purple monkey dishwasher lagoon",
}))]
#[expect(dead_code, reason = "it describes what `ChangeBody` is read from")]
struct ChangeSchema {
    #[schema(format = Password)]
    current_password: String,
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(format = Password, min_length = 10)]
    new_password: String,
}

struct ChangeBody {
    current: LoginPassword,
    new: NewPassword,
}

impl FromBody for ChangeBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let current = body.text("current_password", login_password);
        let new = body.text("new_password", new_password);
        Some(Self {
            current: current?,
            new: new?,
        })
    }
}

/// Change your password.
///
/// All other sessions of the account end, and every link that was sent for it is dead. A wrong
/// `current_password` is answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    request_body = ChangeSchema,
    responses((status = 204, description = "The password is changed."), OwnProblems),
)]
#[post("/me/password")]
async fn change_own_password(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    body: Body<ChangeBody>,
) -> Result<HttpResponse, Problem> {
    count_guess(&limits, &caller)?;
    let whose = caller.caller.user;
    let ChangeBody { current, new } = body.0;
    state
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
    request_body = ChangeSchema,
    responses((status = 204, description = "The password is changed."), OfProblems),
)]
#[post("/users/{uuid}/password")]
async fn change_password_of(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<ChangeBody>,
) -> Result<HttpResponse, Problem> {
    count_guess(&limits, &caller)?;
    let ChangeBody { current, new } = body.0;
    state
        .passwords
        .change(caller.caller, path.uuid.into(), current, new)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
