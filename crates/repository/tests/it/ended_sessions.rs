//! What a server sees of sessions that another program ended.

use std::{future::ready, sync::Mutex};

use abu_application::{
    ports::{Applied, Clock, EndReason, LiveChat, ReadMark, ReadState, Submitted, WhichSessions},
    sessions::EndedElsewhere,
    system::SystemClock,
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    message::{Message, MessageChange, NewMessage},
};
use abu_test_support::{TestDatabase, session_of};
use chrono::TimeDelta;

#[derive(Debug, PartialEq)]
enum Told {
    Suspended(UserId),
    Ended(UserId, Vec<LoginSessionId>),
}

/// Notes what the chat is told.
#[derive(Default)]
struct Notes(Mutex<Vec<Told>>);

impl Notes {
    fn note(&self, told: Told) -> Applied {
        self.0.lock().unwrap().push(told);
        Box::pin(ready(()))
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl LiveChat for Notes {
    fn membership_changed(&self, _room: RoomId, _users: &[UserId], _by: UserId) -> Applied {
        unreachable!()
    }

    fn room_state_changed(&self, _room: RoomId, _by: UserId) -> Applied {
        unreachable!()
    }

    fn room_renamed(&self, _room: RoomId, _by: UserId) -> Applied {
        unreachable!()
    }

    fn account_suspended(&self, user: UserId) -> Applied {
        self.note(Told::Suspended(user))
    }

    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied {
        self.note(Told::Ended(user, sessions.to_vec()))
    }

    fn submit(&self, _message: NewMessage) -> Submitted<Message> {
        unreachable!()
    }

    fn change(&self, _change: MessageChange) -> Submitted<Message> {
        unreachable!()
    }

    fn mark_read(&self, _mark: ReadMark) -> Submitted<ReadState> {
        unreachable!()
    }

    fn online(&self, _users: &[UserId]) -> Vec<bool> {
        unreachable!()
    }
}

struct Server {
    database: TestDatabase,
    notes: Notes,
    seen: EndedElsewhere,
}

impl Server {
    fn new() -> Self {
        Self {
            database: TestDatabase::new(),
            notes: Notes::default(),
            seen: EndedElsewhere::default(),
        }
    }

    fn user(&self) -> UserId {
        self.database.user().create().id
    }

    fn end(&self, user: UserId, because: EndReason, seconds_ago: i64) {
        let then = SystemClock.now() - TimeDelta::seconds(seconds_ago);
        let ended = self
            .database
            .transaction(|tx| tx.end_sessions(user, WhichSessions::All, because, then));
        assert_eq!(ended.unwrap(), [session_of(user)]);
    }

    /// What the chat is told after one more look.
    fn look(&mut self) -> Vec<Told> {
        self.look_in(TimeDelta::zero())
    }

    /// What the chat is told after a look that much later.
    fn look_in(&mut self, time: TimeDelta) -> Vec<Told> {
        let store = self.database.store();
        let now = SystemClock.now() + time;
        self.seen.look(&*store, &self.notes, now).unwrap();
        self.notes.take()
    }
}

#[test]
fn a_session_that_ended_is_told_of_once() {
    let mut server = Server::new();
    let user = server.user();
    assert_eq!(server.look(), []);
    server.end(user, EndReason::PasswordReset, 0);
    let ended = Told::Ended(user, vec![session_of(user)]);
    assert_eq!(server.look(), [ended]);
    assert_eq!(server.look(), []);
}

#[test]
fn a_session_whose_end_was_committed_late_is_told_of_too() {
    let mut server = Server::new();
    let (early, late) = (server.user(), server.user());
    server.end(early, EndReason::LogOut, 0);
    server.look();
    server.end(late, EndReason::LogOut, 90);
    assert_eq!(server.look(), [Told::Ended(late, vec![session_of(late)])]);
}

#[test]
fn what_ended_while_nobody_could_look_is_told_of_however_long_that_took() {
    let mut server = Server::new();
    let user = server.user();
    assert_eq!(server.look(), []);
    server.end(user, EndReason::PasswordReset, 0);
    let ended = Told::Ended(user, vec![session_of(user)]);
    assert_eq!(server.look_in(TimeDelta::hours(1)), [ended]);
}

#[test]
fn a_suspension_is_told_before_the_end_of_the_sessions() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::Suspended, 0);
    let ended = Told::Ended(user, vec![session_of(user)]);
    assert_eq!(server.look(), [Told::Suspended(user), ended]);
}

#[test]
fn what_ended_long_ago_is_no_news() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::LogOut, 3_600);
    assert_eq!(server.look(), []);
}
