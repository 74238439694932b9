use crate::{RoomId, UserId};

payload! {
    /// A member has read up to a message.
    ///
    /// Sent by the server to every session of every member when the mark moved, and in a room of more than
    /// 200 members to the user's own sessions alone. The server may merge several moves in quick
    /// succession. A client moves its receipt, and on the user's other devices the count of unread
    /// messages.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/read-notify.json")]
    /// ```
    pub struct ReadNotify {
        /// The room.
        pub room_id: RoomId,
        /// Who has read.
        pub participant_id: UserId,
        /// The highest place that they have read; 0 where they have read nothing.
        pub seq: u64,
    }
}

impl ReadNotify {
    /// A member has read up to the place `seq`.
    pub fn new(room_id: impl Into<RoomId>, participant_id: impl Into<UserId>, seq: u64) -> Self {
        Self {
            room_id: room_id.into(),
            participant_id: participant_id.into(),
            seq,
        }
    }
}
