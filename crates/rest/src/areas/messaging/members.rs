//! The members of rooms.

use abu_application::messaging::rooms::RoomMember;
use abu_domain::{UserId, Violation, messaging::room::RoomRole};
use actix_web::{
    HttpResponse, delete, get, patch, post,
    web::{Json, Path},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{
    areas::common::ByUuid,
    areas::messaging::dto::{Additions, Member, Membership},
    caller::CurrentUser,
    input::{Body, IntoDraft, NoParameters, Violations},
    list::{List, ListBody, MAX_PEOPLE, Page, PageParameters},
    problem::{Answer, problems},
    shared::State,
};

const MAX_NAMED: usize = 500;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_members)
        .service(add_members)
        .service(remove_member)
        .service(set_role);
}

/// Each person of `member_ids` once.
pub(super) fn distinct(member_ids: Vec<Uuid>, violations: &mut Violations) -> Option<Vec<UserId>> {
    violations.list("member_ids", member_ids, MAX_NAMED, |id| {
        Ok(UserId::new(id))
    })
}

struct Members;

impl List for Members {
    type Filter = NoParameters;
    type Item = RoomMember;
    type Entry = Member;
    type Position = UserId;
    const MAX_LIMIT: u32 = MAX_PEOPLE;

    fn position(member: &RoomMember) -> UserId {
        member.listing.membership.user_id
    }
}

/// The path of a member.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct MemberPath {
    /// Which room.
    #[param(example = "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10")]
    uuid: Uuid,
    /// Which member.
    #[param(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    user_uuid: Uuid,
}

problems! {
    ListProblems: CursorMismatch, NotFound, ValidationFailed;
    ChangeProblems: PermissionDenied, NotFound, Conflict;
}

/// List the members of a room.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid, PageParameters),
    responses((status = 200, description = "A page of members.", body = ListBody<Member>), ListProblems),
)]
#[get("/rooms/{uuid}/members")]
async fn list_members(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    page: Page<Members>,
) -> Answer {
    let members = state
        .messaging
        .rooms
        .members(caller.caller, path.uuid.into(), page.request)
        .await?;
    page.reply.with(members)
}

/// Who comes into a room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
}))]
struct NewMembers {
    #[schema(max_items = 500)]
    member_ids: Vec<Uuid>,
}

impl IntoDraft for NewMembers {
    type Draft = Vec<UserId>;

    fn into_draft(self, violations: &mut Violations) -> Option<Vec<UserId>> {
        distinct(self.member_ids, violations)
    }
}

/// Bring people into a group.
///
/// For its owners and moderators. Each user who was never in the group, or whom another member removed,
/// becomes a plain member, sees earlier messages, and their chat sessions get the room's messages at
/// once. A user who left by themselves is invited. The answer leaves out members, who stay as they are,
/// and users who have an invitation or declined one in the last 90 days.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = NewMembers,
    responses((status = 200, description = "Who is new.", body = Additions), ChangeProblems),
)]
#[post("/rooms/{uuid}/members")]
async fn add_members(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMembers>,
) -> Answer<Json<Additions>> {
    let additions = state
        .messaging
        .rooms
        .add_members(caller.caller, path.uuid.into(), body.0)
        .await?;
    Ok(Json(additions.into()))
}

/// Remove a member from a group, or leave it.
///
/// An owner removes any member, a moderator plain members, and each member themselves. Leaving is always
/// possible, also from an archived group. The role of a last owner who leaves passes to the
/// longest-serving moderator, else to the longest-serving member. The last member who leaves archives
/// the group. To leave a direct room is to hide it. The chat sessions of former members get nothing
/// more of the room.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(MemberPath),
    responses((status = 204, description = "They are out."), ChangeProblems),
)]
#[delete("/rooms/{uuid}/members/{user_uuid}")]
async fn remove_member(state: State, caller: CurrentUser, path: Path<MemberPath>) -> Answer {
    state
        .messaging
        .rooms
        .remove_member(caller.caller, path.uuid.into(), path.user_uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What changes about a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "moderator"}))]
struct MemberPatch {
    /// `member`, `moderator` or `owner`.
    role: String,
}

impl IntoDraft for MemberPatch {
    type Draft = RoomRole;

    fn into_draft(self, violations: &mut Violations) -> Option<RoomRole> {
        let role = RoomRole::from_name(&self.role).ok_or(Violation {
            code: "role.unknown",
            rule: "must be member, moderator or owner",
        });
        violations.check("role", role)
    }
}

/// Give a member another role.
///
/// For the group's owners. The last owner steps down only by leaving.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(MemberPath),
    request_body = MemberPatch,
    responses((status = 200, description = "Their place in the room.", body = Membership), ChangeProblems),
)]
#[patch("/rooms/{uuid}/members/{user_uuid}")]
async fn set_role(
    state: State,
    caller: CurrentUser,
    path: Path<MemberPath>,
    body: Body<MemberPatch>,
) -> Answer<Json<Membership>> {
    let membership = state
        .messaging
        .rooms
        .set_role(
            caller.caller,
            path.uuid.into(),
            path.user_uuid.into(),
            body.0,
        )
        .await?;
    Ok(Json(membership.into()))
}
