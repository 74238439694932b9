//! Messages, and which places of a room a page of history spans.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    MessageId, RoomId, UserId,
    messaging::text::{Emoji, MessageText},
};

/// How long whoever said something may change or delete it.
pub const EDIT_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// The most different emoji under one message.
pub const MAX_EMOJI_OF_MESSAGE: usize = 20;
/// The most of them that one person adds.
pub const MAX_EMOJI_OF_MEMBER: usize = 10;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it stands.
    pub room_id: RoomId,
    /// Its place there: 1, 2, 3 and so on, without gaps or repeats.
    pub seq: i64,
    /// Who said it.
    pub sender_id: UserId,
    /// What it says; empty where it was deleted.
    pub text: MessageText,
    /// The client's own id for it.
    pub client_message_id: Option<Uuid>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// When it was accepted.
    pub sent_at: DateTime<Utc>,
    /// When its text was last replaced.
    pub edited_at: Option<DateTime<Utc>>,
    /// Since when it is deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Number of the change of the room that last touched it, if any did.
    pub revision: Option<i64>,
}

impl Message {
    /// It keeps its place, and has no text any more.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether `editor` may replace its text at `now`.
    ///
    /// # Errors
    /// [`ChangeRefusal`].
    pub fn check_edit(&self, editor: UserId, now: DateTime<Utc>) -> Result<(), ChangeRefusal> {
        if self.is_deleted() {
            return Err(ChangeRefusal::NotFound);
        }
        if self.sender_id != editor {
            return Err(ChangeRefusal::NotYours);
        }
        self.check_window(now)
    }

    /// Whether somebody may delete it at `now`: whoever said it for a while, who moderates the room at
    /// any time. What is deleted already may be deleted again.
    ///
    /// # Errors
    /// [`ChangeRefusal`].
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

/// A change that somebody wants to make to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageChange {
    /// Where the message stands.
    pub room_id: RoomId,
    /// Which message.
    pub message_id: MessageId,
    /// Who changes it.
    pub user_id: UserId,
    /// What about it.
    pub kind: ChangeKind,
    /// When it was accepted; whole microseconds, as stored.
    pub at: DateTime<Utc>,
}

/// What is changed about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It says this from now on.
    Edit(MessageText),
    /// It loses its text and its reactions.
    Delete,
    /// Somebody reacts to it.
    React(Emoji),
    /// Somebody takes a reaction back.
    TakeBack(Emoji),
}

/// Why a message was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// The room has no such message, or it is deleted.
    #[error("there is no such message in the room")]
    NotFound,
    /// Somebody else said it.
    #[error("the message is somebody else's")]
    NotYours,
    /// Its time for changes is over.
    #[error("the message can no longer be changed")]
    TooLate,
    /// It has [`MAX_EMOJI_OF_MESSAGE`] different emoji.
    #[error("the message has too many emoji")]
    TooManyEmoji,
    /// The member reacted with [`MAX_EMOJI_OF_MEMBER`] different emoji.
    #[error("the member gave the message too many emoji")]
    TooManyOfMember,
}

/// How people reacted to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// How many people.
    pub count: i64,
    /// Some of them: who asks first, if they are among them, then those who reacted first.
    pub user_ids: Vec<UserId>,
}

/// A message as it is shown to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMessage {
    /// The message.
    pub message: Message,
    /// How people reacted, the oldest emoji first.
    pub reactions: Vec<Reaction>,
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
            edited_at: None,
            deleted_at: None,
            revision: None,
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

    #[test]
    fn whoever_said_something_changes_it_for_fifteen_minutes_and_moderators_delete_at_any_time() {
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
