use chrono::{DateTime, Utc};

use super::{GroupName, PermissionName, RoleName};
use crate::text::Description;

/// A permission as it is kept: one that the code asks for, or one of the office's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionRecord {
    /// Its name.
    pub name: PermissionName,
    /// What it allows.
    pub description: Description,
    /// Every installation has it; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
}

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: RoleName,
    /// What it is for.
    pub description: Description,
    /// Every installation has it; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// What it allows, in alphabetical order.
    pub permissions: Vec<PermissionName>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, or what it allows, last changed.
    pub last_modified: DateTime<Utc>,
}

/// A named set of roles that people are put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// What it is for.
    pub description: Description,
    /// Every installation has it; it can be neither deleted nor renamed.
    pub is_system: bool,
    /// The roles it gives, in alphabetical order.
    pub roles: Vec<RoleName>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, or the roles it gives, last changed.
    pub last_modified: DateTime<Utc>,
}
