use chrono::{DateTime, Utc};

use super::{AccessName, GroupName, PermissionName, RoleName};
use crate::platform::text::Description;

/// A permission, a role or a group, as RBAC nests them. A group is a set of roles, a role is a set
/// of permissions, and a permission has no parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSet<N: AccessName> {
    /// The name.
    pub name: N,
    /// What it is for.
    pub description: Description,
    /// Seeded in every installation; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// The names it contains, in alphabetical order.
    pub parts: Vec<N::Part>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change to it or to its parts.
    pub last_modified: DateTime<Utc>,
}

/// A stored permission: one that the code checks, or one that an administrator created.
pub type PermissionRecord = NamedSet<PermissionName>;

/// A named set of permissions.
pub type Role = NamedSet<RoleName>;

/// A named set of roles; its members hold all of them.
pub type Group = NamedSet<GroupName>;
