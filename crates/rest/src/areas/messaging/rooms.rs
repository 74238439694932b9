//! Rooms.

use abu_application::{
    messaging::rooms::{self, OwnRoom, RoomDraft},
    platform::{lists::TimePosition, versions::Version},
};
use abu_domain::{
    RoomId, UserId, Violation,
    messaging::{
        room::{self, RoomKind},
        text::RoomName,
    },
};
use actix_web::{HttpResponse, delete, get, patch, post, web::Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::members::distinct;
use crate::{
    areas::common::{ByUuid, created},
    areas::messaging::dto::{ListedRoom, Room},
    caller::CurrentUser,
    input::{Body, IntoDraft, NoParameters, Violations, present},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    middleware::conditional::{IfMatch, IfMatchParameter, versioned},
    problem::{Answer, problems},
    shared::State,
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_rooms)
        .service(open_room)
        .service(get_room)
        .service(rename_room)
        .service(delete_room);
}

struct Rooms;

impl List for Rooms {
    type Filter = NoParameters;
    type Item = OwnRoom;
    type Entry = ListedRoom;
    type Position = TimePosition<RoomId>;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(own: &OwnRoom) -> TimePosition<RoomId> {
        TimePosition {
            at: own.room.last_activity_at,
            id: own.room.id,
        }
    }
}

problems! {
    ListProblems: CursorMismatch, ValidationFailed;
    OpenProblems: Conflict;
    OneProblems: NotFound;
    ChangeProblems: PermissionDenied, NotFound, Conflict;
    DeleteProblems: PermissionDenied, NotFound;
}

/// List your rooms.
///
/// The most recently active first, without archived groups and without direct rooms that you hid.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(PageParameters),
    responses((status = 200, description = "A page of rooms.", body = ListBody<ListedRoom>), ListProblems),
)]
#[get("/rooms")]
async fn list_rooms(state: State, caller: CurrentUser, page: Page<Rooms>) -> Answer {
    let rooms = state
        .messaging
        .rooms
        .list(caller.caller, page.request)
        .await?;
    page.reply.with(rooms)
}

/// What a new room is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "group",
    "name": "Class of 2015",
    "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
}))]
struct NewRoom {
    /// `direct` or `group`.
    kind: String,
    /// A group's name; a direct room has none.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// Who else is in it; for a direct room, exactly one other person.
    #[schema(max_items = 500)]
    member_ids: Vec<Uuid>,
}

impl IntoDraft for NewRoom {
    type Draft = RoomDraft;

    fn into_draft(self, violations: &mut Violations) -> Option<RoomDraft> {
        let kind = violations.check("kind", room_kind(&self.kind));
        let members = distinct(self.member_ids, violations);
        match kind {
            Some(RoomKind::Direct) => direct_draft(self.name, &members?, violations),
            Some(RoomKind::Group) => {
                let name = violations.required("name", self.name);
                let name = violations.optional("name", name, RoomName::parse);
                Some(RoomDraft::Group {
                    name: name?,
                    members: members?,
                })
            }
            None => {
                violations.optional("name", self.name, RoomName::parse);
                None
            }
        }
    }
}

fn direct_draft(
    name: Option<String>,
    members: &[UserId],
    violations: &mut Violations,
) -> Option<RoomDraft> {
    if name.is_some() {
        violations.refuse("name", "name.direct", "must be left out for a direct room");
    }
    let [other] = members else {
        let rule = "must name exactly one other person for a direct room";
        violations.refuse("member_ids", "member_ids.one-other", rule);
        return None;
    };
    Some(RoomDraft::Direct { other: *other })
}

fn room_kind(text: &str) -> Result<RoomKind, Violation> {
    RoomKind::from_name(text).ok_or(Violation {
        code: "kind.unknown",
        rule: "must be direct or group",
    })
}

/// Open a room.
///
/// You are in it and own it. Asking again for a direct room with the same person answers 200 and the
/// room you have, and shows it in your list again.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    request_body = NewRoom,
    responses(
        (status = 201, description = "A new room; `Location` is its address.", body = Room),
        (status = 200, description = "The direct room that the two have already.", body = Room),
        OpenProblems,
    ),
)]
#[post("/rooms")]
async fn open_room(state: State, caller: CurrentUser, body: Body<NewRoom>) -> Answer {
    let opened = state.messaging.rooms.open(caller.caller, body.0).await?;
    let id = opened.room.id;
    let room = Room::from(opened.room);
    Ok(match opened.created {
        true => created(&format!("/rooms/{id}"), &room),
        false => HttpResponse::Ok().json(room),
    })
}

fn with_version(room: room::Room) -> Answer {
    let version = Version::of(room.last_modified);
    versioned(&Room::from(room), version)
}

/// See a room.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 200, description = "The room.", body = Room), OneProblems),
)]
#[get("/rooms/{uuid}")]
async fn get_room(state: State, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let room = state
        .messaging
        .rooms
        .get(caller.caller, path.uuid.into())
        .await?;
    with_version(room)
}

/// What changes in a room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Class of 2015, Zaria"}))]
struct RoomPatch {
    /// The new name; left out, it stays as it is.
    #[serde(default, deserialize_with = "present")]
    #[schema(min_length = 1, max_length = 80, nullable = false)]
    name: Option<String>,
}

impl IntoDraft for RoomPatch {
    type Draft = rooms::RoomPatch;

    fn into_draft(self, violations: &mut Violations) -> Option<rooms::RoomPatch> {
        Some(rooms::RoomPatch {
            name: violations.optional("name", self.name, RoomName::parse),
        })
    }
}

/// Rename a group.
///
/// For its owners and moderators. The body is a merge patch (RFC 7396).
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid, IfMatchParameter),
    request_body = RoomPatch,
    responses((status = 200, description = "The room.", body = Room), ChangeProblems),
)]
#[patch("/rooms/{uuid}")]
async fn rename_room(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<RoomPatch>,
) -> Answer {
    let room = state
        .messaging
        .rooms
        .modify(caller.caller, path.uuid.into(), body.0, expected.0)
        .await?;
    with_version(room)
}

/// Archive a group, or hide a direct room.
///
/// An archived group is in no list, and its members can read and leave it, but not write; for its
/// owners. A direct room is hidden from your list alone, until the next message in it.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 204, description = "Archived or hidden."), DeleteProblems),
)]
#[delete("/rooms/{uuid}")]
async fn delete_room(state: State, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    state
        .messaging
        .rooms
        .delete(caller.caller, path.uuid.into())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
