use super::MessageReceive;
use crate::RoomId;

/// The most messages of one [`SyncResponse`], in all its rooms together.
pub const MAX_SYNC_MESSAGES: usize = 100;

payload! {
    /// What was missed in some rooms.
    ///
    /// Sent by the server to the session that sent a [`SyncRequest`](crate::client::SyncRequest). A
    /// client puts the messages in their places, keeps each room's `last_seq` and `last_revision`, and
    /// asks again with them for the rooms that have more.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/sync-response.json")]
    /// ```
    pub struct SyncResponse {
        /// The rooms asked for, in that order. All together they hold at most 100 messages, fewer where
        /// those are long.
        pub rooms: Vec<RoomCatchUp>,
        /// The rooms asked for that the user is not in, or that do not exist: the two look the same.
        pub not_a_member: Vec<RoomId> = sparse,
    }
}

payload! {
    /// What was missed in one room.
    pub struct RoomCatchUp {
        /// The room.
        pub room_id: RoomId,
        /// The messages after the `last_seq` asked with, oldest first, as they are now.
        pub messages: Vec<MessageReceive>,
        /// The messages up to that `last_seq` which changed after the `last_revision` asked with, in
        /// the order of their changes, as they are now; left out where none did.
        pub updated: Vec<MessageReceive> = sparse,
        /// What to ask with next time: this answer covers the messages up to this place.
        pub last_seq: u64,
        /// What to ask with next time: this answer covers the changes up to this one.
        pub last_revision: u64,
        /// Whether there is more: ask again with the two numbers above.
        pub has_more: bool,
    }
}

impl SyncResponse {
    /// What was missed in these rooms.
    pub fn new(rooms: Vec<RoomCatchUp>) -> Self {
        Self {
            rooms,
            not_a_member: Vec::new(),
        }
    }

    /// With the rooms that the user is not in.
    #[must_use]
    pub fn without(self, not_a_member: Vec<RoomId>) -> Self {
        Self {
            not_a_member,
            ..self
        }
    }
}

impl RoomCatchUp {
    /// A room of which nothing was missed up to this place and this change.
    pub fn new(room_id: impl Into<RoomId>, last_seq: u64, last_revision: u64) -> Self {
        Self {
            room_id: room_id.into(),
            messages: Vec::new(),
            updated: Vec::new(),
            last_seq,
            last_revision,
            has_more: false,
        }
    }

    /// With the messages that were missed, oldest first.
    #[must_use]
    pub fn with_messages(self, messages: Vec<MessageReceive>) -> Self {
        Self { messages, ..self }
    }

    /// With the older messages that changed, in the order of their changes.
    #[must_use]
    pub fn with_updated(self, updated: Vec<MessageReceive>) -> Self {
        Self { updated, ..self }
    }

    /// There is more than this.
    #[must_use]
    pub fn and_more(self) -> Self {
        Self {
            has_more: true,
            ..self
        }
    }
}
