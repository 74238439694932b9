//! Password change by the owner, who gives the current password again.

use abu_application::{
    access::{AccessError, Caller},
    identity::{
        emails::LinkError,
        passwords::{ChangePasswordError, ConfirmError, NewPasswordError, ResetError},
        ports::PasswordWeakness,
        sessions::LogInError,
    },
    platform::{audit::Action, mail::MailKind},
};
use abu_domain::UserId;
use abu_test_support::session_of;

use crate::{
    identity_calls::{NEW_PASSWORD, login_password, new_password},
    support::{LiveCall, PASSWORD, TestApp, assert_refused, new_id},
};

const AMINA: &str = "amina@example.com";

async fn change(
    app: &TestApp,
    caller: &Caller,
    current: &str,
    new: &str,
) -> Result<(), ChangePasswordError> {
    change_of(app, caller, caller.user, current, new).await
}

async fn change_of(
    app: &TestApp,
    caller: &Caller,
    whose: UserId,
    current: &str,
    new: &str,
) -> Result<(), ChangePasswordError> {
    let (current, new) = (login_password(current), new_password(new));
    let passwords = &app.use_cases.identity.passwords;
    passwords.change(caller.clone(), whose, current, new).await
}

#[tokio::test]
async fn changing_a_password_takes_the_current_one() {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    let wrong = change(&app, &amina.caller(), NEW_PASSWORD, NEW_PASSWORD).await;
    assert_refused!(
        wrong,
        ChangePasswordError::Confirm(ConfirmError::WrongPassword)
    );
    app.log_in(&amina).await;
    let changed = change(&app, &amina.caller(), PASSWORD, NEW_PASSWORD).await;
    changed.unwrap();
    assert_refused!(
        app.try_log_in(AMINA, PASSWORD, None).await,
        LogInError::InvalidCredentials
    );
    app.try_log_in(AMINA, NEW_PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn changing_a_password_ends_every_other_session() {
    let app = TestApp::new();
    let amina = app.member().create();
    let (own, other) = (app.new_caller(&amina).await, app.new_caller(&amina).await);
    let stranger = app.member().create();
    app.live.take();
    change(&app, &own, PASSWORD, NEW_PASSWORD).await.unwrap();
    assert!(app.is_accepted(&own).await);
    assert!(app.is_accepted(&stranger.caller()).await);
    for session in [other.session, session_of(amina.id())] {
        assert_eq!(app.end_reason(session).as_deref(), Some("password-changed"));
    }
    let calls = app.live.take();
    let [LiveCall::SessionsEnded(user, ended)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(*user, amina.id());
    assert!(!ended.contains(&own.session) && ended.len() == 2);
}

#[tokio::test]
async fn a_password_change_is_audited_and_announced() {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    let changed = change(&app, &amina.caller(), PASSWORD, NEW_PASSWORD).await;
    changed.unwrap();
    let notice = (AMINA.to_owned(), MailKind::PasswordChanged);
    assert_eq!(app.take_mail_kinds(), [notice]);
    assert_eq!(app.actions(), [Action::PasswordChange]);
}

#[tokio::test]
async fn only_its_owner_changes_a_password() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    for whose in [amina.id(), UserId::new(new_id())] {
        let refused = change_of(&app, &musa.caller(), whose, PASSWORD, NEW_PASSWORD).await;
        assert_refused!(refused, ChangePasswordError::NotYours);
    }
    app.log_in(&amina).await;
}

#[tokio::test]
async fn a_password_change_kills_links_that_are_still_live() {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    let caller = amina.caller();
    let further = app.claim_token(&caller, "thief1@example.com").await;
    let primary = app.change_token(&caller, "thief2@example.com").await;
    let reset = app.new_reset_link(AMINA).await;
    change(&app, &caller, PASSWORD, NEW_PASSWORD).await.unwrap();
    assert_refused!(app.verify_email(&further).await, LinkError::Gone);
    assert_refused!(app.confirm_change(&caller, &primary).await, LinkError::Gone);
    assert_refused!(app.reset_password(reset, PASSWORD).await, ResetError::Gone);
}

#[tokio::test]
async fn a_weak_or_personal_new_password_changes_nothing() {
    let app = TestApp::new();
    let amina = app.member().create();
    let elsewhere = app.new_caller(&amina).await;
    let weak = change(&app, &amina.caller(), PASSWORD, "password1234").await;
    assert_refused!(
        weak,
        ChangePasswordError::Password(NewPasswordError::Weak(PasswordWeakness::Guessable { .. }))
    );
    let personal = change(&app, &amina.caller(), PASSWORD, "x9$k bello 2f!q").await;
    assert_refused!(
        personal,
        ChangePasswordError::Password(NewPasswordError::Weak(PasswordWeakness::Personal))
    );
    app.log_in(&amina).await;
    assert!(app.is_accepted(&elsewhere).await);
}

#[tokio::test]
async fn an_ended_session_changes_no_password() {
    let app = TestApp::new();
    let amina = app.member().create();
    let caller = app.new_caller(&amina).await;
    let sessions = &app.use_cases.identity.sessions;
    sessions.log_out(caller.clone()).await.unwrap();
    let refused = change(&app, &caller, PASSWORD, NEW_PASSWORD).await;
    assert_refused!(
        refused,
        ChangePasswordError::Confirm(ConfirmError::Access(AccessError::SessionEnded))
    );
    app.log_in(&amina).await;
}
