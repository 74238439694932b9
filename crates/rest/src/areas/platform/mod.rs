//! Health, the API's documentation, the console, and pages about problems.

mod asset;
mod console;
mod docs;
mod health;
mod problem_pages;
pub(crate) mod problems;

pub(crate) use asset::Asset;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(health::configure)
        .configure(docs::configure)
        .configure(console::configure)
        .configure(problem_pages::configure);
}
