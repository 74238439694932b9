use crate::{Emoji, MessageId, RoomId};

payload! {
    /// Takes a reaction back.
    ///
    /// Sent by the member who reacted. The server answers with
    /// [`ReactionNotify`](crate::server::ReactionNotify), which every session of every member gets.
    /// Removing what is not there changes nothing, and is answered to the asking session alone.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/reaction-remove.json")]
    /// ```
    pub struct ReactionRemove {
        /// The room the message is in.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
        /// The emoji.
        pub emoji: Emoji,
    }
}

impl ReactionRemove {
    /// A reaction to be taken back.
    pub fn new(room_id: impl Into<RoomId>, message_id: impl Into<MessageId>, emoji: Emoji) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            emoji,
        }
    }
}
