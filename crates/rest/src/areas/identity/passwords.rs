//! Forgetting, resetting and changing passwords.

use abu_domain::identity::text::{LoginPassword, NewPassword};

use super::registration::Address;
use crate::areas::prelude::*;

routes! { forgot_password, reset_password, change_own_password, change_password_of }

/// Have a link to another password sent.
///
/// The answer is the same whether or not the address has an account. The links before it are dead.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Address,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), Overload),
)]
#[post("/auth/forgot-password")]
async fn forgot_password(identity: Identity, origin: RequestOrigin, body: Body<Address>) -> Answer {
    identity.passwords.forgot(body.0, origin.0).await?;
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

request_body! {
    /// Another password.
    #[schema(example = json!({"password": "correct horse battery staple"}))]
    struct AnotherPassword into NewPassword {
        /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
        #[schema(value_type = String, format = Password, min_length = 10)]
        password: SecretString,
    }
    |body, violations| violations.check("password", NewPassword::parse(body.password))
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
    security(()),
    params(ByReset),
    request_body = AnotherPassword,
    responses((status = 200, description = "The password is set.", body = PasswordReset), LinkGone, Overload),
)]
#[post("/auth/reset-password/{reset_uuid}")]
async fn reset_password(
    identity: Identity,
    origin: RequestOrigin,
    path: Path<ByReset>,
    body: Body<AnotherPassword>,
) -> Answer<Json<PasswordReset>> {
    identity
        .passwords
        .reset(path.reset_uuid, body.0, origin.0)
        .await?;
    Ok(Json(PasswordReset {
        message: "The password is set. Log in with it.",
    }))
}

request_body! {
    /// The password that an account has, and the one that it is to have.
    #[schema(example = json!({
        "current_password": "correct horse battery staple",
        "new_password": "purple monkey dishwasher lagoon",
    }))]
    struct PasswordChange into (LoginPassword, NewPassword) {
        #[schema(value_type = String, format = Password)]
        current_password: SecretString,
        /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
        #[schema(value_type = String, format = Password, min_length = 10)]
        new_password: SecretString,
    }
    |body, violations| {
        let new = violations.check("new_password", NewPassword::parse(body.new_password));
        Some((LoginPassword::new(body.current_password), new?))
    }
}

/// Change your password.
///
/// All other sessions of the account end, and every link that was sent for it is dead. A wrong
/// `current_password` is answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    request_body = PasswordChange,
    responses((status = 204, description = "The password is changed.")),
)]
#[post("/me/password")]
async fn change_own_password(
    identity: Identity,
    caller: CurrentUser,
    body: Body<PasswordChange>,
) -> Answer {
    let whose = caller.0.user;
    let (current, new) = body.0;
    identity
        .passwords
        .change(caller.0, whose, current, new)
        .await?;
    Ok(no_content())
}

/// Change your password, by the address of your account.
///
/// The same as `POST /me/password`; the account must be the caller's own.
#[utoipa::path(
    tag = "users",
    params(ByUuid),
    request_body = PasswordChange,
    responses((status = 204, description = "The password is changed."), Forbidden),
)]
#[post("/users/{uuid}/password")]
async fn change_password_of(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<PasswordChange>,
) -> Answer {
    let (current, new) = body.0;
    identity
        .passwords
        .change(caller.0, path.id(), current, new)
        .await?;
    Ok(no_content())
}
