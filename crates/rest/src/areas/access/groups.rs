//! Groups: named sets of roles that people are put in.

use abu_application::{
    access::{GroupChange, GroupDraft, Named},
    platform::versions::Version,
};
use abu_domain::{
    access::{self, GroupName, RoleName},
    platform::text::Description,
};
use actix_web::{HttpResponse, delete, get, post, put, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problems::no_such;
use crate::{
    areas::access::dto::Group,
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
        .service(list_groups)
        .service(create_group)
        .service(get_group)
        .service(update_group)
        .service(delete_group)
        .service(add_roles)
        .service(remove_roles)
        .service(remove_role);
}

/// Groups, by name.
struct Groups;

impl List for Groups {
    type Filter = NameFilterParameters;
    type Item = access::Group;
    type Entry = Group;
    type Position = String;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(group: &access::Group) -> String {
        group.name.to_string()
    }
}

problems! {
    ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    CreateProblems: PermissionDenied, TotpRequired, Duplicate;
    OneProblems: PermissionDenied, TotpRequired, NotFound;
    UpdateProblems: PermissionDenied, TotpRequired, NotFound, Conflict, Duplicate;
    ConflictProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
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

/// The group that the path names.
fn named(name: &str) -> Result<GroupName, Problem> {
    GroupName::parse(name).map_err(|_| no_such(Named::Group))
}

/// A group and its version.
fn with_version(group: access::Group) -> Result<HttpResponse, Problem> {
    let version = Version::of(group.last_modified);
    versioned(&Group::from(group), version)
}

/// List groups.
///
/// By name; takes `can_view_group`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(PageParameters, NameFilterParameters),
    responses((status = 200, description = "A page of groups.", body = ListBody<Group>), ListProblems),
)]
#[get("/groups")]
async fn list_groups(
    state: State,
    caller: CurrentUser,
    page: Page<Groups>,
) -> Result<HttpResponse, Problem> {
    let groups = state
        .access
        .groups(caller.caller, page.filter, page.request)
        .await?;
    page.reply.with(groups)
}

/// What a new group is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "newsroom_group",
    "description": "Those who write the newsletter.",
    "roles": ["announcement_admin"],
}))]
struct NewGroup {
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

impl IntoDraft for NewGroup {
    type Draft = GroupDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<GroupDraft> {
        let name = violations.check("name", GroupName::parse(&self.name));
        let description = violations.optional("description", self.description, Description::parse);
        let roles = roles(self.roles.unwrap_or_default(), violations);
        Some(GroupDraft {
            name: name?,
            description: description.unwrap_or_default(),
            roles: roles?,
        })
    }
}

/// Make a group.
///
/// Nobody is in it yet. Takes `can_create_group` and, held for good, every permission that its roles
/// give.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    request_body = NewGroup,
    responses(
        (status = 201, description = "The group; `Location` is its address.", body = Group),
        CreateProblems,
    ),
)]
#[post("/groups")]
async fn create_group(
    state: State,
    caller: CurrentUser,
    body: Body<NewGroup>,
) -> Result<HttpResponse, Problem> {
    let group = state.access.create_group(caller.caller, body.0).await?;
    let path = format!("/groups/{}", group.name);
    Ok(created(&path, &Group::from(group)))
}

/// See a group.
///
/// Takes `can_view_group`. Who is in it: `GET /api/v1/users?group=`.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName),
    responses((status = 200, description = "The group.", body = Group), OneProblems),
)]
#[get("/groups/{name}")]
async fn get_group(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
) -> Result<HttpResponse, Problem> {
    with_version(
        state
            .access
            .group(caller.caller, named(&path.name)?)
            .await?,
    )
}

/// What a group is changed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupChange, example = json!({
    "description": "Those who write the newsletter and make events.",
    "roles": ["announcement_admin", "event_admin"],
}))]
struct GroupChangeBody {
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

impl IntoDraft for GroupChangeBody {
    type Draft = GroupChange;

    fn into_draft(self, violations: &mut Violations) -> Option<GroupChange> {
        let name = violations.optional("name", self.name, GroupName::parse);
        let description = violations.check("description", Description::parse(&self.description));
        let roles = roles(self.roles, violations);
        Some(GroupChange {
            name,
            description: description?,
            roles: roles?,
        })
    }
}

fn roles(names: Vec<String>, violations: &mut Violations) -> Option<Vec<RoleName>> {
    violations.list("roles", names, MAX_NAMES, |name| RoleName::parse(&name))
}

/// Change a group as a whole.
///
/// The roles are replaced, not added to. Takes `can_modify_group` and every permission that the group
/// gives before or after; taking a role out also takes outranking everybody who is in the group.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, RequiredIfMatchParameter),
    request_body = GroupChangeBody,
    responses((status = 200, description = "The group.", body = Group), UpdateProblems),
)]
#[put("/groups/{name}")]
async fn update_group(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: RequiredIfMatch,
    body: Body<GroupChangeBody>,
) -> Result<HttpResponse, Problem> {
    let group = state
        .access
        .update_group(caller.caller, named(&path.name)?, body.0, expected.0)
        .await?;
    with_version(group)
}

/// Delete a group.
///
/// One of the office's own that nobody is in; takes `can_delete_group` and every permission that it
/// gives.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByName, IfMatchParameter),
    responses((status = 204, description = "Deleted."), ConflictProblems),
)]
#[delete("/groups/{name}")]
async fn delete_group(
    state: State,
    caller: CurrentUser,
    path: Path<ByName>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    state
        .access
        .delete_group(caller.caller, named(&path.name)?, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Some roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["announcement_admin"]}))]
struct RoleNames {
    /// Their names.
    #[schema(max_items = 100)]
    roles: Vec<String>,
}

impl IntoDraft for RoleNames {
    type Draft = Vec<RoleName>;

    fn into_draft(self, violations: &mut Violations) -> Option<Vec<RoleName>> {
        roles(self.roles, violations)
    }
}

/// Add roles to a group.
///
/// Takes what changing the group takes. Those that it gives already change nothing.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByGroup, IfMatchParameter),
    request_body = RoleNames,
    responses((status = 200, description = "The group.", body = Group), OneProblems),
)]
#[post("/groups/{group_name}/roles")]
async fn add_roles(
    state: State,
    caller: CurrentUser,
    path: Path<ByGroup>,
    expected: IfMatch,
    body: Body<RoleNames>,
) -> Result<HttpResponse, Problem> {
    let (name, roles) = (named(&path.group_name)?, body.0);
    let group = state
        .access
        .add_roles(caller.caller, name, roles, expected.0)
        .await?;
    with_version(group)
}

/// Take roles out of a group.
///
/// Takes what changing the group takes. Those that it does not give change nothing.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByGroup, IfMatchParameter),
    request_body = RoleNames,
    responses((status = 204, description = "Taken out."), ConflictProblems),
)]
#[delete("/groups/{group_name}/roles")]
async fn remove_roles(
    state: State,
    caller: CurrentUser,
    path: Path<ByGroup>,
    expected: IfMatch,
    body: Body<RoleNames>,
) -> Result<HttpResponse, Problem> {
    let (name, roles) = (named(&path.group_name)?, body.0);
    state
        .access
        .remove_roles(caller.caller, name, roles, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Take one role out of a group.
///
/// Takes what changing the group takes.
#[utoipa::path(
    tag = "access",
    security(("bearer" = [])),
    params(ByGroupAndRole, IfMatchParameter),
    responses((status = 204, description = "Taken out."), ConflictProblems),
)]
#[delete("/groups/{group_name}/roles/{role_name}")]
async fn remove_role(
    state: State,
    caller: CurrentUser,
    path: Path<ByGroupAndRole>,
    expected: IfMatch,
) -> Result<HttpResponse, Problem> {
    let name = named(&path.group_name)?;
    let role = RoleName::parse(&path.role_name).map_err(|_| no_such(Named::Role))?;
    state
        .access
        .remove_role(caller.caller, name, role, expected.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
