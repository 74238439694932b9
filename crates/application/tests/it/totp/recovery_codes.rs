use std::collections::BTreeSet;

use abu_application::identity::sessions::{LogInError, TotpError};
use abu_domain::identity::text::{OneTimePassword, RecoveryCode};
use secrecy::ExposeSecret;

use super::{Enrolled, is_wrong_password, noted, right, wrong};
use crate::support::{TestApp, assert_refused};

fn different(codes: &[RecoveryCode]) -> usize {
    let texts = codes
        .iter()
        .map(|code| code.text().expose_secret().to_owned());
    texts.collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn ten_recovery_codes_come_with_a_device() {
    let app = TestApp::new();
    let Enrolled { member, codes, .. } = app.enrolled().await;
    assert_eq!(codes.len(), 10);
    assert_eq!(different(&codes), 10);
    assert_eq!(app.codes_left(&member).await, 10);
}

#[tokio::test]
async fn each_recovery_code_logs_in_once() {
    let app = TestApp::new();
    let Enrolled { member, codes, .. } = app.enrolled().await;
    for (used, code) in codes.iter().enumerate() {
        assert_eq!(app.codes_left(&member).await, 10 - used);
        app.log_in_with(&member, Some(noted(code))).await.unwrap();
        let again = app.log_in_with(&member, Some(noted(code))).await;
        assert_refused!(again, LogInError::InvalidCredentials);
    }
    assert_eq!(app.codes_left(&member).await, 0);
}

#[tokio::test]
async fn a_recovery_code_counts_however_it_is_typed() {
    let app = TestApp::new();
    let Enrolled { member, codes, .. } = app.enrolled().await;
    let typed = codes[3]
        .text()
        .expose_secret()
        .to_lowercase()
        .replace('-', " ");
    let entered = app.log_in_with(&member, Some(OneTimePassword::new(&typed)));
    entered.await.unwrap();
    let again = app.log_in_with(&member, Some(noted(&codes[3]))).await;
    assert_refused!(again, LogInError::InvalidCredentials);
}

#[tokio::test]
async fn a_recovery_code_does_not_use_up_the_device() {
    let app = TestApp::new();
    let Enrolled {
        member,
        device,
        codes,
    } = app.enrolled().await;
    let by_code = app.log_in_with(&member, Some(noted(&codes[0]))).await;
    by_code.unwrap();
    let by_device = app.log_in_with(&member, Some(device.shows(&app))).await;
    by_device.unwrap();
}

#[tokio::test]
async fn the_recovery_codes_of_another_account_do_not_count() {
    let app = TestApp::new();
    let (amina, musa) = (app.enrolled().await, app.enrolled().await);
    let stolen = app.log_in_with(&musa.member, Some(noted(&amina.codes[0])));
    assert_refused!(stolen.await, LogInError::InvalidCredentials);
    assert_eq!(app.codes_left(&amina.member).await, 10);
}

#[tokio::test]
async fn other_recovery_codes_take_both_factors() {
    let app = TestApp::new();
    let Enrolled {
        member,
        device,
        codes,
    } = app.enrolled().await;
    let (sessions, caller) = (&app.use_cases.identity.sessions, || member.caller());
    let renewed = sessions.renew_recovery_codes(caller(), wrong(), device.shows(&app));
    assert!(is_wrong_password(&renewed.await.unwrap_err()));
    let renewed = sessions.renew_recovery_codes(caller(), right(), device.hides(&app));
    assert_refused!(renewed.await, TotpError::WrongOtp);
    app.log_in_with(&member, Some(noted(&codes[0])))
        .await
        .unwrap();
}

#[tokio::test]
async fn other_recovery_codes_replace_the_old_ones() {
    let app = TestApp::new();
    let Enrolled {
        member,
        device,
        codes,
    } = app.enrolled().await;
    let sessions = &app.use_cases.identity.sessions;
    let renewed = sessions.renew_recovery_codes(member.caller(), right(), device.shows(&app));
    let fresh = renewed.await.unwrap();
    assert_eq!(different(&[codes.clone(), fresh.clone()].concat()), 20);
    assert_eq!(app.codes_left(&member).await, 10);
    let old = app.log_in_with(&member, Some(noted(&codes[1]))).await;
    assert_refused!(old, LogInError::InvalidCredentials);
    app.log_in_with(&member, Some(noted(&fresh[1])))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_recovery_code_pays_for_other_recovery_codes() {
    let app = TestApp::new();
    let Enrolled { member, codes, .. } = app.enrolled().await;
    let sessions = &app.use_cases.identity.sessions;
    let renew = || sessions.renew_recovery_codes(member.caller(), right(), noted(&codes[0]));
    assert_eq!(renew().await.unwrap().len(), 10);
    assert_refused!(renew().await, TotpError::WrongOtp);
}
