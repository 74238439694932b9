//! The caller's e-mail addresses.

use abu_domain::{identity::text::LoginPassword, platform::text::EmailAddress};
use actix_web::{
    HttpResponse, delete, get, post,
    web::{Json, Path},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::identity::dto::Email,
    areas::{
        common::{Accepted, ByUuid, accepted},
        identity::credentials::{LinkToken, count_guess},
    },
    caller::{CurrentUser, RequestOrigin},
    input::{Body, IntoDraft, Violations},
    middleware::rate_limit::Limits,
    problem::{Answer, problems},
    rate_limits::Policy,
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_emails)
        .service(add_email)
        .service(remove_email)
        .service(change_email)
        .service(confirm_email_change)
        .service(undo_email_change);
}

problems! {
    AddProblems: Duplicate, Conflict;
    RemoveProblems: NotFound, Conflict;
    ConfirmProblems: Gone;
    UndoProblems: Gone, Unavailable;
}

/// All addresses of an account: they are few, so there is one page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailAddresses)]
struct Emails {
    /// The primary one first, then the oldest.
    items: Vec<Email>,
    /// Always null.
    #[schema(example = json!(null))]
    next_cursor: Option<String>,
    /// Always null.
    #[schema(example = json!(null))]
    prev_cursor: Option<String>,
}

/// List your e-mail addresses.
///
/// Those that are not verified yet are among them.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    responses((status = 200, description = "The addresses.", body = Emails)),
)]
#[get("/me/emails")]
async fn list_emails(state: State, caller: CurrentUser) -> Answer<Json<Emails>> {
    let emails = state.identity.emails.list(caller.caller).await?;
    Ok(Json(Emails {
        items: emails.into_iter().map(Email::from).collect(),
        next_cursor: None,
        prev_cursor: None,
    }))
}

/// An address that an account is to have, and the password that the account has.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "amina@example.org",
    "password": "correct horse battery staple",
}))]
struct NewAddress {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl IntoDraft for NewAddress {
    type Draft = (EmailAddress, LoginPassword);

    fn into_draft(self, violations: &mut Violations) -> Option<Self::Draft> {
        let email = violations.check("email", EmailAddress::parse(&self.email));
        Some((email?, LoginPassword::new(self.password)))
    }
}

/// Add an e-mail address.
///
/// A link goes to the address, and another one to your primary address: the new one counts once both
/// were opened. The answer is the same whether or not the address belongs to another account. An
/// account has at most five. A wrong `password` is answered with `validation-failed` and the code
/// `password.wrong`.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    request_body = NewAddress,
    responses((status = 202, description = "Mails are on their way.", body = Accepted), AddProblems),
)]
#[post("/me/emails")]
async fn add_email(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    body: Body<NewAddress>,
) -> Answer {
    let (email, password) = body.0;
    count_guess(&limits, &caller)?;
    limits.by_address(Policy::Recover, &email)?;
    state
        .identity
        .emails
        .add(caller.caller, email, password)
        .await?;
    Ok(accepted(
        "Mails are on their way to the address and to your primary one.",
    ))
}

/// The password of the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
struct Removal {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

impl IntoDraft for Removal {
    type Draft = LoginPassword;

    fn into_draft(self, _violations: &mut Violations) -> Option<LoginPassword> {
        Some(LoginPassword::new(self.password))
    }
}

/// Remove an e-mail address.
///
/// The primary one cannot be removed. A wrong `password` is answered with `validation-failed` and the
/// code `password.wrong`.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = Removal,
    responses((status = 204, description = "The address is removed."), RemoveProblems),
)]
#[delete("/me/emails/{uuid}")]
async fn remove_email(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<Removal>,
) -> Answer {
    count_guess(&limits, &caller)?;
    state
        .identity
        .emails
        .remove(caller.caller, path.uuid.into(), body.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change your primary e-mail address.
///
/// A link goes to the new address, and another one to your present address. Nothing changes before
/// `POST /me/email/confirm` gets the token of the first and the second was opened. The answer is the same whether or not the address belongs to another account. A wrong `password` is
/// answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    request_body = NewAddress,
    responses((status = 202, description = "Mails are on their way.", body = Accepted), AddProblems),
)]
#[post("/me/email")]
async fn change_email(
    state: State,
    limits: Limits,
    caller: CurrentUser,
    body: Body<NewAddress>,
) -> Answer {
    let (email, password) = body.0;
    count_guess(&limits, &caller)?;
    limits.by_address(Policy::Recover, &email)?;
    state
        .identity
        .emails
        .change(caller.caller, email, password)
        .await?;
    Ok(accepted(
        "Mails are on their way to the address and to your primary one.",
    ))
}

/// The state of a change of the primary address.
#[derive(Debug, Serialize, ToSchema)]
struct EmailConfirmed {
    /// False until the link that was sent to the present address was opened too.
    #[schema(example = true)]
    changed: bool,
    /// What can be done now, for people.
    #[schema(example = "This is your primary address now.")]
    message: &'static str,
}

/// Confirm your new primary e-mail address.
///
/// Takes the token of the link that was sent there, once. Where the link to the present address was
/// opened already, the old address is not the account's any more; a notice goes there, with a link that
/// undoes the change within 72 hours. Otherwise the change waits for that link.
#[utoipa::path(
    tag = "me",
    security(("bearer" = [])),
    request_body = LinkToken,
    responses((status = 200, description = "The address is confirmed.", body = EmailConfirmed), ConfirmProblems),
)]
#[post("/me/email/confirm")]
async fn confirm_email_change(
    state: State,
    caller: CurrentUser,
    body: Body<LinkToken>,
) -> Answer<Json<EmailConfirmed>> {
    let changed = state
        .identity
        .emails
        .confirm_change(caller.caller, body.0.expose_secret())
        .await?;
    let message = match changed {
        true => "This is your primary address now.",
        false => "Now open the link that was sent to your present address.",
    };
    Ok(Json(EmailConfirmed { changed, message }))
}

/// What became of an address.
#[derive(Debug, Serialize, ToSchema)]
struct EmailChanged {
    /// What can be done now, for people.
    #[schema(example = "You have your old address back.")]
    message: &'static str,
}

/// Undo a change of your primary e-mail address.
///
/// For the reader of the old address; needs no access token. Takes the token of the link that was
/// sent there, once and within 72 hours. The account has its old address again and loses the new one;
/// all sessions end, the password is void, and a link to another one goes to the old address.
#[utoipa::path(
    tag = "auth",
    request_body = LinkToken,
    responses((status = 200, description = "The old address is the primary one.", body = EmailChanged), UndoProblems),
)]
#[post("/auth/email-change/undo")]
async fn undo_email_change(
    state: State,
    origin: RequestOrigin,
    body: Body<LinkToken>,
) -> Answer<Json<EmailChanged>> {
    state
        .identity
        .emails
        .undo_change(body.0.expose_secret(), origin.0)
        .await?;
    Ok(Json(EmailChanged {
        message: "You have your old address back. A link to a new password is on its way there.",
    }))
}
