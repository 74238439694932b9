use std::num::NonZeroU64;

use crate::RoomId;

/// The messages on a page when the request does not say how many.
pub const DEFAULT_HISTORY_LIMIT: u32 = 10;

/// The most messages on a page; a larger `limit` is cut to it.
pub const MAX_HISTORY_LIMIT: u32 = 100;

payload! {
    /// Asks for a page of a room's history.
    ///
    /// Sent by a member whenever it wants to show older messages. The server answers the asking
    /// session alone with a [`ListMessageResponse`](crate::server::ListMessageResponse).
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/list-message-request.json")]
    /// ```
    pub struct ListMessageRequest {
        /// The room whose history is wanted.
        pub room_id: RoomId,
        /// How many messages at most: 10 when left out, and a number above 100 counts as 100.
        pub limit: Option<NonZeroU64>,
        /// How many messages to pass over first, counted from the end that `order` begins with; 0 when
        /// left out.
        pub skip: Option<u64>,
        /// Which end to begin with; `desc` when left out.
        pub order: Option<Order>,
    }
}

impl ListMessageRequest {
    /// Asks for the newest messages, as many as the server gives by default.
    pub fn new(room_id: impl Into<RoomId>) -> Self {
        Self {
            room_id: room_id.into(),
            limit: None,
            skip: None,
            order: None,
        }
    }

    /// How many messages the page holds at most: 1 to [`MAX_HISTORY_LIMIT`], and
    /// [`DEFAULT_HISTORY_LIMIT`] when `limit` is left out.
    pub fn effective_limit(&self) -> u32 {
        self.limit.map_or(DEFAULT_HISTORY_LIMIT, |limit| {
            u32::try_from(limit.get())
                .map_or(MAX_HISTORY_LIMIT, |limit| limit.min(MAX_HISTORY_LIMIT))
        })
    }

    /// How many messages are passed over; 0 when `skip` is left out.
    pub fn effective_skip(&self) -> u64 {
        self.skip.unwrap_or_default()
    }

    /// Which end the page begins with; [`Order::Desc`] when `order` is left out.
    pub fn effective_order(&self) -> Order {
        self.order.unwrap_or_default()
    }
}

closed_words! {
    /// The end of a room's history that a page begins with.
    pub enum Order, "must be one of asc, desc" {
        /// Oldest first.
        Asc = "asc",
        /// Newest first.
        Desc = "desc",
    }
}

/// Newest first.
impl Default for Order {
    fn default() -> Self {
        Self::Desc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_ten_when_left_out_and_never_more_than_a_hundred() {
        let with = |limit| ListMessageRequest {
            limit: NonZeroU64::new(limit),
            ..ListMessageRequest::new("room123")
        };
        assert_eq!(ListMessageRequest::new("room123").effective_limit(), 10);
        for (asked, given) in [(1, 1), (100, 100), (101, 100), (u64::MAX, 100)] {
            assert_eq!(with(asked).effective_limit(), given);
        }
    }
}
