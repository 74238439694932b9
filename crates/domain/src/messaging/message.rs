//! Messages, their edit window, reactions, and the range of a page of history.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    MessageId, RoomId, UserId,
    messaging::{
        person::Person,
        text::{Emoji, MessageText},
    },
};

/// Time in which a sender may edit or delete a message.
pub const EDIT_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Maximum number of different emoji of a message.
pub const MAX_EMOJI_OF_MESSAGE: usize = 20;
/// Maximum number of different emoji that one member adds to a message.
pub const MAX_EMOJI_OF_MEMBER: usize = 10;

/// An accepted message before it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The id, assigned before the message is stored, so that a retry stores it once.
    pub id: MessageId,
    /// The room.
    pub room_id: RoomId,
    /// The sender.
    pub sender_id: UserId,
    /// The text.
    pub text: MessageText,
    /// The client's id of the message (idempotency key): a resend stores nothing twice.
    pub client_message_id: Option<Uuid>,
    /// The message of the same room that it replies to.
    pub reply_to: Option<MessageId>,
    /// Time of acceptance in whole microseconds, as stored.
    pub sent_at: DateTime<Utc>,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// Its room.
    pub room_id: RoomId,
    /// Sequence number in the room: 1, 2, 3 and so on, without gaps or repeats.
    pub seq: i64,
    /// The sender.
    pub sender_id: UserId,
    /// The text; empty after a deletion.
    pub text: MessageText,
    /// The client's id of the message.
    pub client_message_id: Option<Uuid>,
    /// The message that it replies to.
    pub reply_to: Option<MessageId>,
    /// Time of acceptance.
    pub sent_at: DateTime<Utc>,
    /// Time of the last edit.
    pub edited_at: Option<DateTime<Utc>>,
    /// Time of the deletion; `None` if it is not deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The room's revision of the last change to the message, if any.
    pub revision: Option<i64>,
}

impl Message {
    /// Whether the message is a tombstone: it keeps its sequence number and has no text.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether `editor` may edit the message at `now`.
    ///
    /// # Errors
    /// The [`ChangeRefusal`] that applies.
    pub fn check_edit(&self, editor: UserId, now: DateTime<Utc>) -> Result<(), ChangeRefusal> {
        if self.is_deleted() {
            return Err(ChangeRefusal::NotFound);
        }
        if self.sender_id != editor {
            return Err(ChangeRefusal::NotYours);
        }
        self.check_window(now)
    }

    /// Whether the user may delete the message at `now`: the sender within the edit window, a
    /// moderator at any time. A repeated deletion is allowed (idempotent).
    ///
    /// # Errors
    /// The [`ChangeRefusal`] that applies.
    pub fn check_deletion(
        &self,
        by: UserId,
        moderates: bool,
        now: DateTime<Utc>,
    ) -> Result<(), ChangeRefusal> {
        if moderates {
            return Ok(());
        }
        if self.sender_id != by {
            return Err(ChangeRefusal::NotYours);
        }
        match self.is_deleted() {
            true => Ok(()),
            false => self.check_window(now),
        }
    }

    fn check_window(&self, now: DateTime<Utc>) -> Result<(), ChangeRefusal> {
        if now > self.sent_at + EDIT_WINDOW {
            return Err(ChangeRefusal::TooLate);
        }
        Ok(())
    }
}

/// A change to a message by a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageChange {
    /// The message's room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: MessageId,
    /// The member.
    pub user_id: UserId,
    /// The kind of change.
    pub kind: ChangeKind,
    /// Time of acceptance in whole microseconds, as stored.
    pub at: DateTime<Utc>,
    /// The revisions of the message that an edit may replace or a reaction be added to, with 0 for none; `None` for
    /// any.
    pub expected: Option<Vec<i64>>,
}

/// The kind of a change to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Replaces the text.
    Edit(MessageText),
    /// Deletes the message: removes its text and its reactions.
    Delete,
    /// Adds a reaction of the member.
    React(Emoji),
    /// Removes a reaction of the member.
    TakeBack(Emoji),
    /// Removes the text of a message whose sender's account is erased: at any time, in any room, and
    /// without a trace of what it said.
    Erase,
    /// Removes a reaction of a user whose account is erased, in any room.
    EraseReaction(Emoji),
}

impl ChangeKind {
    /// Whether it belongs to the erasure of an account: the rules for members do not apply.
    pub fn is_erasure(&self) -> bool {
        matches!(self, Self::Erase | Self::EraseReaction(_))
    }

    /// Whether it brings something new to the other members, rather than takes something away.
    pub fn brings_news(&self) -> bool {
        matches!(self, Self::Edit(_) | Self::React(_))
    }

    /// The text that the change brings.
    pub fn text(&self) -> Option<&MessageText> {
        match self {
            Self::Edit(text) => Some(text),
            Self::Delete
            | Self::React(_)
            | Self::TakeBack(_)
            | Self::Erase
            | Self::EraseReaction(_) => None,
        }
    }
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// The room has no such message, or it is deleted.
    #[error("there is no such message in the room")]
    NotFound,
    /// Another member sent it.
    #[error("the message is another user's")]
    NotYours,
    /// The edit window is over.
    #[error("the message can no longer be changed")]
    TooLate,
    /// It has [`MAX_EMOJI_OF_MESSAGE`] different emoji.
    #[error("the message has too many emoji")]
    TooManyEmoji,
    /// The member reacted with [`MAX_EMOJI_OF_MEMBER`] different emoji.
    #[error("the member gave the message too many emoji")]
    TooManyOfMember,
    /// Its revision is not one that the change expects.
    #[error("the message was changed meanwhile")]
    ChangedMeanwhile,
}

/// The reactions to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// The number of users.
    pub count: i64,
    /// Some of the users: the viewer first if included, then in the order of their reactions.
    pub user_ids: Vec<UserId>,
}

/// A message with its reactions, as one viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMessage {
    /// The message.
    pub message: Message,
    /// The reactions, oldest emoji first.
    pub reactions: Vec<Reaction>,
}

/// A message with its sender's name, as one viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoredMessage {
    /// The message with its reactions.
    pub shown: ShownMessage,
    /// Its sender, also one who left the room.
    pub sender: Person,
}

impl NewMessage {
    /// The stored message with the sequence number `seq`.
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
            edited_at: None,
            deleted_at: None,
            revision: None,
        }
    }
}

/// The end of a room from which a page of history counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOrder {
    /// From the first message forward.
    OldestFirst,
    /// From the last message backward.
    NewestFirst,
}

/// The sequence numbers of a page of history, in a room whose newest message has `last_seq`. The
/// page has `limit` messages after skipping `skip`, counted from the end that `order` names. `None`
/// for an empty page.
///
/// Sequence numbers have no gaps, so a page costs the same at any depth.
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

/// The sequence numbers of a page of `limit` messages with `seq` in its middle, in a room whose newest
/// message has `last_seq`. Near an end of the room the page is as full as in its middle.
pub fn span_around(seq: i64, last_seq: i64, limit: u32) -> RangeInclusive<i64> {
    let limit = i64::from(limit.max(1));
    let last = (seq + limit / 2).max(limit).min(last_seq.max(seq));
    (last - limit + 1).max(1)..=last
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said_at(time: DateTime<Utc>) -> Message {
        let message = NewMessage {
            id: MessageId::new(Uuid::from_u128(1)),
            room_id: RoomId::new(Uuid::from_u128(2)),
            sender_id: UserId::new(Uuid::from_u128(3)),
            text: MessageText::from_storage("hello".to_owned()),
            client_message_id: None,
            reply_to: None,
            sent_at: time,
        };
        message.at(1)
    }

    proptest! {
        #[test]
        fn a_page_around_a_message_holds_it_and_is_as_full_as_can_be(
            last_seq in 1_i64..50,
            seq in 1_i64..50,
            limit in 1_u32..60,
        ) {
            let seq = seq.min(last_seq);
            let span = span_around(seq, last_seq, limit);
            prop_assert!(span.contains(&seq));
            prop_assert!(*span.start() >= 1 && *span.end() <= last_seq);
            let length = span.end() - span.start() + 1;
            prop_assert_eq!(length, i64::from(limit).min(last_seq));
            let (newer, older) = (span.end() - seq, seq - span.start());
            let is_at_an_end = *span.start() == 1 || *span.end() == last_seq;
            prop_assert!(is_at_an_end || (newer - older).abs() <= 1);
        }
    }

    #[test]
    fn senders_change_messages_for_fifteen_minutes_and_moderators_delete_any_time() {
        use ChangeRefusal::{NotFound, NotYours, TooLate};
        let then = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let message = said_at(then);
        let (sender, other) = (message.sender_id, UserId::new(Uuid::from_u128(4)));
        let last = then + EDIT_WINDOW;
        let late = last + TimeDelta::microseconds(1);
        assert_eq!(message.check_edit(sender, last), Ok(()));
        assert_eq!(message.check_edit(sender, late), Err(TooLate));
        assert_eq!(message.check_edit(other, then), Err(NotYours));
        assert_eq!(message.check_deletion(sender, false, last), Ok(()));
        assert_eq!(message.check_deletion(sender, false, late), Err(TooLate));
        assert_eq!(message.check_deletion(other, false, then), Err(NotYours));
        assert_eq!(message.check_deletion(other, true, late), Ok(()));

        let deleted = Message {
            deleted_at: Some(then),
            ..message
        };
        assert_eq!(deleted.check_edit(sender, then), Err(NotFound));
        assert_eq!(deleted.check_deletion(sender, false, late), Ok(()));
        assert_eq!(deleted.check_deletion(other, false, then), Err(NotYours));
    }

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
