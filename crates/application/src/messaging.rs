//! Messages: storing them in batches, sending one, reading history.

use std::sync::Arc;

use abu_domain::{
    MessageId, RoomId,
    message::{HistoryOrder, Message, NewMessage, history_span},
    text::MessageText,
};
use uuid::Uuid;

use crate::{
    Database,
    access::{self, AccessError, Caller},
    lists::{ListRequest, Listed},
    ports::{
        Clock, Ids, LiveChat, ReadMark, ReadState, SeqWindow, Store, StoreError, StoreOutcome,
        SubmitError, Transaction,
    },
};

/// The most messages in one page of history.
pub const MAX_PAGE: u32 = 100;

/// Stores a batch in one transaction. When this returns, what it answers as stored is committed.
///
/// # Errors
/// [`StoreError`]: nothing of the batch is stored then, but for
/// [`CommitInDoubt`](StoreError::CommitInDoubt), where all of it may be; giving the same batch again
/// settles that.
pub fn store_batch(
    store: &dyn Store,
    batch: &[NewMessage],
) -> Result<Vec<StoreOutcome>, StoreError> {
    store.transaction(|tx| tx.store_messages(batch))
}

/// Part of a room's history, and how many messages there are in all.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The messages, in the order that was asked for.
    pub messages: Vec<Message>,
    /// The number of all messages of the room.
    pub total_count: i64,
}

/// A page of a room's history for somebody who is known to be a member.
///
/// # Errors
/// [`StoreError`].
pub async fn history(
    database: &Database,
    room: RoomId,
    skip: u64,
    limit: u32,
    order: HistoryOrder,
) -> Result<HistoryPage, StoreError> {
    database
        .read(move |tx| {
            let total_count = tx.last_seq(room)?.unwrap_or(0);
            let mut messages = match history_span(total_count, skip, limit.min(MAX_PAGE), order) {
                Some(span) => tx.messages_in_span(room, span)?,
                None => Vec::new(),
            };
            if order == HistoryOrder::NewestFirst {
                messages.reverse();
            }
            Ok(HistoryPage {
                messages,
                total_count,
            })
        })
        .await
}

/// The use cases of messages outside a chat session.
#[derive(Clone)]
pub struct Messaging {
    /// The store.
    pub database: Database,
    /// Who stores and delivers.
    pub live_chat: Arc<dyn LiveChat>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

/// A message somebody wants to send.
#[derive(Clone, Debug)]
pub struct MessageDraft {
    /// Where to.
    pub room_id: RoomId,
    /// What it says.
    pub text: MessageText,
    /// The client's own id for it.
    pub client_message_id: Uuid,
    /// The message of the same room that it answers.
    pub reply_to: Option<MessageId>,
}

/// Why messages were not sent or shown.
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such room, or the caller is not in it: which, is not told.
    #[error("there is no such room")]
    RoomNotFound,
    /// The room is archived.
    #[error("the room is read-only")]
    ReadOnly,
    /// The room has no message of the id that is answered.
    #[error("the answered message is not in the room")]
    ReplyToUnknown,
    /// It was not stored, or whether it was is not known; doing it again is safe, for a message with
    /// the same client message id.
    #[error("it could not be stored now")]
    Unavailable,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Messaging {
    /// Sends a message to a room of the caller's, on the way that every message takes. Ends once it
    /// is committed.
    ///
    /// # Errors
    /// [`MessagingError`].
    pub async fn send(
        &self,
        caller: Caller,
        draft: MessageDraft,
    ) -> Result<Message, MessagingError> {
        let room_id = draft.room_id;
        let sender = caller.user;
        self.require_member(caller, room_id).await?;
        let message = NewMessage {
            id: MessageId::new(self.ids.time_ordered()),
            room_id,
            sender_id: sender,
            text: draft.text,
            client_message_id: Some(draft.client_message_id),
            reply_to: draft.reply_to,
            sent_at: self.clock.now(),
        };
        Ok(self.live_chat.submit(message).await?)
    }

    /// Marks the messages up to the place `seq` as read by the caller; the mark never moves back.
    ///
    /// # Errors
    /// [`MessagingError`].
    pub async fn mark_read(
        &self,
        caller: Caller,
        room_id: RoomId,
        seq: i64,
    ) -> Result<ReadState, MessagingError> {
        let mark = ReadMark {
            room_id,
            user_id: caller.user,
            seq,
        };
        self.require_member(caller, room_id).await?;
        Ok(self.live_chat.mark_read(mark).await?)
    }

    async fn require_member(&self, caller: Caller, room: RoomId) -> Result<(), MessagingError> {
        self.database
            .read(move |tx| require_member(tx, &caller, room))
            .await
    }

    /// A page of the messages in the window, the newest first; their places are the positions.
    ///
    /// # Errors
    /// [`MessagingError`].
    pub async fn list(
        &self,
        caller: Caller,
        room: RoomId,
        window: SeqWindow,
        page: ListRequest<i64>,
    ) -> Result<Listed<Message>, MessagingError> {
        self.database
            .read(move |tx| {
                require_member(tx, &caller, room)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_messages(room, window, seek, limit),
                    |tx| Ok(window.total(tx.last_seq(room)?.unwrap_or(0))),
                )?)
            })
            .await
    }
}

impl From<SubmitError> for MessagingError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::NotAMember => Self::RoomNotFound,
            SubmitError::ReadOnly => Self::ReadOnly,
            SubmitError::ReplyToUnknown => Self::ReplyToUnknown,
            SubmitError::Unavailable | SubmitError::InDoubt => Self::Unavailable,
        }
    }
}

fn require_member(
    tx: &mut dyn Transaction,
    caller: &Caller,
    room: RoomId,
) -> Result<(), MessagingError> {
    access::require_active(tx, caller)?;
    tx.membership(room, caller.user)?
        .map(|_membership| ())
        .ok_or(MessagingError::RoomNotFound)
}
