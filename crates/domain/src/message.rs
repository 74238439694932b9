//! Messages, and which places of a room a page of history spans.

use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{MessageId, RoomId, UserId, text::MessageText};

/// How long whoever said something may change or delete it.
pub const EDIT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// A message that was accepted and is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id, given before it is stored, so that storing can be tried again.
    pub id: MessageId,
    /// Where it goes.
    pub room_id: RoomId,
    /// Who says it.
    pub sender_id: UserId,
    /// What it says.
    pub text: MessageText,
    /// The client's own id for it, so that sending again stores nothing twice.
    pub client_message_id: Option<Uuid>,
    /// The message of the same room that it answers.
    pub reply_to: Option<MessageId>,
    /// When it was accepted; whole microseconds, as stored.
    pub sent_at: DateTime<Utc>,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it stands.
    pub room_id: RoomId,
    /// Its place there: 1, 2, 3 and so on, without gaps or repeats.
    pub seq: i64,
    /// Who said it.
    pub sender_id: UserId,
    /// What it says.
    pub text: MessageText,
    /// The client's own id for it.
    pub client_message_id: Option<Uuid>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// When it was accepted.
    pub sent_at: DateTime<Utc>,
}

impl NewMessage {
    /// The message once it stands at place `seq`.
    pub fn at(self, seq: i64) -> Message {
        Message {
            id: self.id,
            room_id: self.room_id,
            seq,
            sender_id: self.sender_id,
            text: self.text,
            client_message_id: self.client_message_id,
            reply_to: self.reply_to,
            sent_at: self.sent_at,
        }
    }
}

/// Which end of a room a page of history starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOrder {
    /// From the first message on.
    OldestFirst,
    /// From the last message back.
    NewestFirst,
}

/// The places that a page of history spans in a room whose newest message has place `last_seq`:
/// `limit` messages after skipping `skip`, counted from the end that `order` names. `None` where the
/// page is empty.
///
/// As places have no gaps, a page costs the same at any depth.
pub fn history_span(
    last_seq: i64,
    skip: u64,
    limit: u32,
    order: HistoryOrder,
) -> Option<RangeInclusive<i64>> {
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let left = last_seq.saturating_sub(skip);
    if left <= 0 || limit == 0 {
        return None;
    }
    let count = left.min(i64::from(limit));
    Some(match order {
        HistoryOrder::OldestFirst => skip + 1..=skip + count,
        HistoryOrder::NewestFirst => left - count + 1..=left,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_span_is_what_skipping_and_taking_from_a_plain_list_gives(
            last_seq in 0_i64..60, skip in 0_u64..80, limit in 0_u32..20, newest_first: bool
        ) {
            let order = if newest_first { HistoryOrder::NewestFirst } else { HistoryOrder::OldestFirst };
            let mut all: Vec<i64> = (1..=last_seq).collect();
            if newest_first {
                all.reverse();
            }
            let mut expected: Vec<i64> =
                all.into_iter().skip(skip as usize).take(limit as usize).collect();
            expected.sort_unstable();
            let span: Vec<i64> = history_span(last_seq, skip, limit, order).into_iter().flatten().collect();
            prop_assert_eq!(span, expected);
        }
    }

    #[test]
    fn the_greatest_skip_is_an_empty_page_not_an_overflow() {
        for order in [HistoryOrder::OldestFirst, HistoryOrder::NewestFirst] {
            assert_eq!(history_span(i64::MAX, u64::MAX, 100, order), None);
            assert!(history_span(i64::MAX, i64::MAX as u64 - 1, 100, order).is_some());
        }
    }
}
