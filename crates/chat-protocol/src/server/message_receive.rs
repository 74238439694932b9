use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Reaction;
use crate::{MessageId, RoomId, UserId};

payload! {
    /// A message of a room.
    ///
    /// Sent by the server to every session of every member, the one that wrote it included, after the
    /// message is stored for good; a client shows it. The same object is an entry of
    /// [`ListMessageResponse`](crate::server::ListMessageResponse) and of
    /// [`SyncResponse`](crate::server::SyncResponse).
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-receive.json")]
    /// ```
    pub struct MessageReceive {
        /// The room it was said in.
        pub room_id: RoomId,
        /// Who said it.
        pub sender_id: UserId,
        /// What was said; empty where the message was deleted.
        pub message: String = spoken,
        /// When the server accepted it: RFC 3339, in UTC, with `Z`.
        pub timestamp: DateTime<Utc>,
        /// The message itself.
        pub message_id: Option<MessageId> = promised,
        /// Its place in the room: 1, 2, 3 and so on, without gaps or repeats.
        pub seq: Option<NonZeroU64> = promised,
        /// What its sender's client called it; to the sender's own sessions alone.
        pub client_message_id: Option<Uuid> = v2,
        /// The message that it answers.
        pub reply_to: Option<MessageId> = v2,
        /// When its text was last changed, if ever.
        pub edited_at: Option<DateTime<Utc>> = v2,
        /// `true` where it was deleted: it keeps its place and has no text.
        pub deleted: bool = v2,
        /// How people reacted, the oldest emoji first, at most 20; left out where there are none.
        pub reactions: Vec<Reaction> = v2,
        /// Which change of the room last touched the message, be it an edit, the deletion or a
        /// reaction. A change with a smaller number is older than what this shows.
        pub revision: Option<NonZeroU64> = v2,
    }
}

impl MessageReceive {
    /// A stored message. For profile v2 it needs [`stored_as`](Self::stored_as) too.
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
            message_id: None,
            seq: None,
            client_message_id: None,
            reply_to: None,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            revision: None,
        }
    }

    /// With its id and its place in the room, which every message has in profile v2.
    #[must_use]
    pub fn stored_as(self, message_id: impl Into<MessageId>, seq: NonZeroU64) -> Self {
        Self {
            message_id: Some(message_id.into()),
            seq: Some(seq),
            ..self
        }
    }

    /// With what its sender's client called it, for a session of the sender.
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

    /// With the time its text was last changed.
    #[must_use]
    pub fn edited_at(self, time: DateTime<Utc>) -> Self {
        Self {
            edited_at: Some(time),
            ..self
        }
    }

    /// Deleted: without its text and its reactions.
    #[must_use]
    pub fn deleted(self) -> Self {
        Self {
            message: String::new(),
            deleted: true,
            reactions: Vec::new(),
            ..self
        }
    }

    /// With what people reacted.
    #[must_use]
    pub fn with_reactions(self, reactions: Vec<Reaction>) -> Self {
        Self { reactions, ..self }
    }

    /// With the room's change that last touched it.
    #[must_use]
    pub fn at_revision(self, revision: NonZeroU64) -> Self {
        Self {
            revision: Some(revision),
            ..self
        }
    }
}
