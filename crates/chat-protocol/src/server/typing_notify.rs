use crate::{RoomId, UserId};

payload! {
    /// Someone began or stopped typing in a room.
    ///
    /// Sent by the server to every session of every member, except the session that typed. A client
    /// shows or hides its hint.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/typing-notify.json")]
    /// ```
    pub struct TypingNotify {
        /// Where.
        pub room_id: RoomId,
        /// Who.
        pub participant_id: UserId,
        /// `false` means they stopped.
        pub is_typing: bool,
    }
}

impl TypingNotify {
    /// A change of a member's typing in a room.
    pub fn new(
        room_id: impl Into<RoomId>,
        participant_id: impl Into<UserId>,
        is_typing: bool,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            participant_id: participant_id.into(),
            is_typing,
        }
    }
}
