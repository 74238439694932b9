use super::MessageReceive;
use crate::RoomId;

payload! {
    /// A page of a room's history.
    ///
    /// Sent by the server to the session that sent a
    /// [`ListMessageRequest`](crate::client::ListMessageRequest), which shows the messages in the
    /// order they come.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/list-message-response.json")]
    /// ```
    pub struct ListMessageResponse {
        /// The room asked for.
        pub room_id: RoomId,
        /// The page, in the order asked for; empty past the end of the history.
        pub messages: Vec<MessageReceive>,
        /// How many messages the room holds in all.
        pub total_count: u64,
        /// The last change to a message of the room: the page shows its messages as they are after
        /// it. A client that has nothing of the room yet keeps it for its next
        /// [`SyncRequest`](crate::client::SyncRequest).
        pub last_revision: Option<u64> = promised,
    }
}

impl ListMessageResponse {
    /// A page out of a room with `total_count` messages. For profile v2 it needs
    /// [`at_revision`](Self::at_revision) too.
    pub fn new(
        room_id: impl Into<RoomId>,
        messages: Vec<MessageReceive>,
        total_count: u64,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            messages,
            total_count,
            last_revision: None,
        }
    }

    /// With the room's last change, which every page has in profile v2.
    #[must_use]
    pub fn at_revision(self, last_revision: u64) -> Self {
        Self {
            last_revision: Some(last_revision),
            ..self
        }
    }
}
