use crate::RoomId;

/// The most rooms of one [`SyncRequest`].
pub const MAX_SYNC_ROOMS: usize = 100;

payload! {
    /// Asks for what was missed in some rooms.
    ///
    /// Sent by a client that connects again, or that sees a gap in the places or revisions of a room.
    /// The server answers the asking session alone with a
    /// [`SyncResponse`](crate::server::SyncResponse). The client asks again for the rooms that have more.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/sync-request.json")]
    /// ```
    pub struct SyncRequest {
        /// The rooms, 1 to 100, those first that matter most: the answer serves them in this order.
        pub rooms: Vec<RoomPosition> = bounded(MAX_SYNC_ROOMS, "must have 1 to 100 entries"),
    }
}

payload! {
    /// How much of a room a client has.
    pub struct RoomPosition {
        /// The room.
        pub room_id: RoomId,
        /// The place of the last message the client has; 0 where it has none.
        pub last_seq: u64,
        /// The last change to a message of the room that the client has, as the room's
        /// [`SyncResponse`](crate::server::SyncResponse) or
        /// [`ListMessageResponse`](crate::server::ListMessageResponse) said or later packets
        /// counted on. Left out, the answer has no changes to older messages.
        pub last_revision: Option<u64>,
    }
}

impl SyncRequest {
    /// What was missed in these rooms, 1 to [`MAX_SYNC_ROOMS`].
    pub fn new(rooms: Vec<RoomPosition>) -> Self {
        Self { rooms }
    }
}

impl RoomPosition {
    /// A room of which the client has the messages up to the place `last_seq`.
    pub fn new(room_id: impl Into<RoomId>, last_seq: u64) -> Self {
        Self {
            room_id: room_id.into(),
            last_seq,
            last_revision: None,
        }
    }

    /// With the changes to messages that the client has.
    #[must_use]
    pub fn with_last_revision(self, last_revision: u64) -> Self {
        Self {
            last_revision: Some(last_revision),
            ..self
        }
    }
}
