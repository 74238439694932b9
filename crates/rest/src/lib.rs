#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod areas;
mod caller;
mod input;
mod list;
mod middleware;
mod openapi;
mod problem;
mod secret_json;
mod settings;
mod shared;

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

pub use areas::identity::UserDocument;
pub use list::CursorCodec;
pub use middleware::idempotency::Fingerprints;
pub use problem::{Problem, ProblemKind};
pub use settings::{RestKeys, RestSettings};
pub use shared::Shared;

use middleware::{catch_panic, conditional, cors, documented, envelope, idempotency, rate_limit};

/// The whole application, for one worker thread.
pub fn app(
    shared: Shared,
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
    let cors = cors::layer(&shared.browsers.origins);
    App::new()
        .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .app_data(shared.access)
        .app_data(shared.identity)
        .app_data(shared.messaging)
        .app_data(shared.alumni)
        .app_data(shared.api)
        .app_data(shared.bodies)
        .app_data(shared.browsers)
        .app_data(shared.cursors)
        .app_data(shared.fingerprints)
        .app_data(shared.limits)
        .app_data(shared.pages)
        .app_data(shared.proxies)
        .app_data(shared.readiness)
        .app_data(shared.request_ids)
        .app_data(worker)
        .into_utoipa_app()
        .configure(areas::configure)
        .into_app()
        .wrap(from_fn(idempotency::idempotent))
        .wrap(from_fn(documented::documented_only))
        .wrap(from_fn(rate_limit::limited))
        .wrap(from_fn(catch_panic::catch_panic))
        .wrap(cors)
        .wrap(from_fn(cors::credentials))
        .wrap(from_fn(conditional::not_modified))
        .wrap(Compress::default())
        .wrap(from_fn(envelope::envelope))
}

fn keyed_hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length")
}
