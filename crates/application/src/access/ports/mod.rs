//! Ports of the access area: callers, rights, assignments.

mod access;
mod assignments;
mod rights;

pub use access::{AccessRepository, CallerRecord, HeldPermission};
pub use assignments::{AssignmentFilter, AssignmentRepository};
pub use rights::{GroupRepository, NameFilter, PermissionRepository, RoleRepository};
