//! The members of rooms.

use abu_application::messaging::rooms::{RoomMember, membership_version};
use abu_domain::{UserId, messaging::room::RoomRole};

use crate::areas::{
    messaging::dto::{Additions, Member, Membership},
    prelude::*,
};

const MAX_NAMED: usize = 500;

routes! { list_members, add_members, remove_member, set_role }

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
    const SORTS: [&'static str; 2] = ["user_uuid", "-user_uuid"];

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

/// List the members of a room.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid, Page::<Members>),
    responses((status = 200, description = "A page of members.", body = ListBody<Member>)),
)]
#[get("/rooms/{uuid}/members")]
async fn list_members(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    page: Page<Members>,
) -> Answer {
    let members = messaging.rooms.members(caller.0, path.id(), page.request);
    page.reply.with(members.await?)
}

request_body! {
    /// Who comes into a room.
    #[schema(example = json!({
        "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
    }))]
    struct NewMembers into Vec<UserId> {
        #[schema(max_items = 500)]
        member_ids: Vec<Uuid>,
    }
    |body, violations| distinct(body.member_ids, violations)
}

/// Bring people into a group.
///
/// For its owners and moderators. Each user who was never in the group, or whom another member removed,
/// becomes a plain member, sees earlier messages, and their chat sessions get the room's messages at
/// once. A user who left by themselves is invited. The answer leaves out members, who stay as they are,
/// and users who have an invitation or declined one in the last 90 days.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid),
    request_body = NewMembers,
    responses((status = 200, description = "Who is new.", body = Additions), Forbidden, Conflicts),
)]
#[post("/rooms/{uuid}/members")]
async fn add_members(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    body: Body<NewMembers>,
) -> Answer<Json<Additions>> {
    let additions = messaging.rooms.add_members(caller.0, path.id(), body.0);
    Ok(Json(additions.await?.into()))
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
    params(MemberPath),
    responses((status = 204, description = "They are out."), Forbidden, Conflicts),
)]
#[delete("/rooms/{uuid}/members/{user_uuid}")]
async fn remove_member(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<MemberPath>,
) -> Answer {
    messaging
        .rooms
        .remove_member(caller.0, path.uuid.into(), path.user_uuid.into())
        .await?;
    Ok(no_content())
}

request_body! {
    /// What changes about a member.
    #[schema(example = json!({"role": "moderator"}))]
    struct MemberPatch into RoomRole {
        /// `member`, `moderator` or `owner`.
        role: String,
    }
    |body, violations| {
        let role = RoomRole::from_name(&body.role).ok_or(Violation {
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
    params(MemberPath, IfMatchParameter),
    request_body = MemberPatch,
    responses((status = 200, description = "Their place in the room.", body = Membership), Forbidden, Conflicts),
)]
#[patch("/rooms/{uuid}/members/{user_uuid}")]
async fn set_role(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<MemberPath>,
    expected: IfMatch,
    body: Body<MemberPatch>,
) -> Answer {
    let (room, user) = (path.uuid.into(), path.user_uuid.into());
    let rooms = &messaging.rooms;
    let membership = rooms
        .set_role(caller.0, room, user, body.0, expected.0)
        .await?;
    let version = membership_version(&membership);
    versioned(&Membership::from(membership), version)
}
