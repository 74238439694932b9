use std::{future::ready, mem, sync::Mutex};

use abu_application::{
    identity::ports::{Applied, LiveSessions},
    messaging::ports::{LiveChat, ReadMark, ReadState, SubmitError, Submitted},
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    messaging::message::{Message, MessageChange, NewMessage},
};

/// A call of a port to the live connections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LiveCall {
    AccountSuspended(UserId),
    SessionsEnded(UserId, Vec<LoginSessionId>),
    MembershipChanged(RoomId, Vec<UserId>, UserId),
    RoomStateChanged(RoomId, UserId),
    RoomRenamed(RoomId, UserId),
}

/// Records the calls. Nobody is connected, and the chat stores nothing.
#[derive(Default)]
pub(crate) struct LiveCalls(Mutex<Vec<LiveCall>>);

impl LiveCalls {
    /// The calls since the last time.
    pub(crate) fn take(&self) -> Vec<LiveCall> {
        mem::take(&mut self.0.lock().unwrap())
    }

    fn record(&self, call: LiveCall) -> Applied {
        self.0.lock().unwrap().push(call);
        Box::pin(ready(()))
    }
}

impl LiveSessions for LiveCalls {
    fn account_suspended(&self, user: UserId) -> Applied {
        self.record(LiveCall::AccountSuspended(user))
    }

    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied {
        self.record(LiveCall::SessionsEnded(user, sessions.to_vec()))
    }
}

impl LiveChat for LiveCalls {
    fn membership_changed(&self, room: RoomId, users: &[UserId], by: UserId) -> Applied {
        self.record(LiveCall::MembershipChanged(room, users.to_vec(), by))
    }

    fn room_state_changed(&self, room: RoomId, by: UserId) -> Applied {
        self.record(LiveCall::RoomStateChanged(room, by))
    }

    fn room_renamed(&self, room: RoomId, by: UserId) -> Applied {
        self.record(LiveCall::RoomRenamed(room, by))
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
