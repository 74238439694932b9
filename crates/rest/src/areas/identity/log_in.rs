//! Logging in, and staying so.

use std::{
    future::{Future, ready},
    pin::Pin,
};

use abu_application::identity::{ports::IssuedToken, sessions::LogInDraft};
use abu_domain::{
    identity::text::{LoginPassword, OneTimePassword},
    platform::text::{DeviceName, EmailAddress},
};
use actix_web::{CustomizeResponder, FromRequest, HttpRequest, dev::Payload};

use crate::{
    areas::{
        identity::{
            dto::TokenHolder,
            refresh_cookie::{self, Placed, TokenPlace},
        },
        prelude::*,
    },
    input::has_body,
};

routes! { log_in, refresh, log_in_to_docs }

request_body! {
    /// What a log-in takes.
    #[schema(example = json!({
        "email": "amina@example.com",
        "password": "correct horse battery staple",
        "device_name": "Amina's phone",
    }))]
    struct Credentials into (LogInDraft, TokenPlace) {
        /// Any verified address of the account.
        email: String,
        #[schema(value_type = String, format = Password)]
        password: SecretString,
        /// What the device calls itself in the list of sessions.
        #[schema(min_length = 1, max_length = 100)]
        device_name: Option<String>,
        /// Where the account has one-time passwords: what the device shows now, or a recovery code.
        #[schema(value_type = Option<String>)]
        otp: Option<SecretString>,
        /// Where the refresh token goes: `body`, unless given, or `cookie`. Browsers send the cookie to
        /// `/auth/refresh` and `/auth/logout`, and no script reads it.
        #[schema(example = "body")]
        session: Option<String>,
    }
    |body, violations| {
        let email = violations.check("email", EmailAddress::parse(&body.email));
        let device_name = violations.optional("device_name", body.device_name, DeviceName::parse);
        let otp = |text: SecretString| OneTimePassword::new(text.expose_secret());
        let place = violations.optional("session", body.session, TokenPlace::parse);
        let draft = LogInDraft {
            email: email?,
            password: LoginPassword::new(body.password),
            otp: body.otp.map(otp),
            device_name,
        };
        Some((draft, place.unwrap_or(TokenPlace::Body)))
    }
}

json_form! {
    /// What a client keeps of a log-in.
    pub(super) struct TokenPair from placed: Placed {
        /// Goes into `Authorization: Bearer …`.
        #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.b3VyIHNpZ25hdHVyZQ")]
        access_token: String = placed.got.access_token.token,
        /// Always `bearer`.
        #[schema(example = "bearer")]
        token_type: &'static str = "bearer",
        /// For how many seconds the access token is good.
        #[schema(example = 900)]
        expires_in: u64 = placed.got.access_token.expires_in,
        /// Gets the next pair, once. Absent where it is in the cookie.
        #[schema(example = "P48GpiSPTs-iRfhSNB-MHw.0.b3VyIHJlZnJlc2ggdG9rZW4sIGZvciBhbiBleGFtcGw")]
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh_token: Option<String> = placed.place.in_body(&placed.got.refresh_token),
        user: TokenHolder = TokenHolder::of(&placed.got.user, placed.got.permissions),
    }
}

problems! {
    LogInProblems: InvalidCredentials, OtpRequired, AccountSuspended, Unavailable;
    RefreshProblems:
        InvalidToken, TokenExpired, RefreshReused, AccountSuspended, OriginNotAllowed, Unavailable;
}

/// Log in.
///
/// All log-ins that fail because of the address, the password or the one-time password fail alike.
/// Where the account has one-time passwords and the right password comes without one, the answer is
/// `otp-required`. Log-ins that fail are limited by account and network. An account that its owner had
/// hidden is shown again.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Credentials,
    responses((status = 200, description = "Logged in.", body = TokenPair), LogInProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/token")]
async fn log_in(
    request: HttpRequest,
    identity: Identity,
    origin: RequestOrigin,
    body: Body<Credentials>,
) -> Answer<CustomizeResponder<SecretJson<TokenPair>>> {
    let (draft, place) = body.0;
    let got = identity.sessions.log_in(draft, origin.0).await?;
    refresh_cookie::deliver(&request, place, got, |pair| pair)
}

request_body! {
    /// What a refresh takes.
    #[schema(example = json!({
        "refresh_token": "P48GpiSPTs-iRfhSNB-MHw.0.b3VyIHJlZnJlc2ggdG9rZW4sIGZvciBhbiBleGFtcGw",
    }))]
    struct Refresh into Option<SecretString> {
        /// The newest one. Left out, the one in the cookie counts.
        #[schema(value_type = Option<String>)]
        refresh_token: Option<SecretString>,
    }
    |body, _violations| Some(body.refresh_token)
}

/// The refresh token of a request: of its body, or else of its cookie. It has no `Debug`, and so no
/// way into a log.
struct ShownToken {
    token: SecretString,
    place: TokenPlace,
}

impl FromRequest for ShownToken {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let in_cookie = refresh_cookie::read(request).map(|token| {
            refresh_cookie::check_origin(request).map(|()| Self {
                token,
                place: TokenPlace::Cookie,
            })
        });
        let in_cookie = match in_cookie {
            // A request with the cookie needs no body.
            Some(in_cookie) if !has_body(request) => return Box::pin(ready(in_cookie)),
            in_cookie => in_cookie,
        };
        let body = Body::<Refresh>::from_request(request, payload);
        Box::pin(async move {
            match (body.await?.0, in_cookie) {
                (Some(token), _) => Ok(Self {
                    token,
                    place: TokenPlace::Body,
                }),
                (None, Some(in_cookie)) => in_cookie,
                (None, None) => Err(Problem::new(
                    ProblemKind::InvalidToken,
                    "There is no refresh token, neither in the body nor in a cookie.",
                )),
            }
        })
    }
}

/// Get the next pair of tokens.
///
/// A refresh token is good for one successor. For 30 seconds after it was first used it gets the same
/// successor again, so a client may repeat a request whose answer it lost. After that, using it ends the
/// session, because the token was copied.
///
/// A browser whose session is in a cookie sends no body, and an `Origin` that is on the server's list or
/// the server's own. The next refresh token is then in the cookie alone.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Refresh,
    responses((status = 200, description = "The next pair.", body = TokenPair), RefreshProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/refresh")]
async fn refresh(
    request: HttpRequest,
    identity: Identity,
    origin: RequestOrigin,
    shown: ShownToken,
) -> Answer<CustomizeResponder<SecretJson<TokenPair>>> {
    let got = identity.sessions.refresh(shown.token, origin.0).await?;
    refresh_cookie::deliver(&request, shown.place, got, |pair| pair)
}

request_body! {
    /// The form by which OAuth 2 exchanges a password for a token.
    #[expect(dead_code, reason = "OAuth 2 clients send fields that are ignored")]
    struct PasswordForm into LogInDraft {
        /// An address of the account.
        #[schema(example = "amina@example.com")]
        username: String,
        #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
        password: SecretString,
        /// `password`, if anything.
        #[schema(example = "password")]
        grant_type: Option<String>,
        /// Not looked at, and neither are the next two.
        scope: Option<String>,
        client_id: Option<String>,
        client_secret: Option<String>,
    }
    |body, violations| {
        let email = violations.check("username", EmailAddress::parse(&body.username));
        violations.optional("grant_type", body.grant_type, |text| match text {
            "password" => Ok(()),
            _ => Err(Violation {
                code: "grant_type.unknown",
                rule: "must be password",
            }),
        });
        Some(LogInDraft {
            email: email?,
            password: LoginPassword::new(body.password),
            otp: None,
            device_name: DeviceName::parse("API documentation").ok(),
        })
    }
}

json_form! {
    /// An access token without a refresh token.
    struct AccessToken from issued: IssuedToken {
        /// Goes into `Authorization: Bearer …`.
        #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.b3VyIHNpZ25hdHVyZQ")]
        access_token: String = issued.token,
        /// Always `bearer`.
        #[schema(example = "bearer")]
        token_type: &'static str = "bearer",
        /// For how many seconds it is good; then its session is over.
        #[schema(example = 900)]
        expires_in: u64 = issued.expires_in,
    }
}

/// Log in by a form, to try the API in its documentation.
///
/// It gives no refresh token, and has no place for a one-time password: an account that has them is
/// answered `otp-required`. Applications log in with `POST /auth/token`.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body(content = PasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Logged in.", body = AccessToken), LogInProblems),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/docs-token")]
async fn log_in_to_docs(
    identity: Identity,
    origin: RequestOrigin,
    form: Form<PasswordForm>,
) -> Answer<SecretJson<AccessToken>> {
    let token = identity.sessions.log_in_once(form.0, origin.0).await?;
    Ok(SecretJson(token.into()))
}
