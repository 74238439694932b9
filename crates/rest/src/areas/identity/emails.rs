//! The caller's e-mail addresses.

use abu_domain::{identity::text::LoginPassword, platform::text::EmailAddress};

use crate::areas::{
    identity::{
        credentials::{LinkToken, OwnPassword},
        dto::Email,
    },
    prelude::*,
};

routes! {
    list_emails, add_email, remove_email, change_email, confirm_email_change, undo_email_change,
}

/// All addresses of an account: they are few, so there is one page.
#[derive(Serialize, ToSchema)]
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
    responses((status = 200, description = "The addresses.", body = Emails)),
)]
#[get("/me/emails")]
async fn list_emails(identity: Identity, caller: CurrentUser) -> Answer<Json<Emails>> {
    let emails = identity.emails.list(caller.0).await?;
    Ok(Json(Emails {
        items: emails.into_iter().map(Email::from).collect(),
        next_cursor: None,
        prev_cursor: None,
    }))
}

request_body! {
    /// An address that an account is to have, and the password that the account has.
    #[schema(example = json!({
        "email": "amina@example.org",
        "password": "correct horse battery staple",
    }))]
    struct NewAddress into (EmailAddress, LoginPassword) {
        email: String,
        #[schema(value_type = String, format = Password)]
        password: SecretString,
    }
    |body, violations| {
        let email = violations.check("email", EmailAddress::parse(&body.email));
        Some((email?, LoginPassword::new(body.password)))
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
    request_body = NewAddress,
    responses((status = 202, description = "Mails are on their way.", body = Accepted), Duplicates),
)]
#[post("/me/emails")]
async fn add_email(identity: Identity, caller: CurrentUser, body: Body<NewAddress>) -> Answer {
    let (email, password) = body.0;
    identity.emails.add(caller.0, email, password).await?;
    Ok(accepted(
        "Mails are on their way to the address and to your primary one.",
    ))
}

/// Remove an e-mail address.
///
/// The primary one cannot be removed. A wrong `password` is answered with `validation-failed` and the
/// code `password.wrong`.
#[utoipa::path(
    tag = "me",
    params(ByUuid),
    request_body = OwnPassword,
    responses((status = 204, description = "The address is removed."), Conflicts),
)]
#[delete("/me/emails/{uuid}")]
async fn remove_email(
    identity: Identity,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<OwnPassword>,
) -> Answer {
    identity.emails.remove(caller.0, path.id(), body.0).await?;
    Ok(no_content())
}

/// Change your primary e-mail address.
///
/// A link goes to the new address, and another one to your present address. Nothing changes before
/// `POST /me/email/confirm` gets the token of the first and the second was opened. The answer is the same whether or not the address belongs to another account. A wrong `password` is
/// answered with `validation-failed` and the code `password.wrong`.
#[utoipa::path(
    tag = "me",
    request_body = NewAddress,
    responses((status = 202, description = "Mails are on their way.", body = Accepted), Duplicates),
)]
#[post("/me/email")]
async fn change_email(identity: Identity, caller: CurrentUser, body: Body<NewAddress>) -> Answer {
    let (email, password) = body.0;
    identity.emails.change(caller.0, email, password).await?;
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
    request_body = LinkToken,
    responses((status = 200, description = "The address is confirmed.", body = EmailConfirmed), LinkGone),
)]
#[post("/me/email/confirm")]
async fn confirm_email_change(
    identity: Identity,
    caller: CurrentUser,
    body: Body<LinkToken>,
) -> Answer<Json<EmailConfirmed>> {
    let emails = &identity.emails;
    let changed = emails
        .confirm_change(caller.0, body.0.expose_secret())
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
    security(()),
    request_body = LinkToken,
    responses((status = 200, description = "The old address is the primary one.", body = EmailChanged), LinkGone, Overload),
)]
#[post("/auth/email-change/undo")]
async fn undo_email_change(
    identity: Identity,
    origin: RequestOrigin,
    body: Body<LinkToken>,
) -> Answer<Json<EmailChanged>> {
    identity
        .emails
        .undo_change(body.0.expose_secret(), origin.0)
        .await?;
    Ok(Json(EmailChanged {
        message: "You have your old address back. A link to a new password is on its way there.",
    }))
}
