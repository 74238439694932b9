use abu_domain::{
    RoomId, UserId,
    messaging::{
        message::Message,
        person::Person,
        room::{OwnRoom, RoomKind, RoomSettings, UnreadTotals},
    },
};
use chrono::{DateTime, Utc};

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// Which of their rooms a member asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomFilter {
    /// Any of these; of every kind where it names none.
    pub kinds: Vec<RoomKind>,
    /// The archived ones alone, rather than the open ones.
    pub archived: bool,
    /// The hidden ones alone, rather than the others.
    pub hidden: bool,
    /// Words that begin words of the group's name, or of the other person's.
    pub words: Option<String>,
}

/// A position in a list of rooms: pinned ones first, then the most recently active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPosition {
    pub pinned: bool,
    pub last_activity_at: DateTime<Utc>,
    pub id: RoomId,
}

/// A room in a member's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomListing {
    pub own: OwnRoom,
    /// Its newest message and the sender, also one who left.
    pub last_message: Option<(Message, Person)>,
}

impl RoomListing {
    pub fn position(own: &OwnRoom) -> RoomPosition {
        RoomPosition {
            pinned: own.settings.pinned,
            last_activity_at: own.room.last_activity_at,
            id: own.room.id,
        }
    }
}

/// How far a member has read a room, as memory knows it and the store may not yet.
pub type NotedRead = (RoomId, i64);

/// Rooms as their members see them. An unread message is one after the read mark that is not deleted; deleted
/// ones beyond a thousand in a room count as unread.
pub trait RoomListReads {
    /// None where the user is not a member. A mute may be over.
    fn own_room(
        &mut self,
        room: RoomId,
        user: UserId,
        noted: &[NotedRead],
    ) -> Result<Option<OwnRoom>, StoreError>;

    /// At most `limit` rooms of the user, in the order of [`RoomPosition`].
    fn list_rooms(
        &mut self,
        user: UserId,
        filter: &RoomFilter,
        noted: &[NotedRead],
        seek: Seek<RoomPosition>,
        limit: u32,
    ) -> Result<Vec<RoomListing>, StoreError>;

    /// How many rooms [`list_rooms`](Self::list_rooms) has for the user.
    fn count_rooms(&mut self, user: UserId, filter: &RoomFilter) -> Result<Total, StoreError>;

    /// What is unread in the user's rooms, without archived, hidden and muted ones.
    fn unread_totals(
        &mut self,
        user: UserId,
        noted: &[NotedRead],
        now: DateTime<Utc>,
    ) -> Result<UnreadTotals, StoreError>;
}

/// Writes beside [`RoomListReads`].
pub trait RoomListWrites {
    /// The member's settings, locked until the transaction ends; `None` without a membership.
    fn lock_settings(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Result<Option<RoomSettings>, StoreError>;

    fn set_settings(
        &mut self,
        room: RoomId,
        user: UserId,
        settings: RoomSettings,
    ) -> Result<(), StoreError>;
}
