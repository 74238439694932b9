use crate::RoomId;

payload! {
    /// Says that the user began or stopped typing in a room.
    ///
    /// Sent by a member while composing; the server stores nothing and passes it on as
    /// [`TypingNotify`](crate::server::TypingNotify). It drops the same value repeated within one
    /// second, and takes ten seconds of silence, or the end of the session, as having stopped.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/typing.json")]
    /// ```
    pub struct Typing {
        /// `false` means the user stopped.
        pub is_typing: bool,
        /// The room that the text is meant for.
        pub room_id: RoomId,
    }
}

impl Typing {
    /// A change of the user's typing in a room.
    pub fn new(room_id: impl Into<RoomId>, is_typing: bool) -> Self {
        Self {
            is_typing,
            room_id: room_id.into(),
        }
    }
}
