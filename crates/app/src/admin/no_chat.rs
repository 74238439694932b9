//! The chat as a program sees it that nobody is connected to.

use std::future::ready;

use abu_application::ports::{
    Applied, LiveChat, ReadMark, ReadState, SubmitError, Submitted,
};
use abu_domain::{
    RoomId, SessionId, UserId,
    message::{Message, MessageChange, NewMessage},
};

/// Nobody is connected to this process. A server beside it sees by itself which sessions ended.
pub(super) struct NoChat;

impl LiveChat for NoChat {
    fn membership_changed(&self, _room: RoomId, _users: &[UserId], _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn room_state_changed(&self, _room: RoomId, _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn room_renamed(&self, _room: RoomId, _by: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn account_suspended(&self, _user: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn sessions_ended(&self, _user: UserId, _sessions: &[SessionId]) -> Applied {
        Box::pin(ready(()))
    }

    fn submit(&self, _message: NewMessage) -> Submitted<Message> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn change(&self, _change: MessageChange) -> Submitted<Message> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn mark_read(&self, _mark: ReadMark) -> Submitted<ReadState> {
        Box::pin(ready(Err(SubmitError::Unavailable)))
    }

    fn online(&self, users: &[UserId]) -> Vec<bool> {
        vec![false; users.len()]
    }
}
