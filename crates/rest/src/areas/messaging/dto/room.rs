use abu_application::messaging::{
    messages::ReadUpTo,
    ports::InvitationListing,
    rooms::{self, RoomMember},
};
use abu_domain::{
    UserId,
    messaging::{person, room},
};

use super::Message;
use crate::areas::prelude::*;

json_form! {
    /// A conversation, as you have it.
    #[schema(example = json!({
        "uuid": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
        "kind": "direct",
        "name": null,
        "created_by": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "created_at": "2026-01-05T08:30:00Z",
        "last_modified": "2026-01-05T08:30:00Z",
        "last_seq": 2,
        "member_count": 2,
        "my_role": "member",
        "last_read_seq": 1,
        "unread_count": 1,
        "muted_until": null,
        "pinned": true,
        "hidden": false,
        "archived_at": null,
        "other": {
            "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
            "firstname": "Amina",
            "lastname": "Bello",
        },
    }))]
    pub(crate) struct Room from own: room::OwnRoom {
        uuid: Uuid = own.room.id.uuid(),
        /// `direct` between two people, or `group`.
        kind: &'static str = own.room.kind.name(),
        /// A group's name; null for a direct room.
        name: Option<String> = own.room.name.map(|name| name.as_str().to_owned()),
        /// Who made it.
        created_by: Uuid = own.room.created_by.uuid(),
        created_at: DateTime<Utc> = own.room.created_at,
        /// When its name, members or state last changed.
        last_modified: DateTime<Utc> = own.room.last_modified,
        /// Place of the newest message, and so the number of messages.
        last_seq: i64 = own.room.last_seq,
        member_count: i32 = own.room.member_count,
        /// `member`, `moderator` or `owner`.
        my_role: &'static str = own.role.name(),
        /// Place of the last message that you have read. What was said before you came counts as read, and
        /// so does what was said before you last said something.
        last_read_seq: i64 = own.last_read_seq,
        /// How many messages there are after that, without deleted ones. More than 1,000 deletions in a room are
        /// not subtracted.
        unread_count: i64 = own.unread_count,
        /// Until then it does not count for `/me/unread-count`; null where it is not muted.
        muted_until: Option<DateTime<Utc>> = own.settings.muted_until,
        /// It precedes other rooms in your list.
        pinned: bool = own.settings.pinned,
        /// It is in no list of yours until its next message.
        hidden: bool = own.settings.hidden,
        /// When it was archived; null for an open room.
        archived_at: Option<DateTime<Utc>> = own.room.archived_at,
        /// The other person of a direct room; null for a group.
        other: Option<Person> = own.other.map(Person::from),
    }
}

/// A conversation in your list.
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
    "my_role": "owner",
    "last_read_seq": 1,
    "unread_count": 1,
    "muted_until": null,
    "pinned": false,
    "hidden": false,
    "archived_at": null,
    "other": null,
    "last_message": {
        "message_id": "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6",
        "seq": 2,
        "room_id": "b6c1f0a2-0c57-4a8e-8a53-0f5c7d1e9a10",
        "sender_id": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "sender": {
            "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
            "firstname": "Amina",
            "lastname": "Bello",
        },
        "message": "Sannu! How is everybody?",
        "timestamp": "2026-01-05T08:31:12.345678Z",
    },
}))]
pub(crate) struct ListedRoom {
    #[serde(flatten)]
    room: Room,
    /// The newest message; null where nothing was said yet.
    last_message: Option<Message>,
}

impl From<rooms::ListedRoom> for ListedRoom {
    fn from(listed: rooms::ListedRoom) -> Self {
        Self {
            room: listed.own.into(),
            last_message: listed.last_message.map(Message::from),
        }
    }
}

json_form! {
    /// How you arrange a room in your list.
    #[schema(example = json!({"muted_until": null, "pinned": true, "hidden": false}))]
    pub(crate) struct RoomSettings from settings: room::RoomSettings {
        /// Until then the room does not count for `/me/unread-count`; null where it is not muted.
        muted_until: Option<DateTime<Utc>> = settings.muted_until,
        /// It precedes other rooms in your list.
        pinned: bool = settings.pinned,
        /// It is in no list of yours until its next message.
        hidden: bool = settings.hidden,
    }
}

json_form! {
    /// What you have not read, for a badge.
    #[schema(example = json!({"rooms": 2, "messages": 17}))]
    pub(crate) struct UnreadCount from totals: room::UnreadTotals {
        /// How many rooms have unread messages.
        rooms: i64 = totals.rooms,
        /// How many messages you have not read.
        messages: i64 = totals.messages,
    }
}

json_form! {
    /// How far you have read in a room.
    #[schema(example = json!({"last_read_seq": 42, "unread_count": 0}))]
    pub(crate) struct ReadState from read: ReadUpTo {
        /// Place of the last message that you have read.
        last_read_seq: i64 = read.last_read_seq,
        /// How many messages there are after that, without deleted ones.
        unread_count: i64 = read.unread_count,
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

json_form! {
    /// A user, by their name.
    #[schema(example = json!({
        "user_uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "firstname": "Amina",
        "lastname": "Bello",
    }))]
    pub(crate) struct Person from person: person::Person {
        user_uuid: Uuid = person.id.uuid(),
        firstname: String = person.firstname.as_str().to_owned(),
        lastname: String = person.lastname.as_str().to_owned(),
    }
}
