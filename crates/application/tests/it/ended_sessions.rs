//! Sessions that another process ended close their connections here.

use abu_application::{
    identity::{
        ports::{EndReason, WhichSessions},
        sessions::EndedElsewhere,
    },
    platform::ports::Clock,
};
use abu_domain::UserId;
use abu_test_support::session_of;
use chrono::TimeDelta;

use crate::support::{LiveCall, TestApp};

struct Server {
    app: TestApp,
    watch: EndedElsewhere,
}

impl Server {
    fn new() -> Self {
        Self {
            app: TestApp::new(),
            watch: EndedElsewhere::default(),
        }
    }

    fn user(&self) -> UserId {
        self.app.member().create().id()
    }

    fn end(&self, user: UserId, because: EndReason, ago: TimeDelta) {
        let then = self.app.clock.now() - ago;
        let ended = self
            .app
            .store(|tx| tx.end_sessions(user, WhichSessions::All, because, then));
        assert_eq!(ended, [session_of(user)]);
    }

    /// The calls of one more look.
    fn look(&mut self) -> Vec<LiveCall> {
        let store = self.app.database.store();
        let looked = self.watch.look(&*store, &*self.app.live, self.app.now());
        looked.unwrap();
        self.app.live.take()
    }
}

fn ended(user: UserId) -> LiveCall {
    LiveCall::SessionsEnded(user, vec![session_of(user)])
}

#[test]
fn an_ended_session_is_reported_once() {
    let mut server = Server::new();
    let user = server.user();
    assert_eq!(server.look(), []);
    server.end(user, EndReason::PasswordReset, TimeDelta::zero());
    assert_eq!(server.look(), [ended(user)]);
    assert_eq!(server.look(), []);
}

#[test]
fn a_session_whose_end_is_committed_late_is_reported() {
    let mut server = Server::new();
    let (early, late) = (server.user(), server.user());
    server.end(early, EndReason::LogOut, TimeDelta::zero());
    server.look();
    server.end(late, EndReason::LogOut, TimeDelta::seconds(90));
    assert_eq!(server.look(), [ended(late)]);
}

#[test]
fn a_session_that_ends_between_distant_looks_is_reported() {
    let mut server = Server::new();
    let user = server.user();
    assert_eq!(server.look(), []);
    server.end(user, EndReason::PasswordReset, TimeDelta::zero());
    server.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(server.look(), [ended(user)]);
}

#[test]
fn a_suspension_is_reported_before_the_end_of_its_sessions() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::Suspended, TimeDelta::zero());
    let expected = [LiveCall::AccountSuspended(user), ended(user)];
    assert_eq!(server.look(), expected);
}

#[test]
fn a_session_that_ended_before_the_first_look_is_not_reported() {
    let mut server = Server::new();
    let user = server.user();
    server.end(user, EndReason::LogOut, TimeDelta::hours(1));
    assert_eq!(server.look(), []);
}
