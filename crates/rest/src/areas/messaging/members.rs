//! The members of rooms.

use abu_application::messaging::rooms::RoomMember;
use abu_domain::{RoomId, UserId, Violation, messaging::room::RoomRole};
use actix_web::{
    HttpResponse, delete, get, patch, post,
    web::{Json, Path},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{areas::common::ByUuid, shared::State};
use crate::{
    areas::messaging::dto::{Member, Membership, Room},
    caller::CurrentUser,
    input::{Body, BodyFields, FromBody},
    list::{List, ListBody, MAX_PEOPLE, Page, PageParameters},
    problem::{Problem, problems},
};

/// How many people one request may name.
const MAX_NAMED: usize = 500;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_members)
        .service(add_members)
        .service(remove_member)
        .service(set_role);
}

/// The field `member_ids`: each person once.
pub(super) fn member_ids(body: &mut BodyFields) -> Option<Vec<UserId>> {
    let ids = body.uuids("member_ids", MAX_NAMED)?;
    Some(ids.into_iter().map(UserId::new).collect())
}

/// The members of a room, by id.
struct Members;

impl List for Members {
    type Filter = ();
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
) -> Result<HttpResponse, Problem> {
    let members = state
        .rooms
        .members(caller.caller, path.uuid.into(), page.request)
        .await?;
    page.reply.with(members)
}

/// Who comes into a room.
#[derive(ToSchema)]
#[schema(as = NewMembers, example = json!({
    "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
}))]
#[expect(dead_code, reason = "it describes what `NewMembers` is read from")]
struct NewMembersSchema {
    #[schema(max_items = 500)]
    member_ids: Vec<Uuid>,
}

struct NewMembers(Vec<UserId>);

impl FromBody for NewMembers {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        member_ids(body).map(Self)
    }
}

/// Bring people into a group.
///
/// For its owners and moderators. Who is in already stays as they are; everybody else becomes a plain
/// member, sees what was said before, and their chat sessions get the room's messages at once.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    request_body = NewMembersSchema,
    responses((status = 200, description = "The room.", body = Room), ChangeProblems),
)]
#[post("/rooms/{uuid}/members")]
async fn add_members(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMembers>,
) -> Result<Json<Room>, Problem> {
    let room = RoomId::new(path.uuid);
    let room = state
        .rooms
        .add_members(caller.caller, room, body.0.0)
        .await?;
    Ok(Json(room.into()))
}

/// Take somebody out of a group, or leave it.
///
/// An owner removes anybody, a moderator plain members, everybody themselves. The last owner cannot
/// leave. Nothing more of the room reaches the chat sessions of who is out.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(MemberPath),
    responses((status = 204, description = "They are out."), ChangeProblems),
)]
#[delete("/rooms/{uuid}/members/{user_uuid}")]
async fn remove_member(
    state: State,
    caller: CurrentUser,
    path: Path<MemberPath>,
) -> Result<HttpResponse, Problem> {
    state
        .rooms
        .remove_member(caller.caller, path.uuid.into(), path.user_uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What changes about a member.
#[derive(ToSchema)]
#[schema(as = MemberPatch, example = json!({"role": "moderator"}))]
#[expect(dead_code, reason = "it describes what `MemberPatch` is read from")]
struct MemberPatchSchema {
    /// `member`, `moderator` or `owner`.
    role: String,
}

struct MemberPatch {
    role: RoomRole,
}

impl FromBody for MemberPatch {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let role = body.text("role", |text| {
            RoomRole::from_name(text).ok_or(Violation {
                code: "role.unknown",
                rule: "must be member, moderator or owner",
            })
        });
        Some(Self { role: role? })
    }
}

/// Give a member another role.
///
/// For the group's owners. A room always keeps one owner.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(MemberPath),
    request_body = MemberPatchSchema,
    responses((status = 200, description = "Their place in the room.", body = Membership), ChangeProblems),
)]
#[patch("/rooms/{uuid}/members/{user_uuid}")]
async fn set_role(
    state: State,
    caller: CurrentUser,
    path: Path<MemberPath>,
    body: Body<MemberPatch>,
) -> Result<Json<Membership>, Problem> {
    let membership = state
        .rooms
        .set_role(
            caller.caller,
            path.uuid.into(),
            path.user_uuid.into(),
            body.0.role,
        )
        .await?;
    Ok(Json(membership.into()))
}
