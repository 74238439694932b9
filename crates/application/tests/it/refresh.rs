//! Refresh-token rotation with reuse detection (RFC 9700, 4.14).

use std::{collections::BTreeSet, net::IpAddr};

use abu_application::{
    access::Caller,
    identity::{
        ports::NewSession,
        sessions::{LogIn, RefreshError},
    },
    platform::{
        Origin,
        audit::Action,
        lists::{ListRequest, Seek},
        mail::MailKind,
    },
};
use abu_domain::{LoginSessionId, access::Permission};
use abu_test_support::session_of;
use chrono::TimeDelta;
use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};

use crate::support::{LiveCall, Member, SESSION_LIFETIME, TestApp, assert_refused, new_id, origin};

const GRACE: TimeDelta = TimeDelta::seconds(30);

async fn refresh(app: &TestApp, token: &SecretString) -> Result<LogIn, RefreshError> {
    let sessions = &app.use_cases.identity.sessions;
    sessions.refresh(token.clone(), origin()).await
}

fn text(log_in: &LogIn) -> &str {
    log_in.refresh_token.expose_secret()
}

/// A login of a new member.
async fn logged_in() -> (TestApp, Member, LogIn) {
    let app = TestApp::new();
    let member = app.member().email("amina@example.com").create();
    let log_in = app.log_in(&member).await;
    app.live.take();
    (app, member, log_in)
}

/// The network that the caller's own session was last used from.
async fn network(app: &TestApp, caller: &Caller) -> Option<String> {
    let page = ListRequest {
        seek: Seek::START,
        limit: 100,
        count: false,
    };
    let listed = app
        .use_cases
        .identity
        .sessions
        .list(caller.clone(), page)
        .await;
    let current = listed.unwrap().items.into_iter().find(|own| own.is_current);
    current.unwrap().listing.network
}

#[tokio::test]
async fn each_refresh_token_yields_its_successor_however_old_it_is() {
    let (app, member, first) = logged_in().await;
    let caller = app.caller(&first);
    let mut seen = BTreeSet::from([text(&first).to_owned()]);
    let mut newest = first;
    for _ in 0..3 {
        app.clock.advance(TimeDelta::hours(1));
        newest = refresh(&app, &newest.refresh_token).await.unwrap();
        assert_eq!(newest.user.id, member.id());
        assert!(seen.insert(text(&newest).to_owned()));
        let next = app.caller(&newest);
        assert_eq!(next.session, caller.session);
        assert!(app.is_accepted(&next).await);
    }
}

#[tokio::test]
async fn the_previous_token_yields_the_same_successor_for_thirty_seconds() {
    let (app, _member, first) = logged_in().await;
    let second = refresh(&app, &first.refresh_token).await.unwrap();
    app.clock.advance(GRACE);
    let again = refresh(&app, &first.refresh_token).await.unwrap();
    assert_eq!(text(&again), text(&second));
    refresh(&app, &again.refresh_token).await.unwrap();
}

#[tokio::test]
async fn repeating_a_refresh_does_not_extend_the_thirty_seconds() {
    let (app, _member, first) = logged_in().await;
    refresh(&app, &first.refresh_token).await.unwrap();
    app.clock.advance(GRACE);
    refresh(&app, &first.refresh_token).await.unwrap();
    app.clock.advance(TimeDelta::microseconds(1));
    let refused = refresh(&app, &first.refresh_token).await;
    assert_refused!(refused, RefreshError::Reused);
}

#[tokio::test]
async fn reuse_after_the_grace_period_ends_that_session_alone() {
    let (app, member, stolen) = logged_in().await;
    let other = app.log_in(&member).await;
    let newest = refresh(&app, &stolen.refresh_token).await.unwrap();
    app.clock.advance(GRACE + TimeDelta::microseconds(1));
    let reused = refresh(&app, &stolen.refresh_token).await;
    assert_refused!(reused, RefreshError::Reused);

    for token in [&stolen.refresh_token, &newest.refresh_token] {
        assert_refused!(refresh(&app, token).await, RefreshError::Invalid);
    }
    let caller = app.caller(&newest);
    assert!(!app.is_accepted(&caller).await);
    let ended = LiveCall::SessionsEnded(member.id(), vec![caller.session]);
    assert_eq!(app.live.take(), [ended]);
    refresh(&app, &other.refresh_token).await.unwrap();
}

#[tokio::test]
async fn reuse_is_audited_as_anonymous_and_announced_to_the_owner() {
    let (app, _member, stolen) = logged_in().await;
    refresh(&app, &stolen.refresh_token).await.unwrap();
    app.clock.advance(GRACE + TimeDelta::seconds(1));
    let reused = refresh(&app, &stolen.refresh_token).await;
    assert_refused!(reused, RefreshError::Reused);
    let entry = app.audit().pop().unwrap().row;
    assert_eq!(entry.action, Action::SessionEnd.name());
    assert_eq!(entry.actor, "anonymous");
    let session = app.caller(&stolen).session;
    assert_eq!(entry.target_id, Some(session.to_string()));
    assert_eq!(entry.details, r#"{"reason":"refresh-reused"}"#);
    let notice = ("amina@example.com".to_owned(), MailKind::RefreshReused);
    assert_eq!(app.take_mail_kinds(), [notice]);
}

#[tokio::test]
async fn a_token_two_steps_back_is_reuse_at_once() {
    let (app, _member, first) = logged_in().await;
    let second = refresh(&app, &first.refresh_token).await.unwrap();
    let third = refresh(&app, &second.refresh_token).await.unwrap();
    let reused = refresh(&app, &first.refresh_token).await;
    assert_refused!(reused, RefreshError::Reused);
    let refused = refresh(&app, &third.refresh_token).await;
    assert_refused!(refused, RefreshError::Invalid);
}

#[tokio::test]
async fn simultaneous_refreshes_yield_one_successor() {
    let (app, _member, first) = logged_in().await;
    let refreshes = (0..8).map(|_| refresh(&app, &first.refresh_token));
    let answers = join_all(refreshes).await;
    let successors: BTreeSet<String> = answers
        .into_iter()
        .map(|answer| text(&answer.unwrap()).to_owned())
        .collect();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_session_that_is_not_refreshed_for_its_lifetime_expires() {
    let (app, _member, first) = logged_in().await;
    app.clock
        .advance(SESSION_LIFETIME - TimeDelta::microseconds(1));
    let second = refresh(&app, &first.refresh_token).await.unwrap();
    app.clock
        .advance(SESSION_LIFETIME - TimeDelta::microseconds(1));
    let third = refresh(&app, &second.refresh_token).await.unwrap();
    app.clock.advance(SESSION_LIFETIME);
    let refused = refresh(&app, &third.refresh_token).await;
    assert_refused!(refused, RefreshError::Expired);
}

#[tokio::test]
async fn a_suspended_account_refreshes_nothing_and_learns_why() {
    let (app, member, first) = logged_in().await;
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let accounts = &app.use_cases.identity.accounts;
    accounts.suspend(staff.caller(), member.id()).await.unwrap();
    let refused = refresh(&app, &first.refresh_token).await;
    assert_refused!(refused, RefreshError::Suspended);
    accounts
        .activate(staff.caller(), member.id())
        .await
        .unwrap();
    let refused = refresh(&app, &first.refresh_token).await;
    assert_refused!(refused, RefreshError::Invalid);
}

#[tokio::test]
async fn a_forged_or_logged_out_token_refreshes_nothing() {
    let (app, _member, first) = logged_in().await;
    let sessions = &app.use_cases.identity.sessions;
    let unknown = LoginSessionId::new(new_id());
    let ahead = sessions.refresh_tokens.make(app.caller(&first).session, 1);
    let forged = [
        sessions.refresh_tokens.make(unknown, 0),
        ahead,
        first.access_token.token.clone().into(),
        String::new().into(),
    ];
    for token in forged {
        assert_refused!(refresh(&app, &token).await, RefreshError::Invalid);
    }
    sessions.log_out(app.caller(&first)).await.unwrap();
    let refused = refresh(&app, &first.refresh_token).await;
    assert_refused!(refused, RefreshError::Invalid);
}

#[tokio::test]
async fn a_refresh_records_the_network_and_not_the_address() {
    let (app, _member, first) = logged_in().await;
    let caller = app.caller(&first);
    assert_eq!(
        network(&app, &caller).await.as_deref(),
        Some("192.0.2.0/24")
    );
    let elsewhere = Origin {
        address: Some("2c0f:f5c0:1:2::3".parse::<IpAddr>().unwrap()),
        ..origin()
    };
    let sessions = &app.use_cases.identity.sessions;
    let refreshed = sessions.refresh(first.refresh_token, elsewhere).await;
    refreshed.unwrap();
    assert_eq!(
        network(&app, &caller).await.as_deref(),
        Some("2c0f:f5c0:1::/48")
    );
}

#[tokio::test]
async fn the_fifty_first_session_displaces_the_longest_unused() {
    let (app, member, used) = logged_in().await;
    let unused = app.new_caller(&member).await;
    app.clock.advance(TimeDelta::hours(1));
    // With the two logins and the member's first session these are fifty.
    app.store(|tx| {
        for _ in 0..47 {
            tx.insert_session(&NewSession {
                id: LoginSessionId::new(new_id()),
                user_id: member.id(),
                device_name: None,
                network: None,
                created_at: app.now(),
                expires_at: app.now() + SESSION_LIFETIME,
                totp_due: false,
            })?;
        }
        Ok(())
    });
    refresh(&app, &used.refresh_token).await.unwrap();
    app.live.take();
    app.new_caller(&member).await;
    assert_eq!(app.end_reason(unused.session).as_deref(), Some("displaced"));
    let ended = LiveCall::SessionsEnded(member.id(), vec![unused.session]);
    assert_eq!(app.live.take(), [ended]);
    let lasting = app.store(|tx| tx.count_sessions(member.id(), app.now()));
    assert_eq!(
        lasting,
        abu_application::platform::lists::Total::Exactly(50)
    );
    assert!(app.end_reason(session_of(member.id())).is_none());
    let entry = app.audit().pop().unwrap().row;
    assert!(entry.details.contains(&unused.session.to_string()));
}
