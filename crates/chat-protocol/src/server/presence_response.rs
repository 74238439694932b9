use chrono::{DateTime, Utc};

use crate::{RoomId, UserId};

payload! {
    /// Who of a room is online, and when the others last were.
    ///
    /// Sent by the server to the session that sent a
    /// [`PresenceRequest`](crate::client::PresenceRequest). A client marks the members as present or
    /// absent, and asks for the rest where there are more.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/presence-response.json")]
    /// ```
    pub struct PresenceResponse {
        /// The room.
        pub room_id: RoomId,
        /// Members in the order of their ids, at most 100.
        pub participants: Vec<ParticipantPresence>,
        /// Whether more members follow: ask again with `after`.
        pub has_more: bool,
    }
}

payload! {
    /// Whether one member of a room is online.
    pub struct ParticipantPresence {
        /// The member.
        pub participant_id: UserId,
        /// Whether they have a session that joined. Who hides it looks offline.
        pub is_online: bool,
        /// When they were last online; left out where they are now, never were, or hide it.
        pub last_seen: Option<DateTime<Utc>>,
    }
}

impl PresenceResponse {
    /// Some members of a room, and whether more follow.
    pub fn new(
        room_id: impl Into<RoomId>,
        participants: Vec<ParticipantPresence>,
        has_more: bool,
    ) -> Self {
        Self {
            room_id: room_id.into(),
            participants,
            has_more,
        }
    }
}

impl ParticipantPresence {
    /// A member who is online.
    pub fn online(participant_id: impl Into<UserId>) -> Self {
        Self {
            participant_id: participant_id.into(),
            is_online: true,
            last_seen: None,
        }
    }

    /// A member who is not online, and when they last were, where they do not hide it.
    pub fn offline(participant_id: impl Into<UserId>, last_seen: Option<DateTime<Utc>>) -> Self {
        Self {
            participant_id: participant_id.into(),
            is_online: false,
            last_seen,
        }
    }
}
