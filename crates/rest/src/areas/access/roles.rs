//! Roles: named sets of permissions.

use abu_application::{
    access::{Named, RoleChange, RoleDraft},
    platform::versions::Version,
};
use abu_domain::{
    access::{self, PermissionName, RoleName},
    platform::text::Description,
};
use actix_web::{HttpResponse, delete, get, post, put, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problems::no_such;
use crate::{
    areas::access::dto::Role,
    caller::CurrentUser,
    input::{Body, IntoDraft, Violations},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    middleware::conditional::{
        IfMatch, IfMatchParameter, RequiredIfMatch, RequiredIfMatchParameter, versioned,
    },
    problem::{Problem, problems},
};
use crate::{
    areas::{
        access::names::{MAX_NAMES, NameFilterParameters},
        common::{ByName, created},
    },
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_roles)
        .service(create_role)
        .service(get_role)
        .service(update_role)
        .service(delete_role)
        .service(add_permissions)
        .service(remove_permissions)
        .service(remove_permission);
}

/// Roles, by name.
struct Roles;

impl List for Roles {
    type Filter = NameFilterParameters;
    type Item = access::Role;
    type Entry = Role;
    type Position = String;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(role: &access::Role) -> String {
        role.name.to_string()
    }
}

problems! {
    ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    CreateProblems: PermissionDenied, TotpRequired, Duplicate;
    OneProblems: PermissionDenied, TotpRequired, NotFound;
    UpdateProblems: PermissionDenied, TotpRequired, NotFound, Conflict, Duplicate;
    DeleteProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
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

/// The role that the path names.
fn named(name: &str) -> Result<RoleName, Problem> {
    RoleName::parse(name).map_err(|_| no_such(Named::Role))
}

/// A role and its version.
fn with_version(role: access::Role) -> Result<HttpResponse, Problem> {
    let version = Version::of(role.last_modified);
    versioned(&Role::from(role), version)
}

/// List roles.
///
/// By name; takes `can_view_role`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(PageParameters, NameFilterParameters),
    responses((status = 200, description = "A page of roles.", body = ListBody<Role>), ListProblems),
)]
#[get("/roles")]
async fn list_roles(
    state: State,
    caller: CurrentUser,
    page: Page<Roles>,
) -> Result<HttpResponse, Problem> {
    let roles = state
        .access
        .roles(caller.caller, page.filter, page.request)
        .await?;
    page.reply.with(roles)
}

/// What a new role is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "newsletter_admin",
    "description": "Writes the newsletter.",
    "permissions": ["can_create_announcement"],
}))]
struct NewRole {
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

impl IntoDraft for NewRole {
    type Draft = RoleDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<RoleDraft> {
        let name = violations.check("name", RoleName::parse(&self.name));
        let description = violations.optional("description", self.description, Description::parse);
        let permissions = permissions(self.permissions.unwrap_or_default(), violations);
        Some(RoleDraft {
            name: name?,
            description: description.unwrap_or_default(),
            permissions: permissions?,
        })
    }
}

/// Make a role.
///
/// Takes `can_create_role` and, held for good, every permission that the role gives.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    request_body = NewRole,
    responses(
        (status = 201, description = "The role; `Location` is its address.", body = Role),
        CreateProblems,
    ),
)]
#[post("/roles")]
async fn create_role(
    state: State,
    caller: CurrentUser,
    body: Body<NewRole>,
) -> Result<HttpResponse, Problem> {
    let role = state.access.create_role(caller.caller, body.0).await?;
    Ok(created(&format!("/roles/{}", role.name), &Role::from(role)))
}

/// See a role.
///
/// Takes `can_view_role`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName),
    responses((status = 200, description = "The role.", body = Role), OneProblems),
)]
#[get("/roles/{name}")]
async fn get_role(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
) -> Result<HttpResponse, Problem> {
    with_version(state.access.role(caller.caller, named(&path.name)?).await?)
}

/// What a role is changed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange, example = json!({
    "description": "Writes and withdraws the newsletter.",
    "permissions": ["can_create_announcement", "can_delete_announcement"],
}))]
struct RoleChangeBody {
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

impl IntoDraft for RoleChangeBody {
    type Draft = RoleChange;

    fn into_draft(self, violations: &mut Violations) -> Option<RoleChange> {
        let name = violations.optional("name", self.name, RoleName::parse);
        let description = violations.check("description", Description::parse(&self.description));
        let permissions = permissions(self.permissions, violations);
        Some(RoleChange {
            name,
            description: description?,
            permissions: permissions?,
        })
    }
}

fn permissions(names: Vec<String>, violations: &mut Violations) -> Option<Vec<PermissionName>> {
    violations.list("permissions", names, MAX_NAMES, |name| {
        PermissionName::parse(&name)
    })
}

/// Change a role as a whole.
///
/// The permissions are replaced, not added to. Takes `can_modify_role` and every permission that the
/// role gives before or after; taking one out also takes outranking everybody who has the role.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, RequiredIfMatchParameter),
    request_body = RoleChangeBody,
    responses((status = 200, description = "The role.", body = Role), UpdateProblems),
)]
#[put("/roles/{name}")]
async fn update_role(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: RequiredIfMatch,
    body: Body<RoleChangeBody>,
) -> Result<HttpResponse, Problem> {
    let role = state
        .access
        .update_role(caller.caller, named(&path.name)?, body.0, expected.0)
        .await?;
    with_version(role)
}

/// Delete a role.
///
/// One of the office's own that no group gives and nobody holds for a term; takes `can_delete_role` and
/// every permission that it gives.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, IfMatchParameter),
    responses((status = 204, description = "Deleted."), DeleteProblems),
)]
#[delete("/roles/{name}")]
async fn delete_role(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    state
        .access
        .delete_role(caller.caller, named(&path.name)?, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Some permissions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"permissions": ["can_create_announcement"]}))]
struct PermissionNames {
    /// Their names.
    #[schema(max_items = 100)]
    permissions: Vec<String>,
}

impl IntoDraft for PermissionNames {
    type Draft = Vec<PermissionName>;

    fn into_draft(self, violations: &mut Violations) -> Option<Vec<PermissionName>> {
        permissions(self.permissions, violations)
    }
}

/// Add permissions to a role.
///
/// Takes what changing the role takes. Those that it gives already change nothing.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByRole, IfMatchParameter),
    request_body = PermissionNames,
    responses((status = 200, description = "The role.", body = Role), OneProblems),
)]
#[post("/roles/{role_name}/permissions")]
async fn add_permissions(
    state: State,
    caller: CurrentUser,
    path: Path<ByRole>,
    expected: IfMatch,
    body: Body<PermissionNames>,
) -> Result<HttpResponse, Problem> {
    let (name, permissions) = (named(&path.role_name)?, body.0);
    let role = state
        .access
        .add_permissions(caller.caller, name, permissions, expected.0)
        .await?;
    with_version(role)
}

/// Take permissions out of a role.
///
/// Takes what changing the role takes. Those that it does not give change nothing.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByRole, IfMatchParameter),
    request_body = PermissionNames,
    responses((status = 204, description = "Taken out."), OneProblems),
)]
#[delete("/roles/{role_name}/permissions")]
async fn remove_permissions(
    state: State,
    caller: CurrentUser,
    path: Path<ByRole>,
    expected: IfMatch,
    body: Body<PermissionNames>,
) -> Result<HttpResponse, Problem> {
    let (name, permissions) = (named(&path.role_name)?, body.0);
    state
        .access
        .remove_permissions(caller.caller, name, permissions, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take one permission out of a role.
///
/// Takes what changing the role takes.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByRoleAndPermission, IfMatchParameter),
    responses((status = 204, description = "Taken out."), OneProblems),
)]
#[delete("/roles/{role_name}/permissions/{perm_name}")]
async fn remove_permission(
    state: State,
    caller: CurrentUser,
    path: Path<ByRoleAndPermission>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    let name = named(&path.role_name)?;
    let permission =
        PermissionName::parse(&path.perm_name).map_err(|_| no_such(Named::Permission))?;
    state
        .access
        .remove_permission(caller.caller, name, permission, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
