use abu_application::{
    identity::sessions::{LogInError, RECOVERY_CODES, TotpError, TotpState},
    platform::{audit::Action, mail::MailKind},
};
use abu_domain::identity::text::OneTimePassword;
use abu_test_support::session_of;
use secrecy::ExposeSecret;

use super::{Device, Enrolled, is_wrong_password, noted, right, wrong};
use crate::support::{LiveCall, TestApp, assert_refused};

const NOTHING: TotpState = TotpState {
    enabled_at: None,
    required: false,
    recovery_codes_left: 0,
};

#[tokio::test]
async fn enrollment_begins_with_the_right_password() {
    let app = TestApp::new();
    let member = app.member().create();
    let sessions = &app.use_cases.identity.sessions;
    let refused = sessions.begin_totp(member.caller(), wrong()).await;
    assert!(is_wrong_password(&refused.unwrap_err()));
    let secret = sessions.begin_totp(member.caller(), right()).await.unwrap();
    let uri = secret.uri.expose_secret();
    assert!(uri.contains(secret.base32.expose_secret()), "{uri}");
}

#[tokio::test]
async fn a_secret_counts_for_nothing_until_it_is_confirmed() {
    let app = TestApp::new();
    let member = app.member().create();
    app.begin_totp(member.caller()).await;
    let state = app
        .use_cases
        .identity
        .sessions
        .totp_state(member.caller())
        .await;
    assert_eq!(state.unwrap(), NOTHING);
    app.log_in_with(&member, None).await.unwrap();
}

#[tokio::test]
async fn a_confirmed_secret_is_asked_for_at_log_in() {
    let app = TestApp::new();
    let member = app.member().create();
    let device = app.begin_totp(member.caller()).await;
    let (sessions, confirmed_at) = (&app.use_cases.identity.sessions, app.now());
    let confirmed = sessions.confirm_totp(member.caller(), device.shows(&app));
    confirmed.await.unwrap();
    let state = sessions.totp_state(member.caller()).await.unwrap();
    let expected = TotpState {
        enabled_at: Some(confirmed_at),
        required: false,
        recovery_codes_left: 10,
    };
    assert_eq!(state, expected);
    let refused = app.log_in_with(&member, None).await;
    assert_refused!(refused, LogInError::OtpRequired);
}

#[tokio::test]
async fn a_secret_is_confirmed_only_by_what_its_device_shows() {
    let app = TestApp::new();
    let member = app.member().create();
    let device = app.begin_totp(member.caller()).await;
    let sessions = &app.use_cases.identity.sessions;
    for shown in [
        device.hides(&app),
        OneTimePassword::new("7Q2M-9ZKD-04TX-W8RB"),
        OneTimePassword::Neither,
    ] {
        let refused = sessions.confirm_totp(member.caller(), shown).await;
        assert_refused!(refused, TotpError::WrongOtp);
    }
    let confirmed = sessions.confirm_totp(member.caller(), device.shows(&app));
    assert_eq!(confirmed.await.unwrap().len(), RECOVERY_CODES);
}

#[tokio::test]
async fn another_beginning_makes_the_secret_before_worthless() {
    let app = TestApp::new();
    let member = app.member().create();
    let old = app.begin_totp(member.caller()).await;
    let new: Device = loop {
        let new = app.begin_totp(member.caller()).await;
        // Two devices may show the same.
        if new.digits(&app) != old.digits(&app) {
            break new;
        }
    };
    let sessions = &app.use_cases.identity.sessions;
    let refused = sessions.confirm_totp(member.caller(), old.shows(&app));
    assert_refused!(refused.await, TotpError::WrongOtp);
    let confirmed = sessions.confirm_totp(member.caller(), new.shows(&app));
    confirmed.await.unwrap();
}

#[tokio::test]
async fn enrollment_is_done_once() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let sessions = &app.use_cases.identity.sessions;
    let begun = sessions.begin_totp(member.caller(), right()).await;
    assert_refused!(begun, TotpError::AlreadyEnabled);
    let confirmed = sessions.confirm_totp(member.caller(), device.shows(&app));
    assert_refused!(confirmed.await, TotpError::AlreadyEnabled);
}

#[tokio::test]
async fn what_was_not_begun_is_not_confirmed_removed_or_renewed() {
    let app = TestApp::new();
    let member = app.member().create();
    let (sessions, caller) = (&app.use_cases.identity.sessions, || member.caller());
    let otp = || OneTimePassword::new("123456");
    let confirmed = sessions.confirm_totp(caller(), otp()).await;
    assert_refused!(confirmed, TotpError::NotEnabled);
    for _begun_or_not in 0..2 {
        let removed = sessions.remove_totp(caller(), right(), otp()).await;
        assert_refused!(removed, TotpError::NotEnabled);
        let renewed = sessions.renew_recovery_codes(caller(), right(), otp());
        assert_refused!(renewed.await, TotpError::NotEnabled);
        app.begin_totp(caller()).await;
    }
}

#[tokio::test]
async fn enrollment_ends_the_sessions_that_began_with_a_password_alone() {
    let app = TestApp::new();
    let member = app.member().create();
    let here = app.caller(&app.log_in(&member).await);
    app.live.take();
    app.enroll_as(here.clone(), member.clone()).await;
    let other = session_of(member.id());
    let ended = LiveCall::SessionsEnded(member.id(), vec![other]);
    assert_eq!(app.live.take(), [ended]);
    let own_accounts = &app.use_cases.identity.own_accounts;
    own_accounts.get(member.caller()).await.unwrap_err();
    own_accounts.get(here).await.unwrap();
}

#[tokio::test]
async fn enrollment_and_removal_are_mailed_to_the_owner() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let to = member.user.email.as_str().to_owned();
    let enabled = [(to.clone(), MailKind::TotpEnabled)];
    assert_eq!(app.take_mail_kinds(), enabled);
    let (sessions, shown) = (&app.use_cases.identity.sessions, device.shows(&app));
    let removed = sessions.remove_totp(member.caller(), right(), shown);
    removed.await.unwrap();
    assert_eq!(app.take_mail_kinds(), [(to, MailKind::TotpDisabled)]);
}

#[tokio::test]
async fn removal_takes_both_factors() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let (sessions, caller) = (&app.use_cases.identity.sessions, || member.caller());
    let removed = sessions.remove_totp(caller(), wrong(), device.shows(&app));
    assert!(is_wrong_password(&removed.await.unwrap_err()));
    let removed = sessions.remove_totp(caller(), right(), device.hides(&app));
    assert_refused!(removed.await, TotpError::WrongOtp);
    let removed = sessions.remove_totp(caller(), right(), device.shows(&app));
    removed.await.unwrap();
    assert_eq!(sessions.totp_state(caller()).await.unwrap(), NOTHING);
    app.log_in_with(&member, None).await.unwrap();
}

#[tokio::test]
async fn a_recovery_code_removes_a_lost_device() {
    let app = TestApp::new();
    let Enrolled { member, codes, .. } = app.enrolled().await;
    let (sessions, code) = (&app.use_cases.identity.sessions, noted(&codes[9]));
    let removed = sessions.remove_totp(member.caller(), right(), code);
    removed.await.unwrap();
    app.log_in_with(&member, None).await.unwrap();
    // The codes of the lost device do not count for the next one.
    app.enroll(member.clone()).await;
    let old = app.log_in_with(&member, Some(noted(&codes[0]))).await;
    old.unwrap_err();
}

#[tokio::test]
async fn the_audit_log_names_the_second_factor() {
    let app = TestApp::new();
    let Enrolled {
        member,
        device,
        codes,
    } = app.enrolled().await;
    let (sessions, caller) = (&app.use_cases.identity.sessions, || member.caller());
    let renewed = sessions.renew_recovery_codes(caller(), right(), device.shows(&app));
    let codes = [codes, renewed.await.unwrap()].concat();
    let removed = sessions.remove_totp(caller(), right(), noted(&codes[10]));
    removed.await.unwrap();
    let entries = app.audit();
    let factor = |action: Action| {
        let entry = entries
            .iter()
            .find(|entry| entry.row.action == action.name());
        entry.unwrap().row.details.clone()
    };
    assert_eq!(factor(Action::TotpEnable), "{}");
    assert_eq!(
        factor(Action::TotpRenewCodes),
        r#"{"second_factor":"totp"}"#
    );
    assert_eq!(
        factor(Action::TotpDisable),
        r#"{"second_factor":"recovery-code"}"#
    );
}
