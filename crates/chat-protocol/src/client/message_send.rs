use uuid::Uuid;

use crate::{MessageId, RoomId};

/// The most Unicode characters of a message, after trimming. The server enforces it; decoding takes
/// any string.
pub const MAX_MESSAGE_CHARACTERS: usize = 4_000;

payload! {
    /// Says something in a room.
    ///
    /// Sent by a member of the room at any time, joined or not. The server stores the message, and
    /// once it is committed sends [`MessageReceive`](crate::server::MessageReceive) to every session
    /// of every member, the sender's own included. When it could not be stored the sender alone
    /// hears an [`Error`](crate::server::Error).
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-send.json")]
    /// ```
    pub struct MessageSend {
        /// What to say: 1 to 4,000 Unicode characters after trimming, one of them visible; no
        /// control characters but line feed and tab.
        pub message: String = spoken(MAX_MESSAGE_CHARACTERS),
        /// Where to say it.
        pub room_id: RoomId,
        /// An idempotency key: a UUID that the client chooses for the message, unique for its sender in
        /// the room. A retry with the same UUID and text gets the stored message back, and the server
        /// stores the message once. Another text under the same UUID is the error `conflict`.
        pub client_message_id: Option<Uuid> = v2,
        /// The message of the same room that this one answers.
        pub reply_to: Option<MessageId> = v2,
    }
}

impl MessageSend {
    /// A message for a room.
    pub fn new(room_id: impl Into<RoomId>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            room_id: room_id.into(),
            client_message_id: None,
            reply_to: None,
        }
    }

    /// With an id of the client's own, so that it can be sent again without being stored twice.
    #[must_use]
    pub fn with_client_message_id(self, id: Uuid) -> Self {
        Self {
            client_message_id: Some(id),
            ..self
        }
    }

    /// As the answer to another message of the room.
    #[must_use]
    pub fn in_reply_to(self, message_id: impl Into<MessageId>) -> Self {
        Self {
            reply_to: Some(message_id.into()),
            ..self
        }
    }
}
