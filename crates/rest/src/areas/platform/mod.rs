//! Health, and the pages for browsers.

mod health;
pub(crate) mod problems;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(health::configure)
        .configure(abu_pages::configure);
}
