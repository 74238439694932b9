use crate::{MessageId, RoomId};

payload! {
    /// Deletes a message.
    ///
    /// Sent by the person who wrote the message, within the time that [`Welcome`](crate::server::Welcome)
    /// names, or by a moderator of the room at any time. The server answers with
    /// [`MessageUpdated`](crate::server::MessageUpdated), which every session of every member gets: the
    /// message keeps its place and loses its text and its reactions. Deleting it again changes nothing,
    /// and is answered to the asking session alone.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-delete.json")]
    /// ```
    pub struct MessageDelete {
        /// The room the message is in.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
    }
}

impl MessageDelete {
    /// A message to be deleted.
    pub fn new(room_id: impl Into<RoomId>, message_id: impl Into<MessageId>) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
        }
    }
}
