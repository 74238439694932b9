//! What a server sees of sessions that another program ended.

use std::{future::ready, sync::Mutex};

use abu_application::{
    identity::{
        events::IdentityEvent,
        ports::{EndReason, WhichSessions},
        sessions::EndedElsewhere,
    },
    platform::{
        ports::{Applied, Clock, Publish},
        system::SystemClock,
    },
};
use abu_domain::UserId;
use abu_test_support::{TestDatabase, session_of};
use chrono::TimeDelta;

/// Notes what is published.
#[derive(Default)]
struct Notes(Mutex<Vec<IdentityEvent>>);

impl Notes {
    fn take(&self) -> Vec<IdentityEvent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Publish<IdentityEvent> for Notes {
    fn publish(&self, event: IdentityEvent) -> Applied {
        self.0.lock().unwrap().push(event);
        Box::pin(ready(()))
    }
}

/// The end of the user's only session.
fn revoked(user: UserId) -> IdentityEvent {
    IdentityEvent::SessionsRevoked {
        user,
        sessions: vec![session_of(user)],
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

    /// What is published after one more look.
    fn look(&mut self) -> Vec<IdentityEvent> {
        self.look_in(TimeDelta::zero())
    }

    /// What is published after a look that much later.
    fn look_in(&mut self, time: TimeDelta) -> Vec<IdentityEvent> {
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
    let ended = revoked(user);
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
    assert_eq!(server.look(), [revoked(late)]);
}

#[test]
fn what_ended_while_nobody_could_look_is_told_of_however_long_that_took() {
    let mut server = Server::new();
    let user = server.user();
    assert_eq!(server.look(), []);
    server.end(user, EndReason::PasswordReset, 0);
    let ended = revoked(user);
    assert_eq!(server.look_in(TimeDelta::hours(1)), [ended]);
}

#[test]
fn a_suspension_is_told_before_the_end_of_the_sessions() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::Suspended, 0);
    let ended = revoked(user);
    assert_eq!(
        server.look(),
        [IdentityEvent::AccountSuspended { user }, ended]
    );
}

#[test]
fn what_ended_long_ago_is_no_news() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::LogOut, 3_600);
    assert_eq!(server.look(), []);
}
