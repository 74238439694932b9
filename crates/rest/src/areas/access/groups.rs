//! Groups: named sets of roles that people are put in.

use abu_application::access::{NamedSetChange, NamedSetDraft};
use abu_domain::access::{GroupName, RoleName};

use super::{
    dto::Group,
    named_sets::{self, ByNames, Resource, named, named_set_routes, part_routes, with_version},
};
use crate::areas::prelude::*;

routes! {
    list_groups, create_group, get_group, update_group, delete_group, add_roles, remove_roles,
    remove_role,
}

/// The path of a group.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByGroup {
    /// Which group.
    #[param(example = "newsroom_group")]
    group_name: String,
}

/// The path of a role in a group.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByGroupAndRole {
    /// Which group.
    #[param(example = "newsroom_group")]
    group_name: String,
    /// Which role.
    #[param(example = "newsletter_admin")]
    role_name: String,
}

request_body! {
    /// What a new group is made of.
    #[schema(example = json!({
        "name": "newsroom_group",
        "description": "Those who write the newsletter.",
        "roles": ["announcement_admin"],
    }))]
    struct NewGroup into NamedSetDraft<GroupName> {
        /// 3 to 64 of a to z, 0 to 9 and _; such as `newsroom_group`.
        #[schema(min_length = 3, max_length = 64)]
        name: String,
        /// What it is for.
        #[schema(max_length = 300)]
        description: Option<String>,
        /// Names of the roles that it gives.
        #[schema(max_items = 100)]
        roles: Option<Vec<String>>,
    }
    |body, violations| named_sets::draft(violations, &body.name, body.description, body.roles)
}

request_body! {
    /// What a group is changed to.
    #[schema(example = json!({
        "description": "Those who write the newsletter and make events.",
        "roles": ["announcement_admin", "event_admin"],
    }))]
    struct GroupChange into NamedSetChange<GroupName> {
        /// Its new name; left out, it keeps the one it has.
        #[schema(min_length = 3, max_length = 64)]
        name: Option<String>,
        /// What it is for.
        #[schema(max_length = 300)]
        description: String,
        /// Names of the roles that it gives from now on, and no others.
        #[schema(max_items = 100)]
        roles: Vec<String>,
    }
    |body, violations| named_sets::change(violations, body.name, &body.description, body.roles)
}

request_body! {
    /// Some roles.
    #[schema(example = json!({"roles": ["announcement_admin"]}))]
    struct RoleNames into Vec<RoleName> {
        /// Their names.
        #[schema(max_items = 100)]
        roles: Vec<String>,
    }
    |body, violations| named_sets::parts::<GroupName>(violations, body.roles)
}

named_set_routes! {
    GroupName as Group at "/groups" and "/groups/{name}";

    /// List groups.
    ///
    /// By name; takes `can_view_group`.
    list: list_groups, "A page of groups.";

    /// Make a group.
    ///
    /// It has no members yet. Takes `can_create_group` and, held for good, every permission that its roles
    /// give.
    create: create_group(NewGroup), "The group; `Location` is its address.";

    /// See a group.
    ///
    /// Takes `can_view_group`. Who is in it: `GET /api/v1/users?group=`.
    get: get_group, "The group.";

    /// Change a group as a whole.
    ///
    /// The roles are replaced, not added to. Takes `can_modify_group` and every permission that the group
    /// gives before or after; taking a role out also takes outranking every member of the group.
    update: update_group(GroupChange, RequiredIfMatch, RequiredIfMatchParameter);

    /// Delete a group.
    ///
    /// One of the office's own without members; takes `can_delete_group` and every permission that it
    /// gives.
    delete: delete_group;
}

part_routes! {
    GroupName as Group;
    "/groups/{group_name}/roles" in ByGroup(group_name);
    "/groups/{group_name}/roles/{role_name}" in ByGroupAndRole(group_name, role_name);

    /// Add roles to a group.
    ///
    /// Takes what changing the group takes. Those that it gives already change nothing.
    add: add_roles(RoleNames), "The group.";

    /// Take roles out of a group.
    ///
    /// Takes what changing the group takes. Those that it does not give change nothing.
    remove: remove_roles, StaffOnly, Conflicts;

    /// Take one role out of a group.
    ///
    /// Takes what changing the group takes.
    remove_one: remove_role;
}
