//! Reference data, the register of graduates, and claims.

mod imports;
mod records;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.configure(imports::configure);
    config.configure(records::configure);
}
