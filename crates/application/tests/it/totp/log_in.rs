use abu_application::identity::sessions::{FailureCounts, LogInDraft, LogInError};
use abu_domain::{identity::text::OneTimePassword, platform::text::EmailAddress};

use super::{Enrolled, STEP, noted, right, wrong};
use crate::support::{TestApp, assert_refused, origin};

#[tokio::test]
async fn a_one_time_password_logs_in_once() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let shown = device.digits(&app);
    let log_in = || app.log_in_with(&member, Some(OneTimePassword::new(&shown)));
    log_in().await.unwrap();
    assert_refused!(log_in().await, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn a_one_time_password_uses_up_those_of_earlier_steps() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let earlier = device.digits(&app);
    app.clock.advance(STEP);
    let later = app.log_in_with(&member, Some(device.shows(&app))).await;
    later.unwrap();
    let earlier = app.log_in_with(&member, Some(OneTimePassword::new(&earlier)));
    assert_refused!(earlier.await, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn the_one_time_password_that_confirmed_the_device_is_used_up() {
    let app = TestApp::new();
    let member = app.member().create();
    let device = app.begin_totp(member.caller()).await;
    let shown = device.digits(&app);
    let confirmed = app
        .use_cases
        .identity
        .sessions
        .confirm_totp(member.caller(), OneTimePassword::new(&shown));
    confirmed.await.unwrap();
    let refused = app.log_in_with(&member, Some(OneTimePassword::new(&shown)));
    assert_refused!(refused.await, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn the_one_time_password_that_renewed_recovery_codes_is_used_up() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let shown = device.digits(&app);
    let (sessions, otp) = (
        &app.use_cases.identity.sessions,
        OneTimePassword::new(&shown),
    );
    let renewed = sessions.renew_recovery_codes(member.caller(), right(), otp);
    renewed.await.unwrap();
    let refused = app.log_in_with(&member, Some(OneTimePassword::new(&shown)));
    assert_refused!(refused.await, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn wrong_second_factors_fail_as_a_wrong_password_does() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    for shown in [
        device.hides(&app),
        OneTimePassword::new("7Q2M-9ZKD-04TX-W8RB"),
        OneTimePassword::Neither,
    ] {
        let refused = app.log_in_with(&member, Some(shown)).await;
        assert_refused!(refused, LogInError::InvalidCredentials);
    }
}

#[tokio::test]
async fn the_device_of_another_account_does_not_log_in() {
    let app = TestApp::new();
    let (amina, musa) = (app.enrolled().await, app.enrolled().await);
    if amina.device.digits(&app) == musa.device.digits(&app) {
        // Two devices may show the same.
        app.clock.advance(STEP);
    }
    let refused = app.log_in_with(&musa.member, Some(amina.device.shows(&app)));
    assert_refused!(refused.await, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn a_suspended_account_is_named_only_after_both_factors() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    app.store(|tx| tx.set_active(member.id(), false, app.now()));
    let without = app.log_in_with(&member, None).await;
    assert_refused!(without, LogInError::OtpRequired);
    let wrong = app.log_in_with(&member, Some(device.hides(&app))).await;
    assert_refused!(wrong, LogInError::InvalidCredentials);
    let right = app.log_in_with(&member, Some(device.shows(&app))).await;
    assert_refused!(right, LogInError::Suspended);
}

#[tokio::test]
async fn an_unrequested_second_factor_is_ignored() {
    let app = TestApp::new();
    let member = app.member().create();
    let shown = OneTimePassword::new("123456");
    app.log_in_with(&member, Some(shown)).await.unwrap();
}

#[tokio::test]
async fn of_logins_at_once_with_one_second_factor_one_succeeds() {
    let app = TestApp::new();
    let Enrolled {
        member,
        device,
        codes,
    } = app.enrolled().await;
    let digits = device.digits(&app);
    for shown in [OneTimePassword::new(&digits), noted(&codes[0])] {
        let log_in = || app.log_in_with(&member, Some(shown.clone()));
        let (a, b, c) = tokio::join!(log_in(), log_in(), log_in());
        let results = [a, b, c];
        let succeeded = results.iter().filter(|result| result.is_ok());
        assert_eq!(succeeded.count(), 1);
        for refused in results.into_iter().filter(Result::is_err) {
            assert_refused!(refused, LogInError::InvalidCredentials);
        }
    }
}

#[tokio::test]
async fn a_sealed_secret_of_another_account_does_not_open() {
    let app = TestApp::new();
    let (amina, musa) = (app.enrolled().await, app.enrolled().await);
    app.database.execute(&format!(
        "UPDATE totp_secrets SET sealed_secret = (
             SELECT sealed_secret FROM totp_secrets WHERE user_id = '{}')
         WHERE user_id = '{}'",
        amina.member.id(),
        musa.member.id()
    ));
    let refused = app.log_in_with(&musa.member, Some(amina.device.shows(&app)));
    assert_refused!(refused.await, LogInError::Internal(_));
}

#[tokio::test]
async fn failures_are_counted_by_factor_and_write_no_audit_entry() {
    let app = TestApp::new();
    let Enrolled { member, device, .. } = app.enrolled().await;
    let entries = app.audit().len();
    let sessions = &app.use_cases.identity.sessions;
    assert_eq!(sessions.failures.take(), FailureCounts::default());
    for _ in 0..2 {
        let hidden = device.hides(&app);
        let refused = app.log_in_with(&member, Some(hidden)).await;
        assert!(matches!(refused, Err(LogInError::InvalidCredentials)));
    }
    for email in [
        member.user.email.as_str(),
        "unknown@example.com",
        "x@example.com",
    ] {
        let draft = LogInDraft {
            email: EmailAddress::parse(email).unwrap(),
            password: wrong(),
            otp: None,
            device_name: None,
        };
        let refused = sessions.log_in(draft, origin()).await;
        assert!(matches!(refused, Err(LogInError::InvalidCredentials)));
    }
    // Neither is a failure.
    let asked = app.log_in_with(&member, None).await;
    assert!(matches!(asked, Err(LogInError::OtpRequired)));
    let shown = device.shows(&app);
    app.log_in_with(&member, Some(shown)).await.unwrap();
    let counts = FailureCounts {
        credentials: 3,
        second_factors: 2,
    };
    assert_eq!(sessions.failures.take(), counts);
    assert_eq!(sessions.failures.take(), FailureCounts::default());
    // That of the log-in.
    assert_eq!(app.audit().len(), entries + 1);
}
