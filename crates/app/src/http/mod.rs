//! The HTTP layer: routes, what comes in and goes out of them, and the manners that all of them
//! share.
//!
//! A request passes, from outside in: `envelope` (id, client's address, problem documents, headers,
//! access log), compression, `conditional` (tags, and nothing for who has it already), CORS,
//! `catch_panic`, `rate_limit`, `documented` (only what is in the API description is served), and
//! `idempotency` (what carries a key is done once). Then a handler extracts, converts to the domain's
//! types, calls one use case, and converts what comes back.

mod access_log;
mod caller;
mod catch_panic;
mod client_address;
mod conditional;
mod cors;
mod cursor;
mod documented;
mod dto;
mod envelope;
mod idempotency;
mod input;
mod list;
mod openapi;
mod problem;
mod rate_limit;
mod request_id;
mod routes;
mod security_headers;

use abu_chat::Worker;
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::{Compress, from_fn},
    web,
};
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use utoipa_actix_web::AppExt;

pub use client_address::TrustedProxies;
pub use cors::AllowedOrigins;
pub use cursor::CursorCodec;
pub(crate) use dto::User as UserDocument;
pub use idempotency::Fingerprints;
pub use openapi::Api;
pub use problem::{Problem, ProblemKind};

use crate::state::AppState;

/// The whole application, for one worker thread.
pub fn app(
    state: AppState,
    worker: Worker,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let body_limit = web::PayloadConfig::new(state.http.max_body_bytes);
    let cors = cors::layer(&state.http.origins);
    App::new()
        .app_data(body_limit)
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .app_data(web::Data::new(state))
        .app_data(worker)
        .into_utoipa_app()
        .configure(routes::configure)
        .into_app()
        .wrap(from_fn(idempotency::idempotent))
        .wrap(from_fn(documented::documented_only))
        .wrap(from_fn(rate_limit::limited))
        .wrap(from_fn(catch_panic::catch_panic))
        .wrap(cors)
        .wrap(from_fn(conditional::not_modified))
        .wrap(Compress::default())
        .wrap(from_fn(envelope::envelope))
}

/// HMAC-SHA256 (RFC 2104) with this key.
fn keyed_hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length")
}
