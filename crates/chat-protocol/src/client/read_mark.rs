use std::num::NonZeroU64;

use crate::RoomId;

payload! {
    /// Says how far the user has read in a room.
    ///
    /// Sent by a member when messages were shown to the person; one packet for the last of them is
    /// enough. The mark never moves back. The server answers with
    /// [`ReadNotify`](crate::server::ReadNotify), which every session of every member gets where the
    /// mark moved; where it did not, the asking session alone hears where it stands.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/read-mark.json")]
    /// ```
    pub struct ReadMark {
        /// The room.
        pub room_id: RoomId,
        /// The place of the last message read, which marks all before it too. A place past the newest
        /// message counts as that of the newest.
        pub seq: NonZeroU64,
    }
}

impl ReadMark {
    /// Everything up to the place `seq` was read.
    pub fn new(room_id: impl Into<RoomId>, seq: NonZeroU64) -> Self {
        Self {
            room_id: room_id.into(),
            seq,
        }
    }
}
