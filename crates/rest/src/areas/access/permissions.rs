//! Permissions: those that the server asks for, and the office's own.

use abu_application::{
    access::{self, Named, PermissionDraft},
    platform::versions::Version,
};
use abu_domain::{
    access::{PermissionName, PermissionRecord},
    platform::text::Description,
};
use actix_web::{HttpResponse, delete, get, post, put, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problems::no_such;
use crate::{
    areas::access::dto::Permission,
    caller::CurrentUser,
    input::{Body, IntoDraft, Violations},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    middleware::conditional::{IfMatch, IfMatchParameter, versioned},
    problem::{Problem, problems},
};
use crate::{
    areas::{
        access::names::NameFilterParameters,
        common::{ByName, created},
    },
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_permissions)
        .service(create_permission)
        .service(get_permission)
        .service(update_permission)
        .service(delete_permission);
}

/// Permissions, by name.
struct Permissions;

impl List for Permissions {
    type Filter = NameFilterParameters;
    type Item = PermissionRecord;
    type Entry = Permission;
    type Position = String;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(permission: &PermissionRecord) -> String {
        permission.name.to_string()
    }
}

problems! {
    ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    CreateProblems: PermissionDenied, TotpRequired, Duplicate;
    OneProblems: PermissionDenied, TotpRequired, NotFound;
    UpdateProblems: PermissionDenied, TotpRequired, NotFound, Conflict, Duplicate;
    DeleteProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
}

/// The permission that the path names.
fn named(path: &ByName) -> Result<PermissionName, Problem> {
    PermissionName::parse(&path.name).map_err(|_| no_such(Named::Permission))
}

/// A permission and its version.
fn with_version(permission: PermissionRecord) -> Result<HttpResponse, Problem> {
    let version = Version::of(permission.last_modified);
    versioned(&Permission::from(permission), version)
}

/// List permissions.
///
/// By name; takes `can_view_permission`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(PageParameters, NameFilterParameters),
    responses(
        (status = 200, description = "A page of permissions.", body = ListBody<Permission>),
        ListProblems,
    ),
)]
#[get("/permissions")]
async fn list_permissions(
    state: State,
    caller: CurrentUser,
    page: Page<Permissions>,
) -> Result<HttpResponse, Problem> {
    let permissions = state
        .access
        .permissions(caller.caller, page.filter, page.request)
        .await?;
    page.reply.with(permissions)
}

/// What a new permission is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "can_print_card",
    "description": "Print membership cards.",
}))]
struct NewPermission {
    /// 3 to 64 of a to z, 0 to 9 and _; such as `can_print_card`.
    #[schema(min_length = 3, max_length = 64)]
    name: String,
    /// What it allows.
    #[schema(max_length = 300)]
    description: Option<String>,
}

impl IntoDraft for NewPermission {
    type Draft = PermissionDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<PermissionDraft> {
        let name = violations.check("name", PermissionName::parse(&self.name));
        let description = violations.optional("description", self.description, Description::parse);
        Some(PermissionDraft {
            name: name?,
            description: description.unwrap_or_default(),
        })
    }
}

/// Make a permission.
///
/// For what another program asks the server about; the server itself asks for none of these. No role
/// gives it yet. Takes `can_create_permission`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    request_body = NewPermission,
    responses(
        (status = 201, description = "The permission; `Location` is its address.", body = Permission),
        CreateProblems,
    ),
)]
#[post("/permissions")]
async fn create_permission(
    state: State,
    caller: CurrentUser,
    body: Body<NewPermission>,
) -> Result<HttpResponse, Problem> {
    let permission = state
        .access
        .create_permission(caller.caller, body.0)
        .await?;
    let path = format!("/permissions/{}", permission.name);
    Ok(created(&path, &Permission::from(permission)))
}

/// See a permission.
///
/// Takes `can_view_permission`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName),
    responses((status = 200, description = "The permission.", body = Permission), OneProblems),
)]
#[get("/permissions/{name}")]
async fn get_permission(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
) -> Result<HttpResponse, Problem> {
    with_version(
        state
            .access
            .permission(caller.caller, named(&path)?)
            .await?,
    )
}

/// What a permission is changed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "Print membership cards."}))]
struct PermissionChange {
    /// Its new name; left out, it keeps the one it has.
    #[schema(min_length = 3, max_length = 64)]
    name: Option<String>,
    /// What it allows.
    #[schema(max_length = 300)]
    description: String,
}

impl IntoDraft for PermissionChange {
    type Draft = access::PermissionChange;

    fn into_draft(self, violations: &mut Violations) -> Option<access::PermissionChange> {
        let name = violations.optional("name", self.name, PermissionName::parse);
        let description = violations.check("description", Description::parse(&self.description));
        Some(access::PermissionChange {
            name,
            description: description?,
        })
    }
}

/// Change a permission.
///
/// Takes `can_modify_permission`, and the permission itself where a role gives it.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, IfMatchParameter),
    request_body = PermissionChange,
    responses((status = 200, description = "The permission.", body = Permission), UpdateProblems),
)]
#[put("/permissions/{name}")]
async fn update_permission(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: IfMatch,
    body: Body<PermissionChange>,
) -> Result<HttpResponse, Problem> {
    let permission = state
        .access
        .update_permission(caller.caller, named(&path)?, body.0, expected.0)
        .await?;
    with_version(permission)
}

/// Delete a permission.
///
/// One of the office's own that no role gives; takes `can_delete_permission`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, IfMatchParameter),
    responses((status = 204, description = "Deleted."), DeleteProblems),
)]
#[delete("/permissions/{name}")]
async fn delete_permission(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    state
        .access
        .delete_permission(caller.caller, named(&path)?, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
