//! Permissions, roles, groups, assignments, tasks, and what the office sees of audit log and mail.

mod audit_log;
pub(crate) mod dto;
mod groups;
mod mails;
mod named_sets;
pub(crate) mod names;
mod permissions;
pub(crate) mod problems;
mod role_assignments;
mod roles;
mod tasks;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(permissions::configure)
        .configure(roles::configure)
        .configure(groups::configure)
        .configure(role_assignments::configure)
        .configure(audit_log::configure)
        .configure(mails::configure)
        .configure(tasks::configure);
}
