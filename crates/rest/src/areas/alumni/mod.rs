//! Reference data, the register of graduates, and claims.

mod access_log;
mod claims;
mod csv;
mod dto;
mod evidence;
mod holidays;
mod imports;
mod invitations;
mod problems;
mod proofs;
mod records;
mod reference;
mod review;
mod upload;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(access_log::configure)
        .configure(claims::configure)
        .configure(evidence::configure)
        .configure(proofs::configure)
        .configure(review::configure)
        .configure(invitations::configure)
        .configure(holidays::configure)
        .configure(imports::configure)
        .configure(records::configure)
        .configure(reference::configure);
}
