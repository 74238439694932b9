//! Roles: named sets of permissions.

use abu_application::access::{NamedSetChange, NamedSetDraft};
use abu_domain::access::{PermissionName, RoleName};

use super::{
    dto::Role,
    named_sets::{self, ByNames, Resource, named, named_set_routes, part_routes, with_version},
};
use crate::areas::prelude::*;

routes! {
    list_roles, create_role, get_role, update_role, delete_role, add_permissions,
    remove_permissions, remove_permission,
}

/// The path of a role.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByRole {
    /// Which role.
    #[param(example = "newsletter_admin")]
    role_name: String,
}

/// The path of a permission in a role.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByRoleAndPermission {
    /// Which role.
    #[param(example = "newsletter_admin")]
    role_name: String,
    /// Which permission.
    #[param(example = "can_create_announcement")]
    perm_name: String,
}

request_body! {
    /// What a new role is made of.
    #[schema(example = json!({
        "name": "newsletter_admin",
        "description": "Writes the newsletter.",
        "permissions": ["can_create_announcement"],
    }))]
    struct NewRole into NamedSetDraft<RoleName> {
        /// 3 to 64 of a to z, 0 to 9 and _; such as `newsletter_admin`.
        #[schema(min_length = 3, max_length = 64)]
        name: String,
        /// What it is for.
        #[schema(max_length = 300)]
        description: Option<String>,
        /// Names of the permissions that it gives.
        #[schema(max_items = 100)]
        permissions: Option<Vec<String>>,
    }
    |body, violations| named_sets::draft(violations, &body.name, body.description, body.permissions)
}

request_body! {
    /// What a role is changed to.
    #[schema(example = json!({
        "description": "Writes and withdraws the newsletter.",
        "permissions": ["can_create_announcement", "can_delete_announcement"],
    }))]
    struct RoleChange into NamedSetChange<RoleName> {
        /// Its new name; left out, it keeps the one it has.
        #[schema(min_length = 3, max_length = 64)]
        name: Option<String>,
        /// What it is for.
        #[schema(max_length = 300)]
        description: String,
        /// Names of the permissions that it gives from now on, and no others.
        #[schema(max_items = 100)]
        permissions: Vec<String>,
    }
    |body, violations| {
        named_sets::change(violations, body.name, &body.description, body.permissions)
    }
}

request_body! {
    /// Some permissions.
    #[schema(example = json!({"permissions": ["can_create_announcement"]}))]
    struct PermissionNames into Vec<PermissionName> {
        /// Their names.
        #[schema(max_items = 100)]
        permissions: Vec<String>,
    }
    |body, violations| named_sets::parts::<RoleName>(violations, body.permissions)
}

named_set_routes! {
    RoleName as Role at "/roles" and "/roles/{name}";

    /// List roles.
    ///
    /// By name; takes `can_view_role`.
    list: list_roles, "A page of roles.";

    /// Make a role.
    ///
    /// Takes `can_create_role` and, held for good, every permission that the role gives.
    create: create_role(NewRole), "The role; `Location` is its address.";

    /// See a role.
    ///
    /// Takes `can_view_role`.
    get: get_role, "The role.";

    /// Change a role as a whole.
    ///
    /// The permissions are replaced, not added to. Takes `can_modify_role` and every permission that the
    /// role gives before or after; taking one out also takes outranking every user who has the role.
    update: update_role(RoleChange, RequiredIfMatch, RequiredIfMatchParameter);

    /// Delete a role.
    ///
    /// One of the office's own that no group gives and no user holds for a term; takes `can_delete_role` and
    /// every permission that it gives.
    delete: delete_role;
}

part_routes! {
    RoleName as Role;
    "/roles/{role_name}/permissions" in ByRole(role_name);
    "/roles/{role_name}/permissions/{perm_name}" in ByRoleAndPermission(role_name, perm_name);

    /// Add permissions to a role.
    ///
    /// Takes what changing the role takes. Those that it gives already change nothing.
    add: add_permissions(PermissionNames), "The role.";

    /// Take permissions out of a role.
    ///
    /// Takes what changing the role takes. Those that it does not give change nothing.
    remove: remove_permissions, StaffOnly;

    /// Take one permission out of a role.
    ///
    /// Takes what changing the role takes.
    remove_one: remove_permission;
}
