use std::{future::Future, pin::Pin};

use abu_domain::{
    LoginSessionId, RoomId, UserId,
    message::{ChangeRefusal, Message, MessageChange, NewMessage},
};

use super::{ReadMark, ReadState};

/// Ends when a change has reached every session of this process that it concerns. What is then
/// sent to the room is sent to the room as it is now.
pub type Applied = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ends when what was submitted is committed, or known not to be.
pub type Submitted<T> = Pin<Box<dyn Future<Output = Result<T, SubmitError>> + Send>>;

/// Why something was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The sender is not a member of the room, or there is no such room.
    #[error("not a member of the room")]
    NotAMember,
    /// The room is archived.
    #[error("the room is read-only")]
    ReadOnly,
    /// The room has no message of the id that is answered.
    #[error("the answered message is not in the room")]
    ReplyToUnknown,
    /// The message cannot be changed that way.
    #[error(transparent)]
    Refused(#[from] ChangeRefusal),
    /// The store is away or too much is waiting; it was not stored.
    #[error("it could not be stored now")]
    Unavailable,
    /// The store went away during the commit; it may or may not be stored.
    #[error("it is not known whether it was stored")]
    InDoubt,
}

/// The people connected to the chat, as the use cases see them.
///
/// The methods that tell of a change are called after its commit, from a thread that may block:
/// they return as soon as the change is noted, and it is then applied whether or not anybody waits
/// for [`Applied`].
pub trait LiveChat: Send + Sync + 'static {
    /// These users were added to the room, or removed from it, and are told by whom.
    fn membership_changed(&self, room: RoomId, users: &[UserId], by: UserId) -> Applied;

    /// The room was archived, or opened again; its members are told by whom.
    fn room_state_changed(&self, room: RoomId, by: UserId) -> Applied;

    /// The room has another name; its members are told by whom.
    fn room_renamed(&self, room: RoomId, by: UserId) -> Applied;

    /// The account was suspended: its sessions end.
    fn account_suspended(&self, user: UserId) -> Applied;

    /// These log-ins of the user were ended: the connections that came of them end.
    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied;

    /// Stores a message the way every message is stored, and delivers it to the room's members.
    fn submit(&self, message: NewMessage) -> Submitted<Message>;

    /// Changes a message the way every change is made, and tells the room's members. Answers with the
    /// message as it is then.
    fn change(&self, change: MessageChange) -> Submitted<Message>;

    /// Stores how far somebody has read, together with what others have, and tells the room's members
    /// where the mark moved.
    fn mark_read(&self, mark: ReadMark) -> Submitted<ReadState>;

    /// Which of `users` are in the chat now, in their order.
    fn online(&self, users: &[UserId]) -> Vec<bool>;
}
