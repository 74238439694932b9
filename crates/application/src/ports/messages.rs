use std::ops::RangeInclusive;

use abu_domain::{
    RoomId,
    message::{Message, NewMessage},
};

use super::StoreError;
use crate::lists::{Seek, Total};

/// What became of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It stands in its room now.
    Stored(Message),
    /// The same sender had sent the same `client_message_id` before (or earlier in the batch): this
    /// is what stands in the room, and nothing was added.
    Repeated(Message),
    /// The sender is not a member of the room, or there is no such room.
    NotAMember,
    /// The room is archived.
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

/// Messages in the store.
pub trait MessageRows {
    /// Stores a batch and gives each message its place, with one statement a table. To be called
    /// inside a transaction: nothing may be shown to anybody before that is committed.
    ///
    /// Rooms are locked in the order of their ids, so two batches never wait for each other in a
    /// circle; places follow the order of the batch. The answers are in the order of the batch.
    ///
    /// A message whose id is stored already is answered as [`StoreOutcome::Stored`], so a batch may
    /// be given again when its commit is in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    fn store_messages(&mut self, batch: &[NewMessage]) -> Result<Vec<StoreOutcome>, StoreError>;

    /// Place of the room's newest message, 0 in an empty room; `None` where there is no such room.
    ///
    /// # Errors
    /// [`StoreError`].
    fn last_seq(&mut self, room: RoomId) -> Result<Option<i64>, StoreError>;

    /// The messages at these places, the oldest first. The span is the caller's to bound.
    ///
    /// # Errors
    /// [`StoreError`].
    fn messages_in_span(
        &mut self,
        room: RoomId,
        span: RangeInclusive<i64>,
    ) -> Result<Vec<Message>, StoreError>;

    /// At most `limit` messages of the window, the newest first; their places are the positions.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_messages(
        &mut self,
        room: RoomId,
        window: SeqWindow,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;
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
