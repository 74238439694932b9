use abu_domain::{MessageId, RoomId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ReactionKey;
use crate::platform::ports::StoreError;

/// A message of an account that is being erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnMessage {
    pub id: MessageId,
    pub room_id: RoomId,
    /// It has no text any more.
    pub is_deleted: bool,
}

/// A group that an account left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftGroup {
    pub room_id: RoomId,
    /// The last member left, and it is archived.
    pub is_empty: bool,
}

/// What the messaging area holds about an account.
pub trait MessagingErasureReads {
    /// At most `limit` messages of the sender that have a client's id.
    fn messages_with_client_ids(
        &mut self,
        sender: UserId,
        limit: u32,
    ) -> Result<Vec<OwnMessage>, StoreError>;

    /// At most `limit` messages of the sender that have no client's id, in the order of their ids,
    /// after `after`.
    fn messages_without_client_ids(
        &mut self,
        sender: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<OwnMessage>, StoreError>;

    /// At most `limit` reactions of the user, each with the room of its message; `None` where the
    /// message is gone.
    fn own_reactions(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<(ReactionKey, Option<RoomId>)>, StoreError>;
}

pub trait MessagingErasureWrites {
    /// Takes the user out of at most `limit` groups, and archives those without members. It
    /// locks them in the order of their ids, and records no departure. Ownership is another matter.
    fn leave_groups(
        &mut self,
        user: UserId,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<LeftGroup>, StoreError>;

    /// Deletes the earlier texts of these messages.
    fn forget_edits(&mut self, messages: &[MessageId]) -> Result<(), StoreError>;

    /// Removes texts of messages whose rooms are gone, which no change reaches.
    fn blank_messages(
        &mut self,
        messages: &[MessageId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Deletes reactions to messages that are gone, which no change reaches.
    fn delete_reactions(&mut self, reactions: &[ReactionKey]) -> Result<(), StoreError>;

    /// Deletes read marks, invitations from and to the user, departures and quotas. The user stays in
    /// direct rooms, which belong to the other people too.
    fn forget_memberships(&mut self, user: UserId) -> Result<(), StoreError>;
}
