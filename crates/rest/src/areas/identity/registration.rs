//! Making an account for oneself, and proving its address.

use abu_application::identity::{
    accounts::UserDraft, ports::Consents, registration::RegistrationDraft,
};
use abu_domain::{
    identity::{consent::ConsentPurpose, text::TermsVersion},
    platform::text::EmailAddress,
};
use actix_web::{HttpResponse, post, web::Json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::{
        common::{Accepted, accepted},
        identity::credentials::{TokenBody, TokenSchema},
    },
    shared::State,
};
use crate::{
    caller::RequestOrigin,
    input::{Body, BodyFields, FromBody},
    middleware::rate_limit::Limits,
    problem::{Problem, problems},
    rate_limits::Policy,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(register)
        .service(verify_email)
        .service(resend_verification);
}

/// What somebody registers with.
#[derive(ToSchema)]
#[schema(as = Registration, example = json!({
    "email": "amina@example.com",
    "password": "correct horse battery staple",
    "firstname": "Amina",
    "lastname": "Bello",
    "phone": "0803 123 4567",
    "terms_version": "2026-01",
    "consents": {"directory": true, "digest": false},
}))]
#[expect(dead_code, reason = "it describes what a draft is read from")]
struct RegistrationSchema {
    email: String,
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(format = Password, min_length = 10)]
    password: String,
    #[schema(min_length = 1, max_length = 100)]
    firstname: String,
    #[schema(min_length = 1, max_length = 100)]
    middlename: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    lastname: String,
    /// With its country code, or in Nigeria's national form.
    phone: Option<String>,
    /// Which text of the terms they agreed to.
    #[schema(min_length = 1, max_length = 40)]
    terms_version: String,
    /// What else they agreed to, or not; what is left out was not asked.
    consents: ConsentsSchema,
}

/// What people are asked for, apart from the terms.
#[derive(ToSchema)]
#[schema(as = Consents)]
#[expect(dead_code, reason = "it describes what consents are read from")]
struct ConsentsSchema {
    /// To be listed in the directory of graduates.
    directory: Option<bool>,
    /// To get a digest of the news by mail.
    digest: Option<bool>,
    /// To be written to by the officers of their chapters.
    chapter_contact: Option<bool>,
    /// To be proposed as a mentor or to one.
    mentoring: Option<bool>,
    /// To be asked for donations.
    fundraising: Option<bool>,
}

impl FromBody for RegistrationDraft {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let user = UserDraft::from_body(body);
        let version = body.text("terms_version", TermsVersion::parse);
        let granted = body.flags("consents", |name| {
            let mut all = ConsentPurpose::ALL.iter().copied();
            all.find(|purpose| purpose.name() == name)
        });
        Some(Self {
            user: user?,
            consents: Consents {
                version: version?,
                granted: granted?,
            },
        })
    }
}

problems! {
    RegisterProblems: Unavailable;
    VerifyProblems: Gone, Unavailable;
}

/// Make an account for yourself.
///
/// The answer is the same whether or not the address has an account; a mail tells. To a new account it
/// brings the link that proves the address, without which nobody can log in.
#[utoipa::path(
    tag = "auth",
    request_body = RegistrationSchema,
    responses((status = 202, description = "A mail is on its way.", body = Accepted), RegisterProblems),
)]
#[post("/auth/register")]
async fn register(
    state: State,
    limits: Limits,
    origin: RequestOrigin,
    body: Body<RegistrationDraft>,
) -> Result<HttpResponse, Problem> {
    limits.by_network(Policy::Register)?;
    limits.by_address(Policy::Recover, &body.0.user.email)?;
    state.registration.register(body.0, origin.0).await?;
    Ok(accepted("A mail is on its way to the address."))
}

/// An address that was proved.
#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    /// What can be done now, for people.
    #[schema(example = "The address is verified.")]
    message: &'static str,
    /// `log-in`, or `choose-password` by a link that was just sent: several registered with the address, so
    /// that none of their passwords counts.
    #[schema(example = "log-in")]
    next: &'static str,
}

/// Prove that you read an address.
///
/// Takes the token of the link that was sent there, once. It serves registrations and further addresses
/// alike; nobody need be logged in.
#[utoipa::path(
    tag = "auth",
    request_body = TokenSchema,
    responses((status = 200, description = "The address is proved.", body = Verified), VerifyProblems),
)]
#[post("/auth/verify-email")]
async fn verify_email(
    state: State,
    origin: RequestOrigin,
    body: Body<TokenBody>,
) -> Result<Json<Verified>, Problem> {
    let needs_password = state.emails.verify(&body.0.0, origin.0).await?;
    let (message, next) = match needs_password {
        true => (
            "The address is verified. We have sent you a mail to choose your password.",
            "choose-password",
        ),
        false => ("The address is verified.", "log-in"),
    };
    Ok(Json(Verified { message, next }))
}

/// An e-mail address.
#[derive(ToSchema)]
#[schema(as = Address, example = json!({"email": "amina@example.com"}))]
#[expect(dead_code, reason = "it describes what `AddressBody` is read from")]
pub(super) struct AddressSchema {
    email: String,
}

pub(super) struct AddressBody(pub(super) EmailAddress);

impl FromBody for AddressBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        body.text("email", EmailAddress::parse).map(Self)
    }
}

/// Have the link that proves the address of your registration sent again.
///
/// The answer is the same whether or not anybody registered with it. The links before it are dead.
#[utoipa::path(
    tag = "auth",
    request_body = AddressSchema,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), RegisterProblems),
)]
#[post("/auth/verify-email/resend")]
async fn resend_verification(
    state: State,
    limits: Limits,
    body: Body<AddressBody>,
) -> Result<HttpResponse, Problem> {
    limits.by_address(Policy::Recover, &body.0.0)?;
    state.emails.resend(body.0.0).await?;
    Ok(accepted(
        "If the address waits to be verified, a link is on its way there.",
    ))
}
