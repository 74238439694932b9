//! Fields that carry secrets, and counting guesses at them.

use abu_domain::{
    Violation,
    identity::text::{LoginPassword, NewPassword, OneTimePassword},
};

use crate::{
    caller::CurrentUser,
    input::{BodyFields, FromBody},
    middleware::rate_limit::Limits,
    problem::Problem,
    rate_limits::Policy,
};

/// What a link in a mail carries.
#[derive(utoipa::ToSchema)]
#[schema(as = LinkToken, example = json!({"token": "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk"}))]
#[expect(dead_code, reason = "it describes what `TokenBody` is read from")]
pub(super) struct TokenSchema {
    /// The parameter `token` of the link's address.
    token: String,
}

pub(super) struct TokenBody(pub(super) String);

impl FromBody for TokenBody {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        // What is no token is a link that is not good, like any other.
        body.text("token", |text| Ok(text.to_owned())).map(Self)
    }
}

pub(super) fn new_password(text: &str) -> Result<NewPassword, Violation> {
    NewPassword::parse(text.into())
}

pub(super) fn login_password(text: &str) -> Result<LoginPassword, Violation> {
    Ok(LoginPassword::new(text.into()))
}

/// Counts a try of the caller's password like a log-in, whether it succeeds or not. Every route that
/// takes the password of somebody who is logged in begins with this.
pub(super) fn count_guess(limits: &Limits, caller: &CurrentUser) -> Result<(), Problem> {
    limits.by_user(Policy::LogInAccount, caller.caller.user)
}

/// The field `password`, where it is to be the right one.
pub(super) fn password(body: &mut BodyFields) -> Option<LoginPassword> {
    body.text("password", login_password)
}

/// The field `otp`, where it is to be the right one.
pub(super) fn otp(body: &mut BodyFields) -> Option<OneTimePassword> {
    body.text("otp", |text| Ok(OneTimePassword::new(text)))
}
