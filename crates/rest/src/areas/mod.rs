//! The routes of every area, each in the folder of its name.

pub(crate) mod access;
mod alumni;
mod common;
pub(crate) mod identity;
mod messaging;
pub(crate) mod platform;
mod prelude;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

pub(crate) const BASE: &str = "/api/v1";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope(BASE)
                .configure(access::configure)
                .configure(identity::configure)
                .configure(messaging::configure)
                .configure(alumni::configure),
        )
        .configure(messaging::configure_chat)
        .configure(platform::configure);
}
