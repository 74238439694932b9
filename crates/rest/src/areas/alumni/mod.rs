//! Reference data, the register of graduates, claims, profiles, and the directory.

mod access_log;
mod claims;
mod csv;
mod directory;
mod dto;
mod evidence;
mod holidays;
mod imports;
mod invitations;
mod problems;
mod profiles;
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
        .configure(directory::configure)
        .configure(imports::configure)
        .configure(records::configure)
        .configure(profiles::configure)
        .configure(reference::configure);
}
