//! JSON forms of the access area.

mod audit_entry;
mod mail;
mod rights;

pub(super) use audit_entry::AuditEntry;
pub(super) use mail::Mail;
pub(crate) use rights::HeldPermission;
pub(super) use rights::{Group, Permission, Role, RoleAssignment};
