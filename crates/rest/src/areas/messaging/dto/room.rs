use abu_application::messaging::{
    ports::{self, InvitationListing},
    rooms::{self, OwnRoom, RoomMember},
};
use abu_domain::{UserId, messaging::room};

use super::Message;
use crate::areas::prelude::*;

json_form! {
    /// A conversation.
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
    pub(crate) struct Room from room: room::Room {
        uuid: Uuid = room.id.uuid(),
        /// `direct` between two people, or `group`.
        kind: &'static str = room.kind.name(),
        /// A group's name; null for a direct room.
        name: Option<String> = room.name.map(|name| name.as_str().to_owned()),
        /// Who made it.
        created_by: Uuid = room.created_by.uuid(),
        created_at: DateTime<Utc> = room.created_at,
        /// When its name, members or state last changed.
        last_modified: DateTime<Utc> = room.last_modified,
        /// Place of the newest message, and so the number of messages.
        last_seq: i64 = room.last_seq,
        member_count: i32 = room.member_count,
    }
}

/// A conversation in the list of the caller's.
#[derive(Serialize, ToSchema)]
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

json_form! {
    /// How far you have read in a room.
    #[schema(example = json!({"last_read_seq": 42, "unread_count": 0}))]
    pub(crate) struct ReadState from state: ports::ReadState {
        /// Place of the last message that you have read.
        last_read_seq: i64 = state.last_read_seq,
        /// How many messages there are after that.
        unread_count: i64 = state.unread(),
    }
}

json_form! {
    /// A member of a room.
    #[schema(example = json!({
        "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "firstname": "Amina",
        "lastname": "Bello",
        "role": "owner",
        "joined_at": "2026-01-05T08:30:00Z",
        "online": true,
        "last_seen_at": null,
    }))]
    pub(crate) struct Member from member: RoomMember {
        user_uuid: Uuid = member.listing.membership.user_id.uuid(),
        firstname: String = member.listing.firstname.as_str().to_owned(),
        lastname: String = member.listing.lastname.as_str().to_owned(),
        /// `member`, `moderator` or `owner`.
        role: &'static str = member.listing.membership.role.name(),
        joined_at: DateTime<Utc> = member.listing.membership.joined_at,
        /// In the chat now.
        online: bool = member.online,
        /// When they last left the chat; null where they never did.
        last_seen_at: Option<DateTime<Utc>> = member.listing.last_seen_at,
    }
}

json_form! {
    /// A membership in a room.
    #[schema(example = json!({
        "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "role": "moderator",
        "joined_at": "2026-01-05T08:30:00Z",
    }))]
    pub(crate) struct Membership from membership: room::Membership {
        user_uuid: Uuid = membership.user_id.uuid(),
        /// `member`, `moderator` or `owner`.
        role: &'static str = membership.role.name(),
        joined_at: DateTime<Utc> = membership.joined_at,
    }
}

json_form! {
    /// What became of a request to bring people into a group.
    #[schema(example = json!({
        "added": ["3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41"],
        "invited": [],
    }))]
    pub(crate) struct Additions from additions: rooms::Additions {
        /// Users who are members now.
        added: Vec<Uuid> = additions.added.into_iter().map(UserId::uuid).collect(),
        /// Users who left before, and can accept an invitation now.
        invited: Vec<Uuid> = additions.invited.into_iter().map(UserId::uuid).collect(),
    }
}

json_form! {
    /// An invitation to a group.
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
    pub(crate) struct Invitation from listing: InvitationListing {
        uuid: Uuid = listing.invitation.id.uuid(),
        room: InvitingRoom = InvitingRoom {
            uuid: listing.invitation.room_id.uuid(),
            name: listing.room_name.as_str().to_owned(),
            member_count: listing.member_count,
        },
        /// Who invites.
        inviter: Person = Person {
            user_uuid: listing.invitation.invited_by.uuid(),
            firstname: listing.inviter_firstname.as_str().to_owned(),
            lastname: listing.inviter_lastname.as_str().to_owned(),
        },
        created_at: DateTime<Utc> = listing.invitation.created_at,
        /// It can be accepted until then.
        expires_at: DateTime<Utc> = listing.invitation.expires_at(),
    }
}

/// What an invited user sees of a group.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitingRoom {
    uuid: Uuid,
    name: String,
    member_count: i32,
}

/// A user, by their name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Person {
    user_uuid: Uuid,
    firstname: String,
    lastname: String,
}
