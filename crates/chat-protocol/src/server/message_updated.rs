use std::num::NonZeroU64;

use chrono::{DateTime, Utc};

use crate::{MessageId, RoomId};

payload! {
    /// A message was edited or deleted.
    ///
    /// Sent by the server to every session of every member after the change is stored for good, the
    /// changes of a room in the order of their `revision`. A client that has the message puts the new
    /// fields in the place of the old ones; where the message is deleted it drops the reactions too.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-updated.json")]
    /// ```
    pub struct MessageUpdated {
        /// The room.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
        /// Its place in the room, which stays.
        pub seq: NonZeroU64,
        /// What it says now; empty where it was deleted.
        pub message: String = spoken,
        /// When its text was last changed, if ever.
        pub edited_at: Option<DateTime<Utc>>,
        /// `true` where it was deleted.
        pub deleted: bool = sparse,
        /// The number of this change among the changes of the room: 1, 2, 3 and so on, without gaps or
        /// repeats, reactions counted with.
        pub revision: NonZeroU64,
    }
}

impl MessageUpdated {
    /// A message with a new text.
    pub fn edited(
        room_id: impl Into<RoomId>,
        message_id: impl Into<MessageId>,
        seq: NonZeroU64,
        message: impl Into<String>,
        edited_at: DateTime<Utc>,
        revision: NonZeroU64,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            seq,
            message: message.into(),
            edited_at: Some(edited_at),
            deleted: false,
            revision,
        }
    }

    /// A message that is no more.
    pub fn deleted(
        room_id: impl Into<RoomId>,
        message_id: impl Into<MessageId>,
        seq: NonZeroU64,
        revision: NonZeroU64,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            seq,
            message: String::new(),
            edited_at: None,
            deleted: true,
            revision,
        }
    }
}
