//! Rooms.

use abu_application::messaging::{
    ports::{RoomFilter, RoomListing, RoomPosition},
    rooms::{self, RoomDraft, settings_version},
};
use abu_domain::{
    UserId,
    messaging::{
        room::{self, OwnRoom, RoomKind},
        text::RoomName,
    },
};

use super::members::distinct;
use crate::areas::{
    messaging::dto::{ListedRoom, Room, RoomSettings, UnreadCount},
    prelude::*,
};

routes! {
    list_rooms, count_unread, open_room, get_room, rename_room, delete_room, arrange_room,
}

struct Rooms;

/// What narrows the list of rooms.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RoomFilterParameters {
    /// `direct` or `group`; repeated, either.
    #[param(value_type = Option<Vec<String>>, example = json!(["direct"]))]
    kind: Option<String>,
    /// `true` lists the archived groups alone; without it, the open rooms.
    #[param(value_type = Option<bool>, example = false)]
    archived: Option<String>,
    /// `true` lists the hidden rooms alone; without it, the others.
    #[param(value_type = Option<bool>, example = false)]
    hidden: Option<String>,
    /// Words that begin words of the group's name, or of the other person's, in any order. Accents, case and
    /// hooked letters do not matter: `bello kadir` finds Ƙadir Bello.
    #[param(example = "class 2015", min_length = 1, max_length = 100)]
    q: Option<String>,
}

impl List for Rooms {
    type Filter = RoomFilterParameters;
    type Item = rooms::ListedRoom;
    type Entry = ListedRoom;
    type Position = RoomPosition;
    const SORTS: [&'static str; 2] = ["-last_activity", "last_activity"];

    fn position(listed: &rooms::ListedRoom) -> RoomPosition {
        RoomListing::position(&listed.own)
    }
}

impl IntoDraft for RoomFilterParameters {
    type Draft = RoomFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<RoomFilter> {
        let archived = violations.optional("archived", self.archived, flag);
        let hidden = violations.optional("hidden", self.hidden, flag);
        Some(RoomFilter {
            kinds: violations.any_of("kind", self.kind, room_kind),
            archived: archived.unwrap_or(false),
            hidden: hidden.unwrap_or(false),
            words: violations.optional("q", self.q, short_text),
        })
    }
}

/// List your rooms.
///
/// Pinned rooms first, then the most recently active. `sort=last_activity` reads the list from its end. Archived
/// groups and hidden rooms have lists of their own. An entry suffices to draw a chat list: it has the other person
/// of a direct room, and the newest message with its sender.
#[utoipa::path(
    tag = "rooms",
    params(Page::<Rooms>),
    responses((status = 200, description = "A page of rooms.", body = ListBody<ListedRoom>)),
)]
#[get("/rooms")]
async fn list_rooms(messaging: Messaging, caller: CurrentUser, page: Page<Rooms>) -> Answer {
    let rooms = messaging.rooms.list(caller.0, page.filter, page.request);
    page.reply.with(rooms.await?)
}

/// Count what you have not read.
///
/// For a badge. Muted, hidden and archived rooms do not count, nor do deleted messages.
#[utoipa::path(
    tag = "rooms",
    responses((status = 200, description = "The counts.", body = UnreadCount)),
)]
#[get("/me/unread-count")]
async fn count_unread(messaging: Messaging, caller: CurrentUser) -> Answer<Json<UnreadCount>> {
    Ok(Json(messaging.rooms.unread(caller.0).await?.into()))
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
    let id = opened.room.room.id;
    let room = Room::from(opened.room);
    Ok(match opened.created {
        true => created(&format!("/rooms/{id}"), &room),
        false => HttpResponse::Ok().json(room),
    })
}

fn with_version(own: OwnRoom) -> Answer {
    let version = Version::of(own.room.last_modified);
    versioned(&Room::from(own), version)
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

/// The last time that has four digits of a year.
const LAST_TIME: &str = "9999-12-31T23:59:59Z";

request_body! {
    /// How you arrange a room in your list.
    #[schema(example = json!({"muted_until": "2099-01-05T08:30:00Z", "pinned": true, "hidden": false}))]
    struct NewRoomSettings into room::RoomSettings {
        /// Until when it does not count for `/me/unread-count`; null or a time that is over unmutes it.
        muted_until: Option<String>,
        pinned: bool,
        /// Until its next message.
        hidden: bool,
    }
    |body, violations| Some(room::RoomSettings {
        muted_until: violations.optional("muted_until", body.muted_until, mute_end),
        pinned: body.pinned,
        hidden: body.hidden,
    })
}

fn mute_end(text: &str) -> Result<DateTime<Utc>, Violation> {
    let end = time(text)?;
    match time(LAST_TIME) {
        Ok(last) if end <= last => Ok(end),
        _ => Err(Violation {
            code: "time.far",
            rule: "must be before the year 10000",
        }),
    }
}

/// Mute, pin or hide a room.
///
/// Your own settings, which replace those before; other members see nothing of them. A hidden room comes back with
/// its next message. A muted one is in your list as before, and does not count for `/me/unread-count`.
#[utoipa::path(
    tag = "rooms",
    params(ByUuid, IfMatchParameter),
    request_body = NewRoomSettings,
    responses((status = 200, description = "The settings.", body = RoomSettings)),
)]
#[put("/rooms/{uuid}/settings")]
async fn arrange_room(
    messaging: Messaging,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<NewRoomSettings>,
) -> Answer {
    let settings = messaging
        .rooms
        .arrange(caller.0, path.id(), body.0, expected.0)
        .await?;
    versioned(&RoomSettings::from(settings), settings_version(settings))
}
