use crate::UserId;

payload! {
    /// A user went offline.
    ///
    /// Sent by the server when the last joined session of a user ended, for whatever reason, to
    /// those who would hear of their coming. A client marks the user as absent.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/chat-leave.json")]
    /// ```
    pub struct ChatLeave {
        /// Who left.
        pub participant_id: UserId,
    }
}

impl ChatLeave {
    /// This user went offline.
    pub fn new(participant_id: impl Into<UserId>) -> Self {
        Self {
            participant_id: participant_id.into(),
        }
    }
}
