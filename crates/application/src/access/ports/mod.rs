//! Ports of the access area: callers, rights, assignments.

mod access;
mod assignments;
mod rights;

pub use access::{AccessReads, AccessWrites, CallerRecord, HeldPermission};
pub use assignments::{AssignmentFilter, AssignmentReads, AssignmentWrites};
pub use rights::{NameFilter, NamedSetReads, NamedSetWrites};
