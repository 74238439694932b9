use chrono::{DateTime, Utc};

use super::{GroupName, PermissionName, RoleName};
use crate::platform::text::Description;

/// A stored permission: one that the code checks, or one that an administrator created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionRecord {
    /// The name.
    pub name: PermissionName,
    /// What it allows.
    pub description: Description,
    /// Seeded in every installation; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change.
    pub last_modified: DateTime<Utc>,
}

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name.
    pub name: RoleName,
    /// What it is for.
    pub description: Description,
    /// Seeded in every installation; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// The permissions it grants, in alphabetical order.
    pub permissions: Vec<PermissionName>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change to the role or to its permissions.
    pub last_modified: DateTime<Utc>,
}

/// A named set of roles; its members hold all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: GroupName,
    /// What it is for.
    pub description: Description,
    /// Seeded in every installation; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// The roles it grants, in alphabetical order.
    pub roles: Vec<RoleName>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change to the group or to its roles.
    pub last_modified: DateTime<Utc>,
}
