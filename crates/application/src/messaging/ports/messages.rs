use std::ops::RangeInclusive;

use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{Message, NewMessage, Reaction},
        person::Person,
        room::RoomKind,
        text::{Emoji, MessageText},
    },
};
use chrono::{DateTime, Utc};

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// What became of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It stands in its room now.
    Stored(Message),
    /// The sender had sent the same text to the room under the same `client_message_id` before (or earlier in the
    /// batch): this is what stands in the room, and nothing was added.
    Repeated(Message),
    /// The sender had sent another text to the room under the same `client_message_id`.
    ClientIdTaken,
    /// The sender is not a member of the room, or there is no such room.
    NotAMember,
    ReadOnly,
    /// The room has no message of the id that is answered.
    ReplyToUnknown,
}

/// A stretch of a room, by place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeqWindow {
    /// Only places above this one.
    pub after: Option<i64>,
    /// Only places below this one.
    pub before: Option<i64>,
}

impl SeqWindow {
    /// How many messages it holds of a room whose newest has the place `last_seq`: places have no
    /// gaps, so nothing need be counted.
    pub fn total(self, last_seq: i64) -> Total {
        let first = self.after.unwrap_or(0).max(0);
        let last = self
            .before
            .map_or(last_seq, |before| last_seq.min(before.saturating_sub(1)));
        Total::of(u64::try_from(last.saturating_sub(first)).unwrap_or(0))
    }
}

/// How far a room has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomCounters {
    /// Place of the newest message, 0 in an empty room.
    pub last_seq: i64,
    /// Number of the last change to a message, 0 before the first.
    pub last_revision: i64,
}

/// A change of a room, to ask what came after it.
#[derive(Clone, Copy, Debug)]
pub struct ChangesAfter {
    pub room_id: RoomId,
    pub revision: i64,
}

/// A message that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedPlace {
    /// Which one of those asked for, from 0 on.
    pub asked: usize,
    /// The message's place.
    pub seq: i64,
    /// The change that last touched it.
    pub revision: i64,
}

/// A room that is locked, as its messages' changes go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedRoom {
    pub room_id: RoomId,
    /// Between two, or a group.
    pub kind: RoomKind,
    /// Takes no changes.
    pub read_only: bool,
    /// Number of the last change to a message.
    pub last_revision: i64,
}

/// How many reacted to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmojiCount {
    pub message_id: MessageId,
    pub emoji: Emoji,
    /// How many people.
    pub count: i64,
    /// The change of the room that brought it.
    pub first_revision: i64,
}

/// A user's reaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReactionKey {
    pub message_id: MessageId,
    pub user_id: UserId,
    pub emoji: Emoji,
}

/// A reaction about to be stored.
#[derive(Clone, Debug)]
pub struct NewReaction {
    /// Whose, to what, with what.
    pub key: ReactionKey,
    /// The change of the room that adds it.
    pub revision: i64,
    pub at: DateTime<Utc>,
}

/// What a message said until it was edited or deleted.
#[derive(Clone, Debug)]
pub struct PastText {
    pub message_id: MessageId,
    /// The change of the room that replaced it.
    pub revision: i64,
    /// What it said.
    pub text: MessageText,
    pub changed_by: UserId,
    pub changed_at: DateTime<Utc>,
}

/// What a batch of changes comes to.
#[derive(Clone, Debug, Default)]
pub struct ChangedRows {
    /// Messages as they are now.
    pub messages: Vec<Message>,
    /// What they said before.
    pub past_texts: Vec<PastText>,
    /// Messages that lose all their reactions.
    pub cleared: Vec<MessageId>,
    /// Messages of which no earlier text stays.
    pub forgotten: Vec<MessageId>,
    /// Reactions that were there and are taken back.
    pub taken_back: Vec<ReactionKey>,
    /// Reactions that are new.
    pub added: Vec<NewReaction>,
    /// How often each emoji that is concerned is there now; 0 where it is gone.
    pub counts: Vec<EmojiCount>,
    /// The rooms' last changes.
    pub revisions: Vec<(RoomId, i64)>,
}

/// Messages in the store.
pub trait MessageReads {
    /// These messages, in whatever rooms they are.
    fn messages_by_id(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StoreError>;

    /// The emoji under these messages, those of one message from the oldest on.
    fn emoji_counts(&mut self, messages: &[MessageId]) -> Result<Vec<EmojiCount>, StoreError>;

    /// What each of these people reacted to each of these messages with.
    fn reactions_of(
        &mut self,
        pairs: &[(MessageId, UserId)],
    ) -> Result<Vec<ReactionKey>, StoreError>;

    /// The reactions to each of these messages as the person beside it sees them, those of one message
    /// from the oldest emoji on.
    fn reactions(
        &mut self,
        pairs: &[(MessageId, UserId)],
    ) -> Result<Vec<(MessageId, UserId, Reaction)>, StoreError>;

    /// How far each of these rooms has come. Those that are not there are left out.
    fn room_counters(
        &mut self,
        rooms: &[RoomId],
    ) -> Result<Vec<(RoomId, RoomCounters)>, StoreError>;

    /// The messages at these places.
    fn messages_at(&mut self, places: &[(RoomId, i64)]) -> Result<Vec<Message>, StoreError>;

    /// Which messages changed after these changes, in the order of `after` and for each in the order of
    /// the changes: at most `of_each` for each, and `limit` in all.
    fn changes_after(
        &mut self,
        after: &[ChangesAfter],
        of_each: u32,
        limit: u32,
    ) -> Result<Vec<ChangedPlace>, StoreError>;

    /// Place of the room's newest message, 0 in an empty room; `None` where there is no such room.
    fn last_seq(&mut self, room: RoomId) -> Result<Option<i64>, StoreError>;

    /// The messages at these places, the oldest first. The span is the caller's to bound.
    fn messages_in_span(
        &mut self,
        room: RoomId,
        span: RangeInclusive<i64>,
    ) -> Result<Vec<Message>, StoreError>;

    /// At most `limit` messages of the window with their senders, the newest first; their places are the
    /// positions. Senders who left the room have names too.
    fn list_messages(
        &mut self,
        room: RoomId,
        window: SeqWindow,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<(Message, Person)>, StoreError>;

    /// The message with its sender, if it is in the room.
    fn message_in(
        &mut self,
        room: RoomId,
        id: MessageId,
    ) -> Result<Option<(Message, Person)>, StoreError>;

    fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError>;
}

/// How long a batch may wait for the locks of its rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWait {
    /// A second, which outlasts every transaction that makes progress.
    Usual,
    /// A few milliseconds, for a room that was locked a moment ago.
    Short,
}

/// Statements that commit by themselves.
pub trait MessageStatements {
    /// Stores a batch of ordinary messages by one statement; `None`, without an effect, for a batch with a
    /// message that is refused or stored already.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where a room stays locked; [`StoreError::CommitInDoubt`] where the connection
    /// broke.
    fn append_messages(
        &mut self,
        batch: &[NewMessage],
        wait: LockWait,
    ) -> Result<Option<Vec<StoreOutcome>>, StoreError>;
}

/// Writes beside [`MessageReads`].
pub trait MessageWrites {
    /// Stores a batch and gives each message its place, with a handful of statements at most. Call it
    /// inside a transaction, and publish nothing before the commit.
    ///
    /// It locks rooms in the order of their ids, so two batches cannot deadlock. Places and answers
    /// follow the order of the batch.
    ///
    /// A message whose id is stored already is answered as [`StoreOutcome::Stored`], so a batch may
    /// be given again when its commit is in doubt.
    fn store_messages(&mut self, batch: &[NewMessage]) -> Result<Vec<StoreOutcome>, StoreError>;

    /// Bounds the waits for locks until the transaction ends; without it the store has a bound of its own.
    fn limit_lock_wait(&mut self, wait: LockWait) -> Result<(), StoreError>;

    /// Locks rooms until the transaction ends, in the order of their ids, as
    /// [`store_messages`](Self::store_messages) does. Those that are not there are left out.
    fn lock_rooms(&mut self, rooms: &[RoomId]) -> Result<Vec<LockedRoom>, StoreError>;

    /// Saves what a batch of changes comes to, with one statement a table. To be called while the rooms
    /// are locked.
    fn save_changes(&mut self, rows: &ChangedRows) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_window_is_what_counting_its_places_gives() {
        let ends = [
            None,
            Some(-1),
            Some(0),
            Some(1),
            Some(3),
            Some(7),
            Some(8),
            Some(i64::MAX),
        ];
        for last_seq in [0, 1, 7] {
            for (after, before) in ends.iter().flat_map(|a| ends.iter().map(move |b| (*a, *b))) {
                let inside = |seq: &i64| {
                    after.is_none_or(|after| *seq > after)
                        && before.is_none_or(|before| *seq < before)
                };
                let counted = (1..=last_seq).filter(inside).count() as u64;
                let total = SeqWindow { after, before }.total(last_seq);
                assert_eq!(
                    total,
                    Total::Exactly(counted),
                    "{after:?} {before:?} of {last_seq}"
                );
            }
        }
    }
}
