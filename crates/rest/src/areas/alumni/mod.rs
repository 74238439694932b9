//! Reference data, the register of graduates, claims, profiles, and the directory.

mod claims;
mod csv;
mod directory;
mod dto;
mod holidays;
mod imports;
mod invitations;
mod problems;
mod profiles;
mod proofs;
mod records;
mod reference;
mod review;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(claims::configure)
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
