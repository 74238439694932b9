use abu_application::{
    messaging::ports::{self, InvitationListing},
    messaging::rooms::{self, OwnRoom, RoomMember},
};
use abu_domain::{UserId, messaging::room};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Message;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
    "kind": "group",
    "name": "Class of 2015",
    "created_by": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
    "last_seq": 2,
    "member_count": 3,
}))]
pub(crate) struct Room {
    uuid: Uuid,
    /// `direct` between two people, or `group`.
    kind: &'static str,
    /// A group's name; null for a direct room.
    name: Option<String>,
    /// Who made it.
    created_by: Uuid,
    created_at: DateTime<Utc>,
    /// When its name, members or state last changed.
    last_modified: DateTime<Utc>,
    /// Place of the newest message, and so the number of messages.
    last_seq: i64,
    member_count: i32,
}

impl From<room::Room> for Room {
    fn from(room: room::Room) -> Self {
        Self {
            uuid: room.id.uuid(),
            kind: room.kind.name(),
            name: room.name.map(|name| name.as_str().to_owned()),
            created_by: room.created_by.uuid(),
            created_at: room.created_at,
            last_modified: room.last_modified,
            last_seq: room.last_seq,
            member_count: room.member_count,
        }
    }
}

/// A conversation in the list of the caller's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
    "kind": "group",
    "name": "Class of 2015",
    "created_by": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "created_at": "2026-01-05T08:30:00Z",
    "last_modified": "2026-01-05T08:30:00Z",
    "last_seq": 2,
    "member_count": 3,
    "last_message": {
        "message_id": "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6",
        "seq": 2,
        "room_id": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
        "sender_id": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "message": "Sannu! How is everybody?",
        "timestamp": "2026-01-05T08:31:12.345678Z",
    },
    "last_read_seq": 1,
    "unread_count": 1,
}))]
pub(crate) struct ListedRoom {
    #[serde(flatten)]
    room: Room,
    /// The newest message; null where nothing was said yet.
    last_message: Option<Message>,
    /// Place of the last message that you have read. What was said before you came counts as read, and
    /// so does what was said before you last said something.
    last_read_seq: i64,
    /// How many messages there are after that.
    unread_count: i64,
}

impl From<OwnRoom> for ListedRoom {
    fn from(own: OwnRoom) -> Self {
        Self {
            unread_count: own.room.last_seq - own.last_read_seq,
            last_read_seq: own.last_read_seq,
            room: own.room.into(),
            last_message: own.last_message.map(Message::from),
        }
    }
}

/// How far you have read in a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"last_read_seq": 42, "unread_count": 0}))]
pub(crate) struct ReadState {
    /// Place of the last message that you have read.
    last_read_seq: i64,
    /// How many messages there are after that.
    unread_count: i64,
}

impl From<ports::ReadState> for ReadState {
    fn from(state: ports::ReadState) -> Self {
        Self {
            last_read_seq: state.last_read_seq,
            unread_count: state.unread(),
        }
    }
}

/// A member of a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "firstname": "Amina",
    "lastname": "Bello",
    "role": "owner",
    "joined_at": "2026-01-05T08:30:00Z",
    "online": true,
    "last_seen_at": null,
}))]
pub(crate) struct Member {
    user_uuid: Uuid,
    firstname: String,
    lastname: String,
    /// `member`, `moderator` or `owner`.
    role: &'static str,
    joined_at: DateTime<Utc>,
    /// In the chat now.
    online: bool,
    /// When they last left the chat; null where they never did.
    last_seen_at: Option<DateTime<Utc>>,
}

impl From<RoomMember> for Member {
    fn from(member: RoomMember) -> Self {
        let RoomMember { listing, online } = member;
        Self {
            user_uuid: listing.membership.user_id.uuid(),
            firstname: listing.firstname.as_str().to_owned(),
            lastname: listing.lastname.as_str().to_owned(),
            role: listing.membership.role.name(),
            joined_at: listing.membership.joined_at,
            online,
            last_seen_at: listing.last_seen_at,
        }
    }
}

/// A membership in a room.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
    "role": "moderator",
    "joined_at": "2026-01-05T08:30:00Z",
}))]
pub(crate) struct Membership {
    user_uuid: Uuid,
    /// `member`, `moderator` or `owner`.
    role: &'static str,
    joined_at: DateTime<Utc>,
}

impl From<room::Membership> for Membership {
    fn from(membership: room::Membership) -> Self {
        Self {
            user_uuid: membership.user_id.uuid(),
            role: membership.role.name(),
            joined_at: membership.joined_at,
        }
    }
}

/// What became of a request to bring people into a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "added": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
    "invited": [],
}))]
pub(crate) struct Additions {
    /// Users who are members now.
    added: Vec<Uuid>,
    /// Users who left before, and can accept an invitation now.
    invited: Vec<Uuid>,
}

impl From<rooms::Additions> for Additions {
    fn from(additions: rooms::Additions) -> Self {
        let uuids = |users: Vec<UserId>| users.into_iter().map(UserId::uuid).collect();
        Self {
            added: uuids(additions.added),
            invited: uuids(additions.invited),
        }
    }
}

/// An invitation to a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "8d0f5c1e-6c9b-4b53-a0a1-3a1f0c6f9d27",
    "room": {
        "uuid": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
        "name": "Class of 2015",
        "member_count": 3,
    },
    "inviter": {
        "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "firstname": "Amina",
        "lastname": "Bello",
    },
    "created_at": "2026-01-05T08:30:00Z",
    "expires_at": "2026-02-04T08:30:00Z",
}))]
pub(crate) struct Invitation {
    uuid: Uuid,
    room: InvitingRoom,
    /// Who invites.
    inviter: Person,
    created_at: DateTime<Utc>,
    /// It can be accepted until then.
    expires_at: DateTime<Utc>,
}

/// What an invited user sees of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitingRoom {
    uuid: Uuid,
    name: String,
    member_count: i32,
}

/// A user, by their name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    user_uuid: Uuid,
    firstname: String,
    lastname: String,
}

impl From<InvitationListing> for Invitation {
    fn from(listing: InvitationListing) -> Self {
        let invitation = listing.invitation;
        Self {
            uuid: invitation.id.uuid(),
            room: InvitingRoom {
                uuid: invitation.room_id.uuid(),
                name: listing.room_name.as_str().to_owned(),
                member_count: listing.member_count,
            },
            inviter: Person {
                user_uuid: invitation.invited_by.uuid(),
                firstname: listing.inviter_firstname.as_str().to_owned(),
                lastname: listing.inviter_lastname.as_str().to_owned(),
            },
            created_at: invitation.created_at,
            expires_at: invitation.expires_at(),
        }
    }
}
