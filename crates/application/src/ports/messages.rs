use std::ops::RangeInclusive;

use abu_domain::{
    MessageId, RoomId,
    message::{Message, NewMessage},
};

use super::StoreError;

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
}

/// A stretch of a room, by place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeqWindow {
    /// Only places above this one.
    pub after: Option<i64>,
    /// Only places below this one.
    pub before: Option<i64>,
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

    /// At most `limit` messages of the window, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn newest_messages(
        &mut self,
        room: RoomId,
        window: SeqWindow,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// Whether the room has that message.
    ///
    /// # Errors
    /// [`StoreError`].
    fn has_message(&mut self, room: RoomId, message: MessageId) -> Result<bool, StoreError>;
}
