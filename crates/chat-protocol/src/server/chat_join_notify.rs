use crate::UserId;

payload! {
    /// A user came online.
    ///
    /// Sent by the server when the first of a user's sessions joins, once to every session of
    /// everyone who shares a room with them, however many rooms that are; the user's own sessions
    /// do not get it. A client marks the user as present.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/chat-join-notify.json")]
    /// ```
    pub struct ChatJoinNotify {
        /// Who came.
        pub participant_id: UserId,
    }
}

impl ChatJoinNotify {
    /// This user came online.
    pub fn new(participant_id: impl Into<UserId>) -> Self {
        Self {
            participant_id: participant_id.into(),
        }
    }
}
