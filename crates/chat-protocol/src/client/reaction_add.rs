use crate::{Emoji, MessageId, RoomId};

payload! {
    /// Reacts to a message with an emoji.
    ///
    /// Sent by a member of the room, who may react to a message with several emoji, once with each. The
    /// server answers with [`ReactionNotify`](crate::server::ReactionNotify), which every session of
    /// every member gets. Adding what is there already changes nothing, and is answered to the asking
    /// session alone. A message has at most 20 different emoji, at most 10 of them from one member; one
    /// more is `invalid-payload`.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/reaction-add.json")]
    /// ```
    pub struct ReactionAdd {
        /// The room the message is in.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
        /// The emoji.
        pub emoji: Emoji,
    }
}

impl ReactionAdd {
    /// A reaction to a message.
    pub fn new(room_id: impl Into<RoomId>, message_id: impl Into<MessageId>, emoji: Emoji) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            emoji,
        }
    }
}
