//! Permissions: those that the server asks for, and the office's own.

use abu_application::access::{NamedSetChange, NamedSetDraft};
use abu_domain::access::PermissionName;

use super::{
    dto::Permission,
    named_sets::{self, ByNames, Resource, named, named_set_routes, with_version},
};
use crate::areas::prelude::*;

routes! {
    list_permissions, create_permission, get_permission, update_permission, delete_permission,
}

request_body! {
    /// What a new permission is made of.
    #[schema(example = json!({
        "name": "can_print_card",
        "description": "Print membership cards.",
    }))]
    struct NewPermission into NamedSetDraft<PermissionName> {
        /// 3 to 64 of a to z, 0 to 9 and _; such as `can_print_card`.
        #[schema(min_length = 3, max_length = 64)]
        name: String,
        /// What it allows.
        #[schema(max_length = 300)]
        description: Option<String>,
    }
    |body, violations| named_sets::draft(violations, &body.name, body.description, None)
}

request_body! {
    /// What a permission is changed to.
    #[schema(example = json!({"description": "Print membership cards."}))]
    struct PermissionChange into NamedSetChange<PermissionName> {
        /// Its new name; left out, it keeps the one it has.
        #[schema(min_length = 3, max_length = 64)]
        name: Option<String>,
        /// What it allows.
        #[schema(max_length = 300)]
        description: String,
    }
    |body, violations| named_sets::change(violations, body.name, &body.description, Vec::new())
}

named_set_routes! {
    PermissionName as Permission at "/permissions" and "/permissions/{name}";

    /// List permissions.
    ///
    /// By name; takes `can_view_permission`.
    list: list_permissions, "A page of permissions.";

    /// Make a permission.
    ///
    /// For what another program asks the server about; the server itself asks for none of these. No role
    /// gives it yet. Takes `can_create_permission`.
    create: create_permission(NewPermission), "The permission; `Location` is its address.";

    /// See a permission.
    ///
    /// Takes `can_view_permission`.
    get: get_permission, "The permission.";

    /// Change a permission.
    ///
    /// Takes `can_modify_permission`, and the permission itself where a role gives it.
    update: update_permission(PermissionChange, IfMatch, IfMatchParameter);

    /// Delete a permission.
    ///
    /// One of the office's own that no role gives; takes `can_delete_permission`.
    delete: delete_permission;
}
