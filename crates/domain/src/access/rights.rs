use chrono::{DateTime, Utc};

use super::{AccessName, GroupName, PermissionName, RoleName};
use crate::platform::text::Description;

/// A permission, a role or a group, as RBAC nests them: a group is a set of roles, a role is a set of
/// permissions, and a permission has no parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSet<N: AccessName> {
    /// Its name.
    pub name: N,
    /// What it is for.
    pub description: Description,
    /// Every installation has it; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// What it consists of, in alphabetical order.
    pub parts: Vec<N::Part>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, or a name among its parts, last changed.
    pub last_modified: DateTime<Utc>,
}

/// A permission as it is kept: one that the code asks for, or one of the office's own.
pub type PermissionRecord = NamedSet<PermissionName>;

/// A named set of permissions.
pub type Role = NamedSet<RoleName>;

/// A named set of roles that people are put in.
pub type Group = NamedSet<GroupName>;
