//! Messages: batched writes, send, edit and delete, paginated history, and catch-up after a reconnect.

mod around;
mod authored;
mod changes;
mod shown;
mod sync;

use std::{collections::BTreeSet, io, sync::Arc, time::Instant};

use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{
            AuthoredMessage, ChangeKind, ChangeRefusal, HistoryOrder, Message, MessageChange,
            NewMessage, ShownMessage, history_span,
        },
        person::Person,
        text::{Emoji, MessageText},
    },
};
use uuid::Uuid;

use crate::{
    Context, Database,
    access::{self, AccessError, Caller},
    messaging::{
        budget::{MessageBudget, MessageLimits},
        ports::{LockWait, Publication, ReadMark, SeqWindow, StoreOutcome},
        read_marks::ReadMarks,
        submission::SubmitError,
        writer::{Backlog, Write, Writer, WriterPolicy},
    },
    platform::{
        lists::{ListRequest, Listed},
        ports::StoreError,
        rate_limits::RateLimited,
        versions::{Expected, PreconditionFailed, Version},
    },
    store::{Reads, Store, Writes},
};

pub(super) use authored::{authored_len, person_len};
pub use changes::{ChangeOutcome, Changed, ChangedPart};
pub(crate) use shown::shown_to;
pub use shown::{Reactions, encoded_len};
pub use sync::{CatchUp, Position, catch_up};

/// The most messages in one page of history.
pub const MAX_PAGE: u32 = 100;

/// What became of a batch.
#[derive(Debug)]
pub struct Written {
    /// Of each message, in their order.
    pub messages: Vec<StoreOutcome>,
    /// Of each change, in their order.
    pub changes: Vec<ChangeOutcome>,
    /// The reactions to what was sent again, as its sender sees them.
    pub reactions: Reactions,
}

/// Stores messages and then makes changes to messages: ordinary messages by one statement that commits
/// by itself, anything else in one transaction. When this returns, what it answers as stored and changed
/// is committed.
///
/// # Errors
/// [`StoreError`]: nothing of the batch is done then, but for
/// [`CommitInDoubt`](StoreError::CommitInDoubt), where all of it may be; giving the same batch again
/// settles that. A change that was made the first time is then answered as
/// [`ChangeOutcome::Unchanged`].
pub fn write_batch(
    store: &dyn Store,
    messages: &[NewMessage],
    changes: &[MessageChange],
    wait: LockWait,
) -> Result<Written, StoreError> {
    if changes.is_empty()
        && let Some(stored) =
            store.autocommit(|statements| statements.append_messages(messages, wait))?
    {
        return Ok(Written {
            messages: stored,
            changes: Vec::new(),
            reactions: Reactions::default(),
        });
    }
    store.transaction(|tx| {
        tx.limit_lock_wait(wait)?;
        if !messages.is_empty() && !changes.is_empty() {
            lock_rooms(tx, messages, changes)?;
        }
        let stored = tx.store_messages(messages)?;
        let repeated = stored.iter().filter_map(|outcome| match outcome {
            StoreOutcome::Repeated(message) => Some((message, message.sender_id)),
            _ => None,
        });
        let reactions = shown::reactions(tx, repeated)?;
        Ok(Written {
            changes: changes::make(tx, changes)?,
            messages: stored,
            reactions,
        })
    })
}

/// Locks the rooms of both in one order: two batches never wait for each other in a circle.
fn lock_rooms(
    tx: &mut dyn Writes,
    messages: &[NewMessage],
    changes: &[MessageChange],
) -> Result<(), StoreError> {
    let of_messages = messages.iter().map(|message| message.room_id);
    let of_changes = changes.iter().map(|change| change.room_id);
    let rooms: BTreeSet<RoomId> = of_messages.chain(of_changes).collect();
    let rooms: Vec<RoomId> = rooms.into_iter().collect();
    tx.lock_rooms(&rooms)?;
    Ok(())
}

/// Part of a room's history, and how far the room has come.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The messages, in the order that was asked for.
    pub messages: Vec<ShownMessage>,
    /// The number of all messages of the room.
    pub total_count: i64,
    /// The last change of the room: the messages are as they are after it.
    pub last_revision: i64,
}

/// A page of a room's history, without authorization: the caller checks membership. Reads reactions
/// only for a `viewer`.
pub async fn history(
    database: &Database,
    room: RoomId,
    skip: u64,
    limit: u32,
    order: HistoryOrder,
    viewer: Option<UserId>,
) -> Result<HistoryPage, StoreError> {
    database
        .read(move |tx| {
            // Read before the messages: they may be newer than this says, and never older.
            let counters = tx.room_counters(&[room])?;
            let counters = counters.first().map(|(_, counters)| *counters);
            let counters = counters.unwrap_or_default();
            let total_count = counters.last_seq;
            let mut messages = match history_span(total_count, skip, limit.min(MAX_PAGE), order) {
                Some(span) => tx.messages_in_span(room, span)?,
                None => Vec::new(),
            };
            if order == HistoryOrder::NewestFirst {
                messages.reverse();
            }
            Ok(HistoryPage {
                messages: match viewer {
                    Some(user) => shown_to(tx, user, messages)?,
                    None => shown::bare(messages),
                },
                total_count,
                last_revision: counters.last_revision,
            })
        })
        .await
}

/// The use cases of messages, and the threads that store what use cases and connections submit.
#[derive(Clone)]
pub struct Messaging {
    pub context: Context,
    pub writer: Arc<Writer>,
    pub read_marks: Arc<ReadMarks>,
    /// Shared by use cases and connections.
    pub budget: Arc<MessageBudget>,
}

#[derive(Clone, Debug)]
pub struct MessageDraft {
    pub room_id: RoomId,
    /// What it says.
    pub text: MessageText,
    /// The client's own id for it.
    pub client_message_id: Uuid,
    /// The message of the same room that it answers.
    pub reply_to: Option<MessageId>,
}

/// Which messages of a room the caller asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFilter {
    pub window: SeqWindow,
    /// The first page has this message in its middle.
    pub around: Option<MessageId>,
}

/// How far the caller has read in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadUpTo {
    /// Place of the last message they have read.
    pub last_read_seq: i64,
    /// How many later messages are not deleted.
    pub unread_count: i64,
}

/// Why messages were not sent or shown.
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The room does not exist, or the caller is not a member: the answer does not tell these apart.
    #[error("there is no such room")]
    RoomNotFound,
    #[error("the room has no such message")]
    MessageNotFound,
    #[error("the room is read-only")]
    ReadOnly,
    /// The account of the direct room's other person is suspended or erased.
    #[error("the other person cannot be written to")]
    Blocked,
    /// The room has no message of the id that is answered.
    #[error("the answered message is not in the room")]
    ReplyToUnknown,
    /// The caller sent another text to the room under the same client message id.
    #[error("the client message id belongs to another message")]
    ClientIdTaken,
    /// The message cannot be changed that way.
    #[error(transparent)]
    Refused(#[from] ChangeRefusal),
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    /// It was not stored, or whether it was is not known; doing it again is safe, for a message with
    /// the same client message id.
    #[error("it could not be stored now")]
    Unavailable,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Messaging {
    /// # Errors
    /// Where a thread cannot be started.
    pub fn start(
        context: Context,
        policy: WriterPolicy,
        limits: Option<MessageLimits>,
    ) -> io::Result<Self> {
        let read_marks = Arc::new(ReadMarks::start(&context, policy.store_timeout)?);
        let writer = Writer::start(&context, Arc::clone(&read_marks), policy)?;
        Ok(Self {
            context,
            writer: Arc::new(writer),
            read_marks,
            budget: Arc::new(MessageBudget::new(limits)),
        })
    }

    /// Refuses what waited too long. To be called now and then by other threads: the storing ones may be stuck
    /// in a database that does not answer. Returns what to publish.
    pub fn expire(&self, now: Instant) -> Vec<Publication> {
        let mut expired = self.writer.expire(now);
        expired.extend(self.read_marks.expire(now));
        expired
    }

    /// What waits to be stored.
    pub fn backlog(&self, now: Instant) -> Backlog {
        self.writer.backlog(now)
    }

    /// Whether messages are stored in time, rather than all refused or late.
    pub fn is_storing(&self) -> bool {
        !self.writer.is_in_outage(Instant::now())
    }

    /// Stores what waits and ends the threads; what is submitted later is refused. Blocks for as long as that
    /// takes. Returns whether all messages and changes were stored.
    pub fn stop(&self) -> bool {
        let is_stored = self.writer.stop();
        // After the writer, which notes the marks of senders.
        self.read_marks.stop();
        is_stored
    }

    /// Sends a message to a room of the caller's, on the way that every message takes. Ends once it
    /// is committed.
    pub async fn send(
        &self,
        caller: Caller,
        draft: MessageDraft,
    ) -> Result<AuthoredMessage, MessagingError> {
        let room_id = draft.room_id;
        let bytes = draft.text.as_str().len();
        self.count(caller.user, bytes)?;
        let sender = self.require_member(caller, room_id, true).await?;
        let message = NewMessage {
            id: MessageId::new(self.context.ids.time_ordered()),
            room_id,
            sender_id: sender.id,
            text: draft.text,
            client_message_id: Some(draft.client_message_id),
            reply_to: draft.reply_to,
            sent_at: self.context.clock.now(),
        };
        let stored = self.writer.submit(Write::Message(message)).await?;
        self.authored(stored, sender).await
    }

    /// Replaces the text of a message of the caller's, on the way that every change takes. The version
    /// of a message is its revision.
    pub async fn edit(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        text: MessageText,
        expected: Expected,
    ) -> Result<AuthoredMessage, MessagingError> {
        let kind = ChangeKind::Edit(text);
        // The editor is the sender.
        let (changed, sender) = self.change(caller, room, message, kind, expected).await?;
        self.authored(changed, sender).await
    }

    /// Deletes a message of the caller's, or one of a group that they moderate. Deleting it again
    /// changes nothing.
    pub async fn delete(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
    ) -> Result<(), MessagingError> {
        let kind = ChangeKind::Delete;
        let anything = Expected::Anything;
        self.change(caller, room, message, kind, anything).await?;
        Ok(())
    }

    /// Adds a reaction of the caller's to a message. Adding it again changes nothing. The version of a message
    /// is its revision.
    pub async fn react(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        emoji: Emoji,
        expected: Expected,
    ) -> Result<AuthoredMessage, MessagingError> {
        let kind = ChangeKind::React(emoji);
        let (changed, viewer) = self.change(caller, room, message, kind, expected).await?;
        self.authored_for(changed, viewer.id).await
    }

    /// Removes a reaction of the caller's from a message. Removing it again changes nothing.
    pub async fn take_back(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        emoji: Emoji,
    ) -> Result<(), MessagingError> {
        let kind = ChangeKind::TakeBack(emoji);
        let anything = Expected::Anything;
        self.change(caller, room, message, kind, anything).await?;
        Ok(())
    }

    /// The changed message, and the caller.
    async fn change(
        &self,
        caller: Caller,
        room_id: RoomId,
        message_id: MessageId,
        kind: ChangeKind,
        expected: Expected,
    ) -> Result<(Message, Person), MessagingError> {
        let bytes = kind.text().map_or(0, |text| text.as_str().len());
        let brings_news = kind.brings_news();
        self.count(caller.user, bytes)?;
        let revisions =
            |versions: Vec<Version>| versions.into_iter().map(Version::micros).collect();
        let change = MessageChange {
            room_id,
            message_id,
            user_id: caller.user,
            kind,
            at: self.context.clock.now(),
            expected: match expected {
                Expected::Anything => None,
                Expected::OneOf(versions) => Some(revisions(versions)),
            },
        };
        let by = self.require_member(caller, room_id, brings_news).await?;
        Ok((self.writer.submit(Write::Change(change)).await?, by))
    }

    /// Marks the messages up to the place `seq` as read by the caller; the mark never moves back. The
    /// version of a mark is its place. It is compared before the mark is submitted: marks that race only
    /// move forward, so neither is lost.
    pub async fn mark_read(
        &self,
        caller: Caller,
        room_id: RoomId,
        seq: i64,
        expected: Expected,
    ) -> Result<ReadUpTo, MessagingError> {
        let reader = caller.user;
        let mark = ReadMark {
            room_id,
            user_id: caller.user,
            seq,
            wrote: false,
        };
        self.context
            .database
            .read(move |tx| {
                require_member(tx, &caller, room_id)?;
                let stands = tx.last_read(room_id, caller.user)?;
                Ok::<_, MessagingError>(expected.check(Version::from_micros(stands))?)
            })
            .await?;
        let stands = self.read_marks.submit(mark).await?.last_read_seq;
        self.context
            .database
            .read(move |tx| {
                let own = tx.own_room(room_id, reader, &[(room_id, stands)])?;
                let own = own.ok_or(MessagingError::RoomNotFound)?;
                Ok(ReadUpTo {
                    last_read_seq: own.last_read_seq,
                    unread_count: own.unread_count,
                })
            })
            .await
    }

    fn count(&self, user: UserId, bytes: usize) -> Result<(), RateLimited> {
        Ok(self.budget.take(user, bytes, Instant::now())?)
    }

    /// The caller, who is a member. What brings something new must be able to reach the other person of a
    /// direct room.
    async fn require_member(
        &self,
        caller: Caller,
        room: RoomId,
        brings_news: bool,
    ) -> Result<Person, MessagingError> {
        self.context
            .database
            .read(move |tx| {
                require_member(tx, &caller, room)?;
                if brings_news && tx.is_blocked(room)? {
                    return Err(MessagingError::Blocked);
                }
                tx.person(caller.user)?.ok_or(MessagingError::RoomNotFound)
            })
            .await
    }

    /// A page of the messages in the window, the newest first; their places are the positions. It ends early
    /// at [`PAGE_BYTES`](crate::platform::lists::PAGE_BYTES).
    pub async fn list(
        &self,
        caller: Caller,
        room: RoomId,
        filter: MessageFilter,
        page: ListRequest<i64>,
    ) -> Result<Listed<AuthoredMessage>, MessagingError> {
        let MessageFilter { window, around } = filter;
        let seek = page.seek;
        self.context
            .database
            .read(move |tx| {
                require_member(tx, &caller, room)?;
                if let Some(id) = around.filter(|_| !seek.has_position()) {
                    return around::page(tx, caller.user, room, id, &page);
                }
                let listed = page.fetch(
                    tx,
                    |tx, seek, limit| {
                        let messages = tx.list_messages(room, window, seek, limit)?;
                        authored::authored_to(tx, caller.user, messages)
                    },
                    |tx| Ok(window.total(tx.last_seq(room)?.unwrap_or(0))),
                )?;
                Ok(listed.end_early(&seek, authored_len))
            })
            .await
    }

    /// One message of a room of the caller's, a deleted one too.
    pub async fn get(
        &self,
        caller: Caller,
        room: RoomId,
        id: MessageId,
    ) -> Result<AuthoredMessage, MessagingError> {
        self.context
            .database
            .read(move |tx| {
                require_member(tx, &caller, room)?;
                let found = tx.message_in(room, id)?;
                let found = found.ok_or(MessagingError::MessageNotFound)?;
                let authored = authored::authored_to(tx, caller.user, vec![found])?;
                let found = authored.into_iter().next();
                found.ok_or(MessagingError::MessageNotFound)
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
            SubmitError::ClientIdTaken => Self::ClientIdTaken,
            SubmitError::Refused(refusal) => Self::Refused(refusal),
            SubmitError::Unavailable | SubmitError::InDoubt => Self::Unavailable,
        }
    }
}

fn require_member(tx: &mut dyn Reads, caller: &Caller, room: RoomId) -> Result<(), MessagingError> {
    access::require_active(tx, caller)?;
    tx.membership(room, caller.user)?
        .map(|_membership| ())
        .ok_or(MessagingError::RoomNotFound)
}
