use std::num::NonZeroU64;

use crate::{Emoji, MessageId, RoomId, UserId};

payload! {
    /// A member reacted to a message, or took a reaction back.
    ///
    /// Sent by the server to every session of every member after the change is stored for good, the
    /// changes of a room in the order of their `revision`. A client sets the emoji's count to `count`,
    /// and where `participant_id` is its own user, whether the user reacted.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/reaction-notify.json")]
    /// ```
    pub struct ReactionNotify {
        /// The room.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
        /// Who reacted.
        pub participant_id: UserId,
        /// With what.
        pub emoji: Emoji,
        /// `false` means it was taken back.
        pub is_added: bool,
        /// How many people react with this emoji now; 0 removes it.
        pub count: u64,
        /// The number of this change among the changes of the room; left out where nothing changed and
        /// the server answers the asking session alone.
        pub revision: Option<NonZeroU64>,
    }
}

impl ReactionNotify {
    /// A reaction that was added, after which `count` people react so.
    pub fn added(
        room_id: impl Into<RoomId>,
        message_id: impl Into<MessageId>,
        participant_id: impl Into<UserId>,
        emoji: Emoji,
        count: u64,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            participant_id: participant_id.into(),
            emoji,
            is_added: true,
            count,
            revision: None,
        }
    }

    /// A reaction that was taken back, after which `count` people react so.
    pub fn removed(
        room_id: impl Into<RoomId>,
        message_id: impl Into<MessageId>,
        participant_id: impl Into<UserId>,
        emoji: Emoji,
        count: u64,
    ) -> Self {
        Self {
            is_added: false,
            ..Self::added(room_id, message_id, participant_id, emoji, count)
        }
    }

    /// With its number among the changes of the room.
    #[must_use]
    pub fn at_revision(self, revision: NonZeroU64) -> Self {
        Self {
            revision: Some(revision),
            ..self
        }
    }
}
