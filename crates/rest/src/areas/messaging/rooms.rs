//! Rooms.

use abu_application::messaging::rooms::{self, OwnRoom, RoomDraft};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        room::{self, RoomKind},
        text::RoomName,
    },
};

use super::members::distinct;
use crate::areas::{
    messaging::dto::{ListedRoom, Room},
    prelude::*,
};

routes! { list_rooms, open_room, get_room, rename_room, delete_room }

struct Rooms;

impl List for Rooms {
    type Filter = NoParameters;
    type Item = OwnRoom;
    type Entry = ListedRoom;
    type Position = TimePosition<RoomId>;
    const SORTS: [&'static str; 2] = ["-last_activity", "last_activity"];

    fn position(own: &OwnRoom) -> TimePosition<RoomId> {
        TimePosition {
            at: own.room.last_activity_at,
            id: own.room.id,
        }
    }
}

/// List your rooms.
///
/// The most recently active first, without archived groups and without direct rooms that you hid.
#[utoipa::path(
    tag = "rooms",
    params(Page::<Rooms>),
    responses((status = 200, description = "A page of rooms.", body = ListBody<ListedRoom>)),
)]
#[get("/rooms")]
async fn list_rooms(messaging: Messaging, caller: CurrentUser, page: Page<Rooms>) -> Answer {
    let rooms = messaging.rooms.list(caller.0, page.request);
    page.reply.with(rooms.await?)
}

request_body! {
    /// What a new room is made of.
    #[schema(example = json!({
        "kind": "group",
        "name": "Class of 2015",
        "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
    }))]
    struct NewRoom into RoomDraft {
        /// `direct` or `group`.
        kind: String,
        /// A group's name; a direct room has none.
        #[schema(min_length = 1, max_length = 80)]
        name: Option<String>,
        /// Who else is in it; for a direct room, exactly one other person.
        #[schema(max_items = 500)]
        member_ids: Vec<Uuid>,
    }
    |body, violations| {
        let kind = violations.check("kind", room_kind(&body.kind));
        let members = distinct(body.member_ids, violations);
        match kind {
            Some(RoomKind::Direct) => direct_draft(body.name, &members?, violations),
            Some(RoomKind::Group) => {
                let name = violations.required("name", body.name);
                let name = violations.optional("name", name, RoomName::parse);
                Some(RoomDraft::Group {
                    name: name?,
                    members: members?,
                })
            }
            None => {
                violations.optional("name", body.name, RoomName::parse);
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
    request_body = NewRoom,
    responses(
        (status = 201, description = "A new room; `Location` is its address.", body = Room),
        (status = 200, description = "The direct room that the two have already.", body = Room),
    ),
)]
#[post("/rooms")]
async fn open_room(messaging: Messaging, caller: CurrentUser, body: Body<NewRoom>) -> Answer {
    let opened = messaging.rooms.open(caller.0, body.0).await?;
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
    params(ByUuid),
    responses((status = 200, description = "The room.", body = Room)),
)]
#[get("/rooms/{uuid}")]
async fn get_room(messaging: Messaging, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let room = messaging.rooms.get(caller.0, path.id()).await?;
    with_version(room)
}

request_body! {
    /// What changes in a room.
    #[schema(example = json!({"name": "Class of 2015, Zaria"}))]
    struct RoomPatch into rooms::RoomPatch {
        /// The new name; left out, it stays as it is.
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 80, nullable = false)]
        name: Option<String>,
    }
    |body, violations| {
        Some(rooms::RoomPatch {
            name: violations.optional("name", body.name, RoomName::parse),
        })
    }
}

/// Rename a group.
///
/// For its owners and moderators. The body is a merge patch (RFC 7396).
#[utoipa::path(
    tag = "rooms",
    params(ByUuid, IfMatchParameter),
    request_body = RoomPatch,
    responses((status = 200, description = "The room.", body = Room), Forbidden, Conflicts),
)]
#[patch("/rooms/{uuid}")]
async fn rename_room(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<RoomPatch>,
) -> Answer {
    let room = messaging
        .rooms
        .modify(caller.0, path.id(), body.0, expected.0)
        .await?;
    with_version(room)
}

/// Archive a group, or hide a direct room.
///
/// An archived group is in no list, and its members can read and leave it, but not write; for its
/// owners. A direct room is hidden from your list alone, until the next message in it.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid),
    responses((status = 204, description = "Archived or hidden."), Forbidden),
)]
#[delete("/rooms/{uuid}")]
async fn delete_room(messaging: Messaging, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    messaging.rooms.delete(caller.0, path.id()).await?;
    Ok(no_content())
}
