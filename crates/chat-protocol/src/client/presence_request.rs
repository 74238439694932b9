use std::num::NonZeroU64;

use crate::{RoomId, UserId};

/// The most members one answer tells of; a larger `limit` is cut to it.
pub const MAX_PRESENCE_LIMIT: u32 = 100;

payload! {
    /// Asks who of a room is online.
    ///
    /// Sent by a member that opens a room. The server answers the asking session alone with a
    /// [`PresenceResponse`](crate::server::PresenceResponse); from then on
    /// [`ChatJoinNotify`](crate::server::ChatJoinNotify) and [`ChatLeave`](crate::server::ChatLeave)
    /// keep it current.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/presence-request.json")]
    /// ```
    pub struct PresenceRequest {
        /// The room.
        pub room_id: RoomId,
        /// How many members at most: 100 when left out, and a larger number counts as 100.
        pub limit: Option<NonZeroU64>,
        /// Where to go on: the last `participant_id` of the answer before. Left out, the list begins.
        pub after: Option<UserId>,
    }
}

impl PresenceRequest {
    /// The first members of a room.
    pub fn new(room_id: impl Into<RoomId>) -> Self {
        Self {
            room_id: room_id.into(),
            limit: None,
            after: None,
        }
    }

    /// The members that follow after this one.
    #[must_use]
    pub fn after(self, participant_id: impl Into<UserId>) -> Self {
        Self {
            after: Some(participant_id.into()),
            ..self
        }
    }

    /// How many members the answer holds at most: 1 to [`MAX_PRESENCE_LIMIT`], which is also what it
    /// is when `limit` is left out.
    pub fn effective_limit(&self) -> u32 {
        self.limit.map_or(MAX_PRESENCE_LIMIT, |limit| {
            u32::try_from(limit.get())
                .map_or(MAX_PRESENCE_LIMIT, |limit| limit.min(MAX_PRESENCE_LIMIT))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_a_hundred_members_unless_fewer_are_asked_for() {
        let with = |limit| PresenceRequest {
            limit: NonZeroU64::new(limit),
            ..PresenceRequest::new("room123")
        };
        assert_eq!(PresenceRequest::new("room123").effective_limit(), 100);
        for (asked, given) in [(1, 1), (100, 100), (101, 100), (u64::MAX, 100)] {
            assert_eq!(with(asked).effective_limit(), given);
        }
    }
}
