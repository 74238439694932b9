//! Accounts, registration, login sessions, passwords, e-mail addresses and one-time passwords.

mod credentials;
mod dto;
mod emails;
mod erasure;
mod exports;
mod log_in;
mod me;
mod passwords;
mod problems;
mod refresh_cookie;
mod registration;
mod sessions;
mod totp;
mod users;

use utoipa_actix_web::service_config::ServiceConfig;

pub use dto::User as UserDocument;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(log_in::configure)
        .configure(sessions::configure)
        .configure(totp::configure)
        .configure(registration::configure)
        .configure(passwords::configure)
        .configure(emails::configure)
        .configure(me::configure)
        .configure(erasure::configure)
        .configure(exports::configure)
        .configure(users::configure);
}
