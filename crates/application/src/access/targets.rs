//! Audit targets of the access area.

use abu_domain::access::{GroupName, PermissionName, RoleName};

use crate::platform::audit::Target;

impl Target {
    pub fn permission(name: &PermissionName) -> Self {
        Self {
            kind: "permission",
            id: name.to_string(),
        }
    }

    pub fn role(name: &RoleName) -> Self {
        Self {
            kind: "role",
            id: name.to_string(),
        }
    }

    pub fn group(name: &GroupName) -> Self {
        Self {
            kind: "group",
            id: name.to_string(),
        }
    }
}
