//! Registration: uniform answers, unverified accounts that give way, consents, completion by the link.

use std::time::Instant;

use abu_application::{
    identity::{
        emails::{LinkError, ProofError},
        passwords::{NO_PASSWORD, NewPasswordError},
        ports::PasswordWeakness,
        registration::{LEAST_DURATION, UNVERIFIED_KEPT_FOR},
        sessions::LogInError,
    },
    platform::{
        audit::Action,
        mail::{MailContent, MailKind},
    },
};
use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission},
    identity::user::User,
};
use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::{
    identity_calls::{NEW_PASSWORD, address, person_name, registration},
    support::{PASSWORD, TestApp, VERIFICATION_LIFETIME, assert_refused},
};

const FATIMA: &str = "fatima@example.com";

/// The token of the link that a registration brings.
async fn registration_token(app: &TestApp, email: &str) -> String {
    app.register(registration(email)).await;
    app.link_token(&app.only_mail_to(email))
}

/// The account whose primary address this is.
fn account(app: &TestApp, email: &str) -> Option<User> {
    let found = app.store(|tx| tx.credentials(&address(email)));
    found.and_then(|found| app.store(|tx| tx.user(found.user_id)))
}

fn accounts(app: &TestApp) -> usize {
    app.database.texts("SELECT id::text FROM users").len()
}

#[tokio::test]
async fn a_registration_takes_one_transaction_and_a_least_time_for_any_address() {
    let app = TestApp::new();
    app.member().email("owner@example.com").create();
    let emails = ["owner@example.com", FATIMA, FATIMA];
    for (before, email) in emails.into_iter().enumerate() {
        let begun = Instant::now();
        app.register(registration(email)).await;
        assert!(begun.elapsed() >= LEAST_DURATION);
        // One transaction, with one mail and one audit entry in it.
        let transactions = |table| {
            let query = format!("SELECT xmin::text FROM {table} ORDER BY id");
            app.database.texts(&query)
        };
        assert_eq!(transactions("email_outbox").len(), before + 1);
        assert_eq!(transactions("email_outbox"), transactions("audit_log"));
    }
}

#[tokio::test]
async fn a_registered_account_is_an_unverified_applicant_without_a_password() {
    let app = TestApp::new();
    app.register(registration(FATIMA)).await;
    let user = account(&app, FATIMA).unwrap();
    assert_eq!(user.groups, [APPLICANT_GROUP]);
    assert!(user.is_active && !user.is_superuser);
    assert_eq!(user.firstname, person_name("Fatima"));
    assert_eq!(
        app.store(|tx| tx.password_hash(user.id)).as_deref(),
        Some(NO_PASSWORD)
    );
    assert_eq!(app.actions(), [Action::AccountRegister]);
    assert_eq!(
        app.take_mail_kinds(),
        [(FATIMA.to_owned(), MailKind::VerifyEmail)]
    );
}

#[tokio::test]
async fn a_registrations_link_sets_the_password_and_logs_in_once() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    let log_in = app.complete(&token, PASSWORD).await.unwrap();
    assert_eq!(log_in.user.email, address(FATIMA));
    assert!(app.is_accepted(&app.caller(&log_in)).await);
    app.try_log_in(FATIMA, PASSWORD, None).await.unwrap();
    let again = app.complete(&token, NEW_PASSWORD).await;
    assert_refused!(again, ProofError::Link(LinkError::Gone));
    let [_registered, verified, logged_in, _] = app.actions()[..] else {
        panic!("{:?}", app.actions())
    };
    assert_eq!(
        [verified, logged_in],
        [Action::EmailVerify, Action::SessionCreate]
    );
}

#[tokio::test]
async fn a_missing_or_weak_password_leaves_the_link_valid() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    assert_refused!(app.open(&token, None).await, ProofError::PasswordRequired);
    let weak = app.complete(&token, "password1234").await;
    assert_refused!(
        weak,
        ProofError::Password(NewPasswordError::Weak(PasswordWeakness::Guessable { .. }))
    );
    for personal in ["x9$k DANJUMA 2f!q", "x9$k fatima 2f!q"] {
        let refused = app.complete(&token, personal).await;
        assert_refused!(
            refused,
            ProofError::Password(NewPasswordError::Weak(PasswordWeakness::Personal))
        );
    }
    app.complete(&token, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_password_that_the_previous_release_stored_is_void_after_completion() {
    let app = TestApp::new();
    let unproved = app.member().email(FATIMA).unverified().create();
    app.resend(FATIMA).await;
    let token = app.link_token(&app.only_mail_to(FATIMA));
    let log_in = app.complete(&token, NEW_PASSWORD).await.unwrap();
    assert_eq!(log_in.user.id, unproved.id());
    let refused = app.try_log_in(FATIMA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    app.try_log_in(FATIMA, NEW_PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn of_two_simultaneous_completions_by_one_link_one_counts() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    let (one, other) = tokio::join!(
        app.complete(&token, PASSWORD),
        app.complete(&token, NEW_PASSWORD)
    );
    assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    let (good, lost) = match one.is_ok() {
        true => (PASSWORD, other),
        false => (NEW_PASSWORD, one),
    };
    assert_refused!(lost, ProofError::Link(LinkError::Gone));
    app.try_log_in(FATIMA, good, None).await.unwrap();
}

#[tokio::test]
async fn a_suspended_registration_is_not_completed() {
    let app = TestApp::new();
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let token = registration_token(&app, FATIMA).await;
    let id = account(&app, FATIMA).unwrap().id;
    let suspended = app.use_cases.identity.accounts.suspend(staff.caller(), id);
    suspended.await.unwrap();
    let refused = app.complete(&token, PASSWORD).await;
    assert_refused!(refused, ProofError::Link(LinkError::Gone));
    app.resend(FATIMA).await;
    assert_eq!(app.take_mail_kinds(), []);
}

#[tokio::test]
async fn a_verification_link_expires() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    app.clock.advance(VERIFICATION_LIFETIME);
    let refused = app.complete(&token, PASSWORD).await;
    assert_refused!(refused, ProofError::Link(LinkError::Gone));
}

#[tokio::test]
async fn a_token_that_is_no_link_verifies_nothing() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    for token in ["", "\0", &token[1..], &"A".repeat(43)] {
        assert_refused!(app.verify_email(token).await, LinkError::Gone);
    }
}

#[tokio::test]
async fn a_second_registration_replaces_the_first() {
    let app = TestApp::new();
    let first = registration_token(&app, FATIMA).await;
    let mut second = registration(FATIMA);
    second.firstname = person_name("Hauwa");
    app.register(second).await;
    let second = app.link_token(&app.only_mail_to(FATIMA));
    let refused = app.complete(&first, PASSWORD).await;
    assert_refused!(refused, ProofError::Link(LinkError::Gone));
    let log_in = app.complete(&second, PASSWORD).await.unwrap();
    assert_eq!(log_in.user.firstname, person_name("Hauwa"));
    assert_eq!(accounts(&app), 1);
}

#[tokio::test]
async fn simultaneous_registrations_of_one_address_leave_one_account() {
    let app = TestApp::new();
    join_all((0..6).map(|_| app.register(registration(FATIMA)))).await;
    assert_eq!(accounts(&app), 1);
    let mut completed = 0;
    for mail in app.mails_to(FATIMA) {
        match app.complete(&app.link_token(&mail), PASSWORD).await {
            Ok(_) => completed += 1,
            Err(error) => assert!(
                matches!(error, ProofError::Link(LinkError::Gone)),
                "{error:?}"
            ),
        }
    }
    assert_eq!(completed, 1);
}

#[tokio::test]
async fn registering_a_taken_address_only_writes_to_its_owner() {
    let app = TestApp::new();
    let owner = app.member().email("owner@example.com").create();
    app.member()
        .email("suspended@example.com")
        .suspended()
        .create();
    app.add_verified_email(&owner.caller(), "further@example.com")
        .await;
    let before = accounts(&app);
    for email in [
        "owner@example.com",
        "suspended@example.com",
        "further@example.com",
    ] {
        app.register(registration(email)).await;
        let mail = app.only_mail_to(email);
        assert!(
            matches!(mail, MailContent::AccountExists { .. }),
            "{mail:?}"
        );
        assert_eq!(app.actions().last(), Some(&Action::AccountRegisterAgain));
    }
    assert_eq!(accounts(&app), before);
    app.log_in(&owner).await;
}

#[tokio::test]
async fn consents_are_recorded_with_the_version_of_the_terms() {
    let app = TestApp::new();
    app.register(registration(FATIMA)).await;
    let consents = app.database.texts(
        "SELECT concat_ws(' ', purpose, granted, version, source) FROM consents ORDER BY purpose",
    );
    assert_eq!(
        consents,
        [
            "digest f 2026-01 registration",
            "directory t 2026-01 registration",
            "terms t 2026-01 registration",
        ]
    );
}

#[tokio::test]
async fn unverified_accounts_are_swept_after_ninety_days_twenty_at_once() {
    let app = TestApp::new();
    let created = |age: TimeDelta, is_verified: bool| -> UserId {
        let at = app.now() - age;
        let member = app.member().with(|user| {
            user.with(|new| {
                new.created_at = at;
                new.email_verified_at = is_verified.then_some(at);
            })
        });
        member.create().id()
    };
    let second = TimeDelta::seconds(1);
    for _ in 0..25 {
        created(UNVERIFIED_KEPT_FOR + second, false);
    }
    let kept = [
        created(UNVERIFIED_KEPT_FOR - second, false),
        created(TimeDelta::days(400), true),
    ];
    // Each registration adds one of its own.
    for left in [7 + 1, 2 + 2, 2 + 3] {
        let email = format!("{left}@example.com");
        app.register(registration(&email)).await;
        assert_eq!(accounts(&app), left);
    }
    for id in kept {
        assert!(app.store(|tx| tx.user(id)).is_some());
    }
    let expired = app.audit().into_iter().map(|entry| entry.row);
    let expired: Vec<String> = expired
        .filter(|row| row.action == Action::AccountExpire.name())
        .map(|row| row.details)
        .collect();
    assert_eq!(expired, [r#"{"accounts":"20"}"#, r#"{"accounts":"5"}"#]);
}

#[tokio::test]
async fn another_link_goes_only_to_unverified_accounts_and_replaces_the_first() {
    let app = TestApp::new();
    app.member().email("owner@example.com").create();
    let first = registration_token(&app, FATIMA).await;
    for email in ["stranger@example.com", "owner@example.com"] {
        app.resend(email).await;
        assert_eq!(app.take_mail_kinds(), []);
    }
    app.resend(FATIMA).await;
    let second = app.link_token(&app.only_mail_to(FATIMA));
    let refused = app.complete(&first, PASSWORD).await;
    assert_refused!(refused, ProofError::Link(LinkError::Gone));
    app.complete(&second, PASSWORD).await.unwrap();
    app.resend(FATIMA).await;
    assert_eq!(app.take_mail_kinds(), []);
}

#[tokio::test]
async fn an_unverified_account_gives_way_to_who_verifies_its_address() {
    let app = TestApp::new();
    let musa = app.member().email("musa@example.com").create();
    let of_registration = registration_token(&app, FATIMA).await;
    app.add_verified_email(&musa.caller(), FATIMA).await;
    assert_refused!(app.verify_email(&of_registration).await, LinkError::Gone);
    let log_in = app.try_log_in(FATIMA, PASSWORD, None).await.unwrap();
    assert_eq!(log_in.user.id, musa.id());
    assert_eq!(accounts(&app), 1);
}

#[tokio::test]
async fn an_address_its_account_may_return_to_is_not_registered() {
    let app = TestApp::new();
    let amina = app.member().email("amina@example.com").create();
    let (old, new) = ("amina@example.com", "amina@example.org");
    app.change_primary(&amina.caller(), old, new).await;
    app.register(registration(old)).await;
    let mail = app.only_mail_to(old);
    assert!(
        matches!(mail, MailContent::AccountExists { .. }),
        "{mail:?}"
    );
    assert_eq!(accounts(&app), 1);
}
