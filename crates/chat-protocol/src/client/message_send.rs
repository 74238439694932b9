use crate::RoomId;

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
        /// What to say: 1 to 4,000 Unicode characters after trimming, without NUL. The server
        /// enforces it; decoding takes any string.
        pub message: String = spoken,
        /// Where to say it.
        pub room_id: RoomId,
    }
}

impl MessageSend {
    /// A message for a room.
    pub fn new(room_id: impl Into<RoomId>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            room_id: room_id.into(),
        }
    }
}
