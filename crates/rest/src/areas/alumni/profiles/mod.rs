//! Profiles: the caller's own with its entries and its privacy, and those of others.

mod dto;
mod entries;
mod own;
mod privacy;
mod problems;
mod skills;
mod view;
mod vocabulary;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(own::configure)
        .configure(entries::configure)
        .configure(skills::configure)
        .configure(privacy::configure)
        .configure(view::configure)
        .configure(vocabulary::configure);
}
