use abu_application::{
    identity::sessions::{LogInError, TotpError},
    platform::{audit::Action, mail::MailKind, rate_limits::RateLimited},
};
use chrono::TimeDelta;

use super::{Enrolled, right};
use crate::support::{Member, TestApp, assert_refused};

const WINDOW: TimeDelta = TimeDelta::minutes(15);

async fn guess(app: &TestApp, enrolled: &Enrolled, times: usize) {
    for _ in 0..times {
        let wrong = enrolled.device.hides(app);
        let refused = app.log_in_with(&enrolled.member, Some(wrong)).await;
        assert_refused!(refused, LogInError::InvalidCredentials);
    }
}

/// In how many minutes the right one-time password is looked at again.
async fn refused_for(app: &TestApp, enrolled: &Enrolled) -> u32 {
    let right = enrolled.device.shows(app);
    match app.log_in_with(&enrolled.member, Some(right)).await {
        Err(LogInError::RateLimited(RateLimited(status))) => {
            assert_eq!(status.policy, "one-time-password");
            status.renews_in / 60
        }
        other => panic!("no limit refused it: {other:?}"),
    }
}

#[tokio::test]
async fn five_wrong_one_time_passwords_lock_the_second_factor_ever_longer() {
    let app = TestApp::limited();
    let enrolled = app.enrolled().await;
    for minutes in [15, 30, 60] {
        guess(&app, &enrolled, 5).await;
        assert_eq!(refused_for(&app, &enrolled).await, minutes);
        app.clock.advance(TimeDelta::minutes(minutes.into()));
    }
    let right = enrolled.device.shows(&app);
    app.log_in_with(&enrolled.member, Some(right))
        .await
        .unwrap();
    // The right one makes good for the wrong ones.
    guess(&app, &enrolled, 5).await;
    assert_eq!(refused_for(&app, &enrolled).await, 15);
}

#[tokio::test]
async fn guesses_at_once_are_counted_one_by_one() {
    let app = TestApp::limited();
    let enrolled = app.enrolled().await;
    let wrong = enrolled.device.hides(&app);
    let guesses = (0..20).map(|_| app.log_in_with(&enrolled.member, Some(wrong.clone())));
    let answers = futures_util::future::join_all(guesses).await;
    let judged = answers
        .iter()
        .filter(|answer| matches!(answer, Err(LogInError::InvalidCredentials)));
    assert_eq!(judged.count(), 5);
}

#[tokio::test]
async fn the_third_wrong_one_is_audited_and_mailed_to_the_owner_once() {
    let app = TestApp::limited();
    let enrolled = app.enrolled().await;
    app.take_mails();
    let audited = || {
        app.actions()
            .iter()
            .filter(|action| **action == Action::TotpWrong)
            .count()
    };
    guess(&app, &enrolled, 2).await;
    assert_eq!((app.take_mails().len(), audited()), (0, 0));
    guess(&app, &enrolled, 1).await;
    let owner = enrolled.member.user.email.as_str().to_owned();
    assert_eq!(app.take_mail_kinds(), [(owner, MailKind::TotpWrong)]);
    assert_eq!(audited(), 1);
    guess(&app, &enrolled, 2).await;
    app.clock.advance(WINDOW);
    guess(&app, &enrolled, 5).await;
    assert_eq!((app.take_mails().len(), audited()), (0, 1));
}

#[tokio::test]
async fn one_time_passwords_are_counted_by_account_wherever_they_are_shown() {
    let app = TestApp::limited();
    let enrolled = app.enrolled().await;
    let caller = enrolled.member.caller();
    app.take_mails();
    app.add_verified_email(&caller, "second@example.com").await;
    let mut second = enrolled.member.user.clone();
    second.email = crate::identity_calls::address("second@example.com");
    guess(&app, &enrolled, 2).await;
    let by_second = Member { user: second };
    let wrong = enrolled.device.hides(&app);
    let refused = app.log_in_with(&by_second, Some(wrong)).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    let sessions = &app.use_cases.identity.sessions;
    for _ in 0..2 {
        let wrong = enrolled.device.hides(&app);
        let refused = sessions.remove_totp(caller.clone(), right(), wrong).await;
        assert_refused!(refused, TotpError::WrongOtp);
    }
    let shown = enrolled.device.shows(&app);
    let refused = sessions.renew_recovery_codes(caller, right(), shown).await;
    assert_refused!(refused, TotpError::RateLimited(_));
    assert_eq!(refused_for(&app, &enrolled).await, 15);
}

#[tokio::test]
async fn wrong_passwords_do_not_lock_the_second_factor() {
    let app = TestApp::limited();
    let enrolled = app.enrolled().await;
    let email = enrolled.member.user.email.as_str();
    for _ in 0..9 {
        let refused = app
            .try_log_in(email, "a wrong password", Some("000000"))
            .await;
        assert_refused!(refused, LogInError::InvalidCredentials);
    }
    let right = enrolled.device.shows(&app);
    app.log_in_with(&enrolled.member, Some(right))
        .await
        .unwrap();
}
