//! Ports of the access area: callers, rights, assignments.

mod access;
mod assignments;
mod rights;

use abu_domain::access::{GroupName, PermissionName, RoleName};

use crate::platform::ports::all_ports;

pub use access::{AccessReads, AccessWrites, CallerRecord, HeldPermission};
pub use assignments::{AssignmentFilter, AssignmentReads, AssignmentWrites};
pub use rights::{NameFilter, NamedSetReads, NamedSetWrites};

all_ports! {
    /// What the area reads.
    Reads: AccessReads, AssignmentReads, NamedSetReads<PermissionName>, NamedSetReads<RoleName>, NamedSetReads<GroupName>,;
    /// What the area writes.
    Writes: AccessWrites, AssignmentWrites, NamedSetWrites<PermissionName>, NamedSetWrites<RoleName>, NamedSetWrites<GroupName>,;
}
