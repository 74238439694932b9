use abu_application::access::ports;
use abu_domain::access;

use crate::areas::prelude::*;

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "can_view_user",
    "description": "See any account.",
    "is_system": true,
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct Permission {
    name: String,
    /// What it allows.
    description: String,
    /// Every installation has it; it can be neither deleted nor renamed.
    is_system: bool,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl From<access::PermissionRecord> for Permission {
    fn from(permission: access::PermissionRecord) -> Self {
        Self {
            name: permission.name.to_string(),
            description: permission.description.as_str().to_owned(),
            is_system: permission.is_system,
            created_at: permission.created_at,
            last_modified: permission.last_modified,
        }
    }
}

/// A named set of permissions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "newsletter_admin",
    "description": "Writes the newsletter.",
    "is_system": false,
    "permissions": ["can_create_announcement"],
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct Role {
    name: String,
    /// What it is for.
    description: String,
    /// Every installation has it; it can be neither deleted nor renamed.
    is_system: bool,
    /// What it allows, in alphabetical order.
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl From<access::Role> for Role {
    fn from(role: access::Role) -> Self {
        let permissions = role.parts.iter();
        Self {
            name: role.name.to_string(),
            description: role.description.as_str().to_owned(),
            is_system: role.is_system,
            permissions: permissions.map(ToString::to_string).collect(),
            created_at: role.created_at,
            last_modified: role.last_modified,
        }
    }
}

/// A named set of roles that people are put in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "newsroom_group",
    "description": "Those who write the newsletter.",
    "is_system": false,
    "roles": ["newsletter_admin"],
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct Group {
    name: String,
    /// What it is for.
    description: String,
    /// Every installation has it; it can be neither deleted nor renamed.
    is_system: bool,
    /// The roles it gives, in alphabetical order.
    roles: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl From<access::Group> for Group {
    fn from(group: access::Group) -> Self {
        let roles = group.parts.iter();
        Self {
            name: group.name.to_string(),
            description: group.description.as_str().to_owned(),
            is_system: group.is_system,
            roles: roles.map(ToString::to_string).collect(),
            created_at: group.created_at,
            last_modified: group.last_modified,
        }
    }
}

/// A role that a user holds for a term.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "5b0e2d52-7c0e-4a64-9e6b-2f1d3a7b9c10",
    "user": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "role": "chapter_chair",
    "scope_type": "chapter",
    "scope_uuid": "9d2f4c1e-3b7a-4f58-8a60-1c5e7d9b2f34",
    "valid_from": "2026-01-05T08:30:00Z",
    "valid_until": "2028-01-05T08:30:00Z",
    "office_title": "Chair of the Kaduna branch",
    "created_by": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct RoleAssignment {
    uuid: Uuid,
    /// Who holds it.
    user: Uuid,
    /// The name of the role.
    role: String,
    /// `global` or `chapter`.
    scope_type: &'static str,
    /// Which chapter.
    scope_uuid: Option<Uuid>,
    valid_from: DateTime<Utc>,
    /// Null without a fixed end.
    valid_until: Option<DateTime<Utc>>,
    /// What the office is called.
    office_title: Option<String>,
    /// Who assigned it; null where that account is gone.
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl From<access::Assignment> for RoleAssignment {
    fn from(assignment: access::Assignment) -> Self {
        let title = assignment.office_title.as_ref();
        Self {
            uuid: assignment.id.uuid(),
            user: assignment.user_id.uuid(),
            role: assignment.role.to_string(),
            scope_type: assignment.scope.kind(),
            scope_uuid: assignment.scope.chapter(),
            valid_from: assignment.term.from(),
            valid_until: assignment.term.until(),
            office_title: title.map(|title| title.as_str().to_owned()),
            created_by: assignment.created_by.map(Into::into),
            created_at: assignment.created_at,
            last_modified: assignment.last_modified,
        }
    }
}

/// Where a permission counts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "global"}))]
pub(crate) struct Scope {
    /// `global` or `chapter`.
    r#type: &'static str,
    /// Which chapter; left out where it counts everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    uuid: Option<Uuid>,
}

/// A permission that you hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"permission": "can_view_user", "scope": {"type": "global"}}))]
pub(crate) struct HeldPermission {
    /// Its name.
    permission: String,
    /// Where it counts.
    scope: Scope,
    /// When it ends by itself; left out where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<DateTime<Utc>>,
}

impl From<ports::HeldPermission> for HeldPermission {
    fn from(held: ports::HeldPermission) -> Self {
        Self {
            permission: held.permission.to_string(),
            scope: Scope {
                r#type: held.scope.kind(),
                uuid: held.scope.chapter(),
            },
            until: held.until,
        }
    }
}
