//! Roles that people hold for a term, everywhere or in one chapter.

use abu_application::access::{AssignmentDraft, ports::AssignmentFilter};
use abu_domain::{
    AssignmentId, UserId,
    access::{Assignment, RoleName, Scope},
    platform::text::OfficeTitle,
};

use crate::areas::{access::dto::RoleAssignment, prelude::*};

routes! { list_role_assignments, assign_role, get_role_assignment, end_role_assignment }

struct Assignments;

/// What narrows the list of assigned roles.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AssignmentFilterParameters {
    /// Who holds it.
    #[param(value_type = Option<Uuid>)]
    user: Option<String>,
    /// The name of the role; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["chapter_chair"]))]
    role: Option<String>,
    /// In which chapter.
    #[param(value_type = Option<Uuid>)]
    scope_uuid: Option<String>,
    /// Whether the term runs now.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
}

impl IntoDraft for AssignmentFilterParameters {
    type Draft = AssignmentFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<AssignmentFilter> {
        let user = violations.optional("user", self.user, uuid);
        Some(AssignmentFilter {
            user: user.map(UserId::new),
            roles: violations.any_of("role", self.role, RoleName::parse),
            chapter: violations.optional("scope_uuid", self.scope_uuid, uuid),
            active: violations.optional("active", self.active, flag),
        })
    }
}

impl List for Assignments {
    type Filter = AssignmentFilterParameters;
    type Item = Assignment;
    type Entry = RoleAssignment;
    type Position = TimePosition<AssignmentId>;
    const SORTS: [&'static str; 2] = ["-created_at", "created_at"];

    fn position(assignment: &Assignment) -> TimePosition<AssignmentId> {
        TimePosition {
            at: assignment.created_at,
            id: assignment.id,
        }
    }
}

/// List assigned roles.
///
/// The ones assigned last first, with those whose term is over or to come. Takes `can_modify_role`;
/// held in one chapter, it is enough for the list of that chapter.
#[utoipa::path(
    tag = "access",
    params(Page::<Assignments>),
    responses(
        (status = 200, description = "A page of assigned roles.", body = ListBody<RoleAssignment>),
        StaffOnly,
    ),
)]
#[get("/role-assignments")]
async fn list_role_assignments(
    access: Access,
    caller: CurrentUser,
    page: Page<Assignments>,
) -> Answer {
    let assignments = access
        .control
        .assignments(caller.0, page.filter, page.request);
    page.reply.with(assignments.await?)
}

request_body! {
    /// A role about to be assigned.
    #[schema(example = json!({
        "user": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "role": "chapter_chair",
        "scope_type": "chapter",
        "scope_uuid": "9d2f4c1e-3b7a-4f58-8a60-1c5e7d9b2f34",
        "valid_until": "2099-01-05T08:30:00Z",
        "office_title": "Chair of the Kaduna branch",
    }))]
    struct NewRoleAssignment into AssignmentDraft {
        /// Who is to hold it.
        user: Uuid,
        /// The name of the role.
        role: String,
        /// `global` or `chapter`.
        scope_type: String,
        /// Which chapter; left out where it counts everywhere.
        scope_uuid: Option<Uuid>,
        /// From when on; now, if left out.
        #[schema(value_type = Option<DateTime<Utc>>)]
        valid_from: Option<String>,
        /// Until when; left out, the term has no fixed end.
        #[schema(value_type = Option<DateTime<Utc>>)]
        valid_until: Option<String>,
        /// What the office is called.
        #[schema(min_length = 1, max_length = 100)]
        office_title: Option<String>,
    }
    |body, violations| {
        let role = violations.check("role", RoleName::parse(&body.role));
        let scope = scope(&body.scope_type, body.scope_uuid, violations);
        let valid_from = violations.optional("valid_from", body.valid_from, time);
        let valid_until = violations.optional("valid_until", body.valid_until, time);
        let title = body.office_title;
        let office_title = violations.optional("office_title", title, OfficeTitle::parse);
        Some(AssignmentDraft {
            user_id: body.user.into(),
            role: role?,
            scope: scope?,
            valid_from,
            valid_until,
            office_title,
        })
    }
}

fn scope(kind: &str, chapter: Option<Uuid>, violations: &mut Violations) -> Option<Scope> {
    match (kind, chapter) {
        ("global", None) => return Some(Scope::Global),
        ("global", Some(_)) => {
            let rule = "must be left out where the scope is global";
            violations.refuse("scope_uuid", "scope_uuid.global", rule);
        }
        ("chapter", chapter) => {
            return violations
                .required("scope_uuid", chapter)
                .map(Scope::Chapter);
        }
        _ => {
            let rule = "must be global or chapter";
            violations.refuse("scope_type", "scope_type.unknown", rule);
        }
    }
    None
}

/// Assign a role for a term.
///
/// Takes `can_modify_role` and every permission that the role gives: everywhere, or for a role in a
/// chapter in that chapter. The term ends no later than your own hold of these permissions; the answer
/// shows its end. The address of the assignee must be verified.
#[utoipa::path(
    tag = "access",
    request_body = NewRoleAssignment,
    responses(
        (status = 201, description = "The assigned role; `Location` is its address.", body = RoleAssignment),
        StaffOnly,
    ),
)]
#[post("/role-assignments")]
async fn assign_role(access: Access, caller: CurrentUser, body: Body<NewRoleAssignment>) -> Answer {
    let assignment = access.control.assign(caller.0, body.0).await?;
    let path = format!("/role-assignments/{}", assignment.id);
    Ok(created(&path, &RoleAssignment::from(assignment)))
}

/// See an assigned role.
///
/// Takes `can_modify_role` where it counts.
#[utoipa::path(
    tag = "access",
    params(ByUuid),
    responses((status = 200, description = "The assigned role.", body = RoleAssignment), StaffOnly),
)]
#[get("/role-assignments/{uuid}")]
async fn get_role_assignment(
    access: Access,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<RoleAssignment>> {
    let assignment = access.control.assignment(caller.0, path.id()).await?;
    Ok(Json(assignment.into()))
}

/// End the term of an assigned role.
///
/// A term that runs ends now and is still listed; one that is to come is called off, and gone. One that
/// is over stays as it was. Takes what assigning the role takes.
#[utoipa::path(
    tag = "access",
    params(ByUuid),
    responses((status = 204, description = "Ended."), StaffOnly),
)]
#[delete("/role-assignments/{uuid}")]
async fn end_role_assignment(access: Access, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    access.control.end_assignment(caller.0, path.id()).await?;
    Ok(no_content())
}
