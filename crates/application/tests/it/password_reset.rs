//! Password reset: single-use links that expire, and what a reset ends.

use abu_application::{
    access::AccessError,
    identity::{
        emails::LinkError,
        passwords::{NewPasswordError, ResetError, SendResetError},
        ports::PasswordWeakness,
        sessions::{LogInError, RefreshError},
    },
    platform::{
        audit::Action,
        mail::{MailContent, MailKind},
    },
};
use abu_domain::{UserId, access::Permission};
use abu_test_support::session_of;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    identity_calls::{NEW_PASSWORD, primary, verified},
    support::{
        LiveCall, Member, PASSWORD, RESET_LIFETIME, TestApp, assert_refused, new_id, origin,
    },
};

const AMINA: &str = "amina@example.com";
const FURTHER: &str = "amina@example.org";

fn app_with_amina() -> (TestApp, Member) {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    (app, amina)
}

async fn send_reset(app: &TestApp, by: &Member, to: UserId) -> Result<(), SendResetError> {
    let passwords = &app.use_cases.identity.passwords;
    passwords.send_reset_to(by.caller(), to).await
}

#[tokio::test]
async fn a_reset_link_works_once() {
    let (app, _amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
    assert_refused!(app.reset_password(link, PASSWORD).await, ResetError::Gone);
    assert_refused!(
        app.try_log_in(AMINA, PASSWORD, None).await,
        LogInError::InvalidCredentials
    );
    app.try_log_in(AMINA, NEW_PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn a_newer_reset_link_replaces_the_older() {
    let (app, _amina) = app_with_amina();
    let older = app.new_reset_link(AMINA).await;
    let newer = app.new_reset_link(AMINA).await;
    let refused = app.reset_password(older, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    app.reset_password(newer, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_reset_link_expires_at_the_end_of_its_lifetime() {
    let (app, amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    app.clock.advance(RESET_LIFETIME);
    let refused = app.reset_password(link, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    app.log_in(&amina).await;

    let link = app.new_reset_link(AMINA).await;
    app.clock
        .advance(RESET_LIFETIME - TimeDelta::microseconds(1));
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_unknown_reset_link_resets_no_password() {
    let (app, amina) = app_with_amina();
    app.new_reset_link(AMINA).await;
    for link in [Uuid::nil(), new_id()] {
        let refused = app.reset_password(link, NEW_PASSWORD).await;
        assert_refused!(refused, ResetError::Gone);
    }
    app.log_in(&amina).await;
}

#[tokio::test]
async fn a_suspension_kills_reset_links_for_good() {
    let (app, amina) = app_with_amina();
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let link = app.new_reset_link(AMINA).await;
    let accounts = &app.use_cases.identity.accounts;
    accounts.suspend(staff.caller(), amina.id()).await.unwrap();
    let refused = app.reset_password(link, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    accounts.activate(staff.caller(), amina.id()).await.unwrap();
    let refused = app.reset_password(link, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    app.log_in(&amina).await;
}

#[tokio::test]
async fn a_reset_ends_every_session_of_the_account_alone() {
    let (app, amina) = app_with_amina();
    let other = app.member().create();
    let log_in = app.log_in(&amina).await;
    let link = app.new_reset_link(AMINA).await;
    app.live.take();
    app.reset_password(link, NEW_PASSWORD).await.unwrap();

    let caller = app.caller(&log_in);
    for session in [caller.session, session_of(amina.id())] {
        assert_eq!(app.end_reason(session).as_deref(), Some("password-reset"));
    }
    assert!(!app.is_accepted(&caller).await);
    let refreshed = app
        .use_cases
        .identity
        .sessions
        .refresh(log_in.refresh_token, origin());
    assert_refused!(refreshed.await, RefreshError::Invalid);
    let calls = app.live.take();
    let [LiveCall::SessionsEnded(user, ended)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!((*user, ended.len()), (amina.id(), 2));
    assert!(app.is_accepted(&other.caller()).await);
}

#[tokio::test]
async fn a_reset_is_audited_and_announced_to_the_owner() {
    let (app, _amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
    let notice = (AMINA.to_owned(), MailKind::PasswordChanged);
    assert_eq!(app.take_mail_kinds(), [notice]);
    let actions = [Action::PasswordForgotten, Action::PasswordReset];
    assert_eq!(app.actions(), actions);
}

#[tokio::test]
async fn a_reset_drops_additions_and_changes_of_addresses_that_wait() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), FURTHER).await;
    let again = app.change_token(&amina.caller(), FURTHER).await;
    let further = app.claim_token(&amina.caller(), "thief1@example.com").await;
    let to_primary = app
        .change_token(&amina.caller(), "thief2@example.com")
        .await;
    let link = app.new_reset_link(AMINA).await;
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
    assert_refused!(app.verify_email(&further).await, LinkError::Gone);
    let caller = app.try_log_in(AMINA, NEW_PASSWORD, None).await.unwrap();
    let confirmed = app.confirm_change(&app.caller(&caller), &to_primary).await;
    assert_refused!(confirmed, LinkError::Gone);
    let confirmed = app.confirm_change(&app.caller(&caller), &again).await;
    assert_refused!(confirmed, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary(AMINA), verified(FURTHER)]);
}

#[tokio::test]
async fn a_weak_or_personal_password_is_refused_and_keeps_the_link() {
    let (app, amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    let weak = app.reset_password(link, "password1234").await;
    assert_refused!(
        weak,
        ResetError::Password(NewPasswordError::Weak(PasswordWeakness::Guessable { .. }))
    );
    let personal = app.reset_password(link, "x9$k bello 2f!q").await;
    assert_refused!(
        personal,
        ResetError::Password(NewPasswordError::Weak(PasswordWeakness::Personal))
    );
    assert!(app.is_accepted(&amina.caller()).await);
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_reset_link_goes_to_verified_addresses_of_active_accounts_alone() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), FURTHER).await;
    app.claim_token(&amina.caller(), "claimed@example.com")
        .await;
    app.member()
        .email("suspended@example.com")
        .suspended()
        .create();
    app.member()
        .email("registered@example.com")
        .unverified()
        .create();
    for email in [
        "stranger@example.com",
        "claimed@example.com",
        "suspended@example.com",
        "registered@example.com",
    ] {
        app.forget_password(email).await;
        assert_eq!(app.take_mail_kinds(), [], "{email}");
    }
    for email in [AMINA, FURTHER] {
        app.new_reset_link(email).await;
    }
}

#[tokio::test]
async fn of_two_simultaneous_uses_of_a_reset_link_one_counts() {
    let (app, _amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    let passwords = [NEW_PASSWORD, "rain on the senate building"];
    let (one, other) = tokio::join!(
        app.reset_password(link, passwords[0]),
        app.reset_password(link, passwords[1])
    );
    assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    let [good, bad] = match one.is_ok() {
        true => [passwords[0], passwords[1]],
        false => [passwords[1], passwords[0]],
    };
    app.try_log_in(AMINA, good, None).await.unwrap();
    let refused = app.try_log_in(AMINA, bad, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn a_link_sent_by_staff_replaces_the_owners_and_is_audited() {
    let (app, amina) = app_with_amina();
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let older = app.new_reset_link(AMINA).await;
    send_reset(&app, &staff, amina.id()).await.unwrap();
    let mail = app.only_mail_to(AMINA);
    assert!(matches!(mail, MailContent::ResetPassword { .. }));
    assert_eq!(app.actions().last(), Some(&Action::UserSendReset));
    let refused = app.reset_password(older, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    let reset = app.reset_password(app.reset_link(&mail), NEW_PASSWORD);
    reset.await.unwrap();
}

#[tokio::test]
async fn staff_sends_no_link_to_suspended_or_unverified_accounts() {
    let app = TestApp::new();
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let suspended = app.member().suspended().create();
    let refused = send_reset(&app, &staff, suspended.id()).await;
    assert_refused!(refused, SendResetError::Suspended);
    let unverified = app.member().unverified().create();
    let refused = send_reset(&app, &staff, unverified.id()).await;
    assert_refused!(refused, SendResetError::Unverified);
    let refused = send_reset(&app, &staff, UserId::new(new_id())).await;
    assert_refused!(refused, SendResetError::NotFound);
    assert_eq!(app.take_mail_kinds(), []);
}

#[tokio::test]
async fn sending_a_link_takes_the_permission() {
    let (app, amina) = app_with_amina();
    let viewer = app.member().holding(&[Permission::ViewUser]).create();
    let refused = send_reset(&app, &viewer, amina.id()).await;
    assert_refused!(
        refused,
        SendResetError::Access(AccessError::Denied(Permission::ModifyUser))
    );
    assert_eq!(app.take_mail_kinds(), []);
}
