//! Logging in, and what comes of it.

mod log_in;
mod sessions;
mod tickets;
mod totp;

use abu_domain::text::{LoginPassword, OneTimePassword};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{State, count_guess, login_password};
use crate::http::input::BodyFields;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(log_in::configure)
        .configure(sessions::configure)
        .configure(totp::configure)
        .configure(tickets::configure);
}

/// The field `password`, where it is to be the right one.
fn password(body: &mut BodyFields) -> Option<LoginPassword> {
    body.text("password", login_password)
}

/// The field `otp`, where it is to be the right one.
fn otp(body: &mut BodyFields) -> Option<OneTimePassword> {
    body.text("otp", |text| Ok(OneTimePassword::new(text)))
}
