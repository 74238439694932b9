//! Reference data, the register of graduates, and claims.

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(_config: &mut ServiceConfig<'_>) {}
