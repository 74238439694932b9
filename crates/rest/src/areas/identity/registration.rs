//! Making an account for oneself, and proving its address.

use std::{borrow::Cow, collections::BTreeMap};

use abu_application::identity::{ports::Consents, registration::RegistrationDraft};
use abu_domain::{
    identity::{consent::ConsentPurpose, text::TermsVersion},
    platform::text::EmailAddress,
};
use actix_web::{post, web::Json};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    areas::{
        common::{Accepted, accepted},
        identity::{credentials::LinkToken, users::NewUser},
    },
    caller::RequestOrigin,
    input::{Body, IntoDraft, Violations},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(register)
        .service(verify_email)
        .service(resend_verification);
}

/// The data of a new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "amina@example.com",
    "password": "correct horse battery staple",
    "firstname": "Amina",
    "lastname": "Bello",
    "phone": "0803 123 4567",
    "terms_version": "2026-01",
    "consents": {"directory": true, "digest": false},
}))]
struct Registration {
    email: String,
    /// At least 10 characters, at most 1,024 bytes; not easy to guess, and without the owner's name.
    #[schema(value_type = String, format = Password, min_length = 10)]
    password: SecretString,
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
    consents: ConsentFlags,
}

/// What people agreed to or not, by the names of the purposes.
#[derive(Deserialize)]
struct ConsentFlags(BTreeMap<String, bool>);

impl ConsentFlags {
    fn granted(&self, violations: &mut Violations) -> Vec<(ConsentPurpose, bool)> {
        let mut granted = Vec::new();
        for (name, flag) in &self.0 {
            let mut purposes = ConsentPurpose::ALL.iter();
            match purposes.find(|purpose| purpose.name() == name) {
                Some(purpose) => granted.push((*purpose, *flag)),
                None => violations.unknown_key("consents", name),
            }
        }
        granted
    }
}

fn about(purpose: ConsentPurpose) -> &'static str {
    match purpose {
        ConsentPurpose::Directory => "To be listed in the directory of graduates.",
        ConsentPurpose::Digest => "To get a digest of the news by mail.",
        ConsentPurpose::ChapterContact => "To be written to by the officers of their chapters.",
        ConsentPurpose::Mentoring => "To be proposed as a mentor or to one.",
        ConsentPurpose::Fundraising => "To be asked for donations.",
    }
}

impl utoipa::PartialSchema for ConsentFlags {
    fn schema() -> RefOr<Schema> {
        let flag = || SchemaType::from_iter([Type::Boolean, Type::Null]);
        let flags = ConsentPurpose::ALL.iter().map(|purpose| {
            let schema = ObjectBuilder::new().schema_type(flag());
            (purpose.name(), schema.description(Some(about(*purpose))))
        });
        let about = "What people are asked for, apart from the terms.";
        let object = ObjectBuilder::new().description(Some(about));
        flags
            .fold(object, |object, (name, flag)| object.property(name, flag))
            .into()
    }
}

impl ToSchema for ConsentFlags {
    fn name() -> Cow<'static, str> {
        "Consents".into()
    }
}

impl IntoDraft for Registration {
    type Draft = RegistrationDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<RegistrationDraft> {
        let user = NewUser {
            email: self.email,
            password: self.password,
            firstname: self.firstname,
            middlename: self.middlename,
            lastname: self.lastname,
            phone: self.phone,
        };
        let user = user.into_draft(violations);
        let version = TermsVersion::parse(&self.terms_version);
        let version = violations.check("terms_version", version);
        let granted = self.consents.granted(violations);
        Some(RegistrationDraft {
            user: user?,
            consents: Consents {
                version: version?,
                granted,
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
/// The answer is the same whether or not the address has an account; only a mail to the address tells.
/// To a new account it brings the link that verifies the address. Login needs a verified address.
#[utoipa::path(
    tag = "auth",
    request_body = Registration,
    responses((status = 202, description = "A mail is on its way.", body = Accepted), RegisterProblems),
)]
#[post("/auth/register")]
async fn register(state: State, origin: RequestOrigin, body: Body<Registration>) -> Answer {
    state
        .identity
        .registration
        .register(body.0, origin.0)
        .await?;
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
/// alike, and needs no access token.
#[utoipa::path(
    tag = "auth",
    request_body = LinkToken,
    responses((status = 200, description = "The address is proved.", body = Verified), VerifyProblems),
)]
#[post("/auth/verify-email")]
async fn verify_email(
    state: State,
    origin: RequestOrigin,
    body: Body<LinkToken>,
) -> Answer<Json<Verified>> {
    let needs_password = state
        .identity
        .emails
        .verify(body.0.expose_secret(), origin.0)
        .await?;
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
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "amina@example.com"}))]
pub(super) struct Address {
    email: String,
}

impl IntoDraft for Address {
    type Draft = EmailAddress;

    fn into_draft(self, violations: &mut Violations) -> Option<EmailAddress> {
        violations.check("email", EmailAddress::parse(&self.email))
    }
}

/// Have the link that proves the address of your registration sent again.
///
/// The answer is the same whether or not a registration has the address. Earlier links become invalid.
#[utoipa::path(
    tag = "auth",
    request_body = Address,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), RegisterProblems),
)]
#[post("/auth/verify-email/resend")]
async fn resend_verification(state: State, origin: RequestOrigin, body: Body<Address>) -> Answer {
    state.identity.emails.resend(body.0, origin.0).await?;
    Ok(accepted(
        "If the address waits to be verified, a link is on its way there.",
    ))
}
