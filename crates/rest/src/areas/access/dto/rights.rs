use abu_application::access::ports;
use abu_domain::access;

use crate::areas::prelude::*;

json_form! {
    /// A permission.
    #[schema(example = json!({
        "name": "can_view_user",
        "description": "See any account.",
        "is_system": true,
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:00Z",
    }))]
    pub(crate) struct Permission from permission: access::PermissionRecord {
        name: String = permission.name.to_string(),
        /// What it allows.
        description: String = permission.description.as_str().to_owned(),
        /// Every installation has it; it can be neither deleted nor renamed.
        is_system: bool = permission.is_system,
        created_at: DateTime<Utc> = permission.created_at,
        last_modified: DateTime<Utc> = permission.last_modified,
    }
}

json_form! {
    /// A named set of permissions.
    #[schema(example = json!({
        "name": "newsletter_admin",
        "description": "Writes the newsletter.",
        "is_system": false,
        "permissions": ["can_create_announcement"],
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:00Z",
    }))]
    pub(crate) struct Role from role: access::Role {
        name: String = role.name.to_string(),
        /// What it is for.
        description: String = role.description.as_str().to_owned(),
        /// Every installation has it; it can be neither deleted nor renamed.
        is_system: bool = role.is_system,
        /// What it allows, in alphabetical order.
        permissions: Vec<String> = role.parts.iter().map(ToString::to_string).collect(),
        created_at: DateTime<Utc> = role.created_at,
        last_modified: DateTime<Utc> = role.last_modified,
    }
}

json_form! {
    /// A named set of roles that people are put in.
    #[schema(example = json!({
        "name": "newsroom_group",
        "description": "Those who write the newsletter.",
        "is_system": false,
        "roles": ["newsletter_admin"],
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:00Z",
    }))]
    pub(crate) struct Group from group: access::Group {
        name: String = group.name.to_string(),
        /// What it is for.
        description: String = group.description.as_str().to_owned(),
        /// Every installation has it; it can be neither deleted nor renamed.
        is_system: bool = group.is_system,
        /// The roles it gives, in alphabetical order.
        roles: Vec<String> = group.parts.iter().map(ToString::to_string).collect(),
        created_at: DateTime<Utc> = group.created_at,
        last_modified: DateTime<Utc> = group.last_modified,
    }
}

json_form! {
    /// A role that a user holds for a term.
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
    pub(crate) struct RoleAssignment from assignment: access::Assignment {
        uuid: Uuid = assignment.id.uuid(),
        /// Who holds it.
        user: Uuid = assignment.user_id.uuid(),
        /// The name of the role.
        role: String = assignment.role.to_string(),
        /// `global` or `chapter`.
        scope_type: &'static str = assignment.scope.kind(),
        /// Which chapter.
        scope_uuid: Option<Uuid> = assignment.scope.chapter(),
        valid_from: DateTime<Utc> = assignment.term.from(),
        /// Null without a fixed end.
        valid_until: Option<DateTime<Utc>> = assignment.term.until(),
        /// What the office is called.
        office_title: Option<String> = assignment.office_title.map(|title| title.as_str().to_owned()),
        /// Who assigned it; null where that account is gone.
        created_by: Option<Uuid> = assignment.created_by.map(Into::into),
        created_at: DateTime<Utc> = assignment.created_at,
        last_modified: DateTime<Utc> = assignment.last_modified,
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

json_form! {
    /// A permission that you hold.
    #[schema(example = json!({"permission": "can_view_user", "scope": {"type": "global"}}))]
    pub(crate) struct HeldPermission from held: ports::HeldPermission {
        /// Its name.
        permission: String = held.permission.to_string(),
        /// Where it counts.
        scope: Scope = Scope {
            r#type: held.scope.kind(),
            uuid: held.scope.chapter(),
        },
        /// When it ends by itself; left out where it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        until: Option<DateTime<Utc>> = held.until,
    }
}
