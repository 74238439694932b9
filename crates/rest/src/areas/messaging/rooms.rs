//! Rooms.

use abu_application::{
    messaging::rooms::{OwnRoom, RoomDraft, RoomPatch},
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
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::members::member_ids;
use crate::{
    areas::common::{ByUuid, created},
    shared::State,
};
use crate::{
    areas::messaging::dto::{ListedRoom, Room},
    caller::CurrentUser,
    input::{Body, BodyFields, FromBody},
    list::{List, ListBody, MAX_OTHERS, Page, PageParameters},
    middleware::conditional::{IfMatch, IfMatchParameter, versioned},
    problem::{Problem, problems},
};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_rooms)
        .service(open_room)
        .service(get_room)
        .service(rename_room)
        .service(archive_room);
}

/// The caller's rooms, the most recently active first.
struct Rooms;

impl List for Rooms {
    type Filter = ();
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
    ArchiveProblems: PermissionDenied, NotFound;
}

/// List your rooms.
///
/// The most recently active first, without archived ones.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(PageParameters),
    responses((status = 200, description = "A page of rooms.", body = ListBody<ListedRoom>), ListProblems),
)]
#[get("/rooms")]
async fn list_rooms(
    state: State,
    caller: CurrentUser,
    page: Page<Rooms>,
) -> Result<HttpResponse, Problem> {
    let rooms = state.rooms.list(caller.caller, page.request).await?;
    page.reply.with(rooms)
}

/// What a new room is made of.
#[derive(ToSchema)]
#[schema(as = NewRoom, example = json!({
    "kind": "group",
    "name": "Class of 2015",
    "member_ids": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
}))]
#[expect(dead_code, reason = "it describes what a draft is read from")]
struct NewRoomSchema {
    /// `direct` or `group`.
    kind: String,
    /// A group's name; a direct room has none.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// Who else is in it; for a direct room, exactly one other person.
    #[schema(max_items = 500)]
    member_ids: Vec<Uuid>,
}

impl FromBody for RoomDraft {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        let kind = body.text("kind", room_kind);
        let members = member_ids(body);
        match kind {
            Some(RoomKind::Direct) => direct_draft(body, &members?),
            Some(RoomKind::Group) => {
                let name = body.text("name", RoomName::parse);
                Some(Self::Group {
                    name: name?,
                    members: members?,
                })
            }
            None => {
                body.optional_text("name", RoomName::parse);
                None
            }
        }
    }
}

fn direct_draft(body: &mut BodyFields, members: &[UserId]) -> Option<RoomDraft> {
    body.optional_text("name", |_name| {
        Err::<(), _>(Violation {
            code: "name.direct",
            rule: "must be left out for a direct room",
        })
    });
    match members {
        [other] => Some(RoomDraft::Direct { other: *other }),
        _ => {
            body.refuse(
                "member_ids",
                Violation {
                    code: "member_ids.one-other",
                    rule: "must name exactly one other person for a direct room",
                },
            );
            None
        }
    }
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
/// room you have.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    request_body = NewRoomSchema,
    responses(
        (status = 201, description = "A new room; `Location` is its address.", body = Room),
        (status = 200, description = "The direct room that the two have already.", body = Room),
        OpenProblems,
    ),
)]
#[post("/rooms")]
async fn open_room(
    state: State,
    caller: CurrentUser,
    body: Body<RoomDraft>,
) -> Result<HttpResponse, Problem> {
    let opened = state.rooms.open(caller.caller, body.0).await?;
    let id = opened.room.id;
    let room = Room::from(opened.room);
    Ok(match opened.created {
        true => created(&format!("/rooms/{id}"), &room),
        false => HttpResponse::Ok().json(room),
    })
}

/// A room and its version.
fn with_version(room: room::Room) -> Result<HttpResponse, Problem> {
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
async fn get_room(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    let room = state.rooms.get(caller.caller, path.uuid.into()).await?;
    with_version(room)
}

/// What changes in a room.
#[derive(ToSchema)]
#[schema(as = RoomPatch, example = json!({"name": "Class of 2015, Zaria"}))]
#[expect(dead_code, reason = "it describes what `RoomPatch` is read from")]
struct RoomPatchSchema {
    /// The new name; left out, it stays as it is.
    #[schema(min_length = 1, max_length = 80, nullable = false)]
    name: Option<String>,
}

impl FromBody for RoomPatch {
    fn from_body(body: &mut BodyFields) -> Option<Self> {
        Some(Self {
            name: body.patched_text("name", RoomName::parse),
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
    request_body = RoomPatchSchema,
    responses((status = 200, description = "The room.", body = Room), ChangeProblems),
)]
#[patch("/rooms/{uuid}")]
async fn rename_room(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<RoomPatch>,
) -> Result<HttpResponse, Problem> {
    let room = state
        .rooms
        .modify(caller.caller, path.uuid.into(), body.0, expected.0)
        .await?;
    with_version(room)
}

/// Archive a room.
///
/// It can then only be read, and is in no list. A group by its owners, a direct room by either of the
/// two.
#[utoipa::path(
    tag = "rooms",
    security(("bearer" = [])),
    params(ByUuid),
    responses((status = 204, description = "Archived."), ArchiveProblems),
)]
#[delete("/rooms/{uuid}")]
async fn archive_room(
    state: State,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Result<HttpResponse, Problem> {
    state.rooms.archive(caller.caller, path.uuid.into()).await?;
    Ok(HttpResponse::NoContent().finish())
}
