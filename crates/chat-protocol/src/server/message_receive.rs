use chrono::{DateTime, Utc};

use crate::{RoomId, UserId};

payload! {
    /// A message of a room.
    ///
    /// Sent by the server to every session of every member, the one that wrote it included, after the
    /// message is stored for good; a client shows it. The same object is an entry of
    /// [`ListMessageResponse`](crate::server::ListMessageResponse).
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-receive.json")]
    /// ```
    pub struct MessageReceive {
        /// The room it was said in.
        pub room_id: RoomId,
        /// Who said it.
        pub sender_id: UserId,
        /// What was said.
        pub message: String = spoken,
        /// When the server accepted it: RFC 3339, in UTC, with `Z`.
        pub timestamp: DateTime<Utc>,
    }
}

impl MessageReceive {
    /// A stored message.
    pub fn new(
        room_id: impl Into<RoomId>,
        sender_id: impl Into<UserId>,
        message: impl Into<String>,
        timestamp: DateTime<Utc>,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            sender_id: sender_id.into(),
            message: message.into(),
            timestamp,
        }
    }
}
