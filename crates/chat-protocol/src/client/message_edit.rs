use crate::{MessageId, RoomId};

payload! {
    /// Replaces the text of a message.
    ///
    /// Sent by the person who wrote the message, within the time that [`Welcome`](crate::server::Welcome)
    /// names. The server answers with [`MessageUpdated`](crate::server::MessageUpdated), which every
    /// session of every member gets. A message that was deleted cannot be edited.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/message-edit.json")]
    /// ```
    pub struct MessageEdit {
        /// The room the message is in.
        pub room_id: RoomId,
        /// The message.
        pub message_id: MessageId,
        /// What it says from now on: 1 to 4,000 Unicode characters after trimming, one of them visible; no
        /// control characters but line feed and tab.
        pub message: String = spoken(crate::client::MAX_MESSAGE_CHARACTERS),
    }
}

impl MessageEdit {
    /// A new text for a message.
    pub fn new(
        room_id: impl Into<RoomId>,
        message_id: impl Into<MessageId>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            message_id: message_id.into(),
            message: message.into(),
        }
    }
}
