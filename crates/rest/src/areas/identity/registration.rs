//! Making an account for oneself, and proving its address.

use std::{borrow::Cow, collections::BTreeMap};

use abu_application::identity::{
    emails::{Proof, ProofDraft},
    ports::{Consents, OwnDetails},
    registration::RegistrationDraft,
};
use abu_domain::{
    identity::{
        consent::ConsentPurpose,
        text::{NewPassword, TermsVersion},
    },
    platform::text::{DeviceName, EmailAddress, require_free_name},
};
use actix_web::{CustomizeResponder, HttpRequest, Responder};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType};

use crate::areas::{
    identity::{
        dto::own_details,
        log_in::TokenPair,
        refresh_cookie::{self, TokenPlace},
    },
    prelude::*,
};

routes! { register, verify_email, resend_verification }

request_body! {
    /// The data of a new account. The reader of the mailed link chooses its password.
    #[schema(example = json!({
        "email": "amina@example.com",
        "firstname": "Amina",
        "lastname": "Bello",
        "phone": "0803 123 4567",
        "terms_version": "2026-01",
        "consents": {"directory": true, "digest": false},
    }))]
    struct Registration into RegistrationDraft {
        email: String,
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
    |body, violations| {
        let email = violations.check("email", EmailAddress::parse(&body.email));
        let details =
            own_details(violations, &body.firstname, body.middlename, &body.lastname, body.phone);
        let version = TermsVersion::parse(&body.terms_version);
        let version = violations.check("terms_version", version);
        let granted = body.consents.granted(violations);
        let OwnDetails { firstname, middlename, lastname, phone } = details?;
        violations.check(
            "lastname",
            require_free_name(&firstname, middlename.as_ref(), &lastname),
        )?;
        Some(RegistrationDraft {
            email: email?,
            firstname,
            middlename,
            lastname,
            phone,
            consents: Consents {
                version: version?,
                granted,
            },
        })
    }
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

problems! {
    VerifyProblems: Gone, AccountSuspended, Unavailable;
}

/// Make an account for yourself.
///
/// The answer is the same whether or not the address has an account; only a mail to the address tells.
/// To a new account it brings the link that verifies the address and sets the password.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Registration,
    responses((status = 202, description = "A mail is on its way.", body = Accepted), Overload),
)]
#[post("/auth/register")]
async fn register(identity: Identity, origin: RequestOrigin, body: Body<Registration>) -> Answer {
    identity.registration.register(body.0, origin.0).await?;
    Ok(accepted("A mail is on its way to the address."))
}

request_body! {
    /// The token of a link, and the password that completes a registration.
    #[schema(example = json!({
        "token": "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk",
        "password": "correct horse battery staple",
        "device_name": "Amina's phone",
    }))]
    struct Verification into (ProofDraft, TokenPlace) {
        /// The parameter `token` of the link's address.
        #[schema(value_type = String)]
        token: SecretString,
        /// Required if the link completes a registration; of no effect otherwise. At least 10 characters,
        /// at most 1,024 bytes; not easy to guess, and without the owner's name.
        #[schema(value_type = Option<String>, format = Password, min_length = 10)]
        password: Option<SecretString>,
        /// What the device calls itself in the list of sessions.
        #[schema(min_length = 1, max_length = 100)]
        device_name: Option<String>,
        /// Where the refresh token goes: `body`, unless given, or `cookie`.
        #[schema(example = "body")]
        session: Option<String>,
    }
    // What is no token is a link that is not good, like any other.
    |body, violations| {
        let password = body.password.map(NewPassword::parse);
        let password = password.and_then(|parsed| violations.check("password", parsed));
        let device_name = violations.optional("device_name", body.device_name, DeviceName::parse);
        let place = violations.optional("session", body.session, TokenPlace::parse);
        let draft = ProofDraft {
            token: body.token,
            password,
            device_name,
        };
        Some((draft, place.unwrap_or(TokenPlace::Body)))
    }
}

/// The effect of the link.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Verified {
    /// The registration is complete, and its owner is logged in.
    Registration(Box<TokenPair>),
    /// Any other address is verified.
    Address {
        /// Always true.
        #[schema(example = true)]
        verified: bool,
    },
}

/// Verify an address.
///
/// Takes the token of the link that was sent there, once. A link that completes a registration takes
/// the new account's password too, and logs in: the answer is that of `POST /auth/token`. Without a
/// password it is answered with `validation-failed` and the code `required`, and stays good. Any other
/// link takes the token alone.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Verification,
    responses((status = 200, description = "The address is verified.", body = Verified), VerifyProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/verify-email")]
async fn verify_email(
    request: HttpRequest,
    identity: Identity,
    origin: RequestOrigin,
    body: Body<Verification>,
) -> Answer<CustomizeResponder<SecretJson<Verified>>> {
    let (draft, place) = body.0;
    match identity.emails.verify(draft, origin.0).await? {
        Proof::Registration(log_in) => {
            let verified = |pair| Verified::Registration(Box::new(pair));
            refresh_cookie::deliver(&request, place, *log_in, verified)
        }
        Proof::Address => Ok(SecretJson(Verified::Address { verified: true }).customize()),
    }
}

request_body! {
    /// An e-mail address.
    #[schema(example = json!({"email": "amina@example.com"}))]
    pub(super) struct Address into EmailAddress {
        email: String,
    }
    |body, violations| violations.check("email", EmailAddress::parse(&body.email))
}

/// Have the link that verifies your address sent again.
///
/// It goes to an address of an unfinished registration, or of an account that the office made. The
/// answer is the same for every address. Earlier links become invalid.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Address,
    responses((status = 202, description = "A link may be on its way.", body = Accepted), Overload),
)]
#[post("/auth/verify-email/resend")]
async fn resend_verification(
    identity: Identity,
    origin: RequestOrigin,
    body: Body<Address>,
) -> Answer {
    identity.emails.resend(body.0, origin.0).await?;
    Ok(accepted(
        "If the address waits to be verified, a link is on its way there.",
    ))
}
