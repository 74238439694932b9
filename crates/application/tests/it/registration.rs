//! Registration: uniform work and answers, unverified accounts that give way, consents.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use abu_application::{
    identity::{
        emails::LinkError,
        passwords::NewPasswordError,
        ports::{Consents, PasswordHasher, PasswordMatch, PasswordPolicy, PasswordWeakness},
        registration::{RegistrationDraft, RegistrationError, UNVERIFIED_KEPT_FOR},
        sessions::LogInError,
    },
    platform::{
        audit::Action,
        mail::{MailContent, MailKind},
    },
};
use abu_domain::{
    UserId,
    access::APPLICANT_GROUP,
    identity::{
        consent::ConsentPurpose,
        text::{LoginPassword, NewPassword, PersonalWords, TermsVersion},
        user::User,
    },
};
use abu_security::{BcryptHasher, GuessingPolicy};
use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::{
    identity_calls::{NEW_PASSWORD, account_draft, address, detached_tasks_end, person_name},
    support::{PASSWORD, TestApp, VERIFICATION_LIFETIME, assert_refused, origin},
};

const FATIMA: &str = "fatima@example.com";

fn draft(email: &str, password: &str) -> RegistrationDraft {
    RegistrationDraft {
        user: account_draft(email, password),
        consents: Consents {
            version: TermsVersion::parse("2026-01").unwrap(),
            granted: vec![
                (ConsentPurpose::Directory, true),
                (ConsentPurpose::Digest, false),
            ],
        },
    }
}

async fn try_register(app: &TestApp, draft: RegistrationDraft) -> Result<(), RegistrationError> {
    app.use_cases
        .identity
        .registration
        .register(draft, origin())
        .await
}

async fn register(app: &TestApp, email: &str) {
    try_register(app, draft(email, PASSWORD)).await.unwrap();
}

/// The token of the link that a registration brings.
async fn registration_token(app: &TestApp, email: &str) -> String {
    register(app, email).await;
    app.link_token(&app.only_mail_to(email))
}

async fn resend(app: &TestApp, email: &str) {
    app.use_cases
        .identity
        .emails
        .resend(address(email))
        .await
        .unwrap();
    detached_tasks_end().await;
}

/// The account whose primary address this is.
fn account(app: &TestApp, email: &str) -> Option<User> {
    let found = app.store(|tx| tx.credentials(&address(email)));
    found.and_then(|found| app.store(|tx| tx.user(found.user_id)))
}

fn accounts(app: &TestApp) -> usize {
    app.database.texts("SELECT id::text FROM users").len()
}

#[derive(Clone, Default)]
struct Counters {
    hashed: Arc<AtomicUsize>,
    judged: Arc<AtomicUsize>,
}

impl PasswordHasher for Counters {
    fn hash(
        &self,
        password: &NewPassword,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        self.hashed.fetch_add(1, Relaxed);
        BcryptHasher::new(4).hash(password)
    }

    fn verify(&self, _password: &LoginPassword, _hash: Option<&str>) -> PasswordMatch {
        panic!("a registration compares no password")
    }

    fn rehash(
        &self,
        _password: &LoginPassword,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        panic!("a registration compares no password")
    }
}

impl PasswordPolicy for Counters {
    fn judge(
        &self,
        password: &NewPassword,
        personal: &PersonalWords,
    ) -> Result<(), PasswordWeakness> {
        self.judged.fetch_add(1, Relaxed);
        GuessingPolicy::new(3).judge(password, personal)
    }
}

#[tokio::test]
async fn registering_costs_the_same_work_for_free_and_taken_addresses() {
    let counters = Counters::default();
    let app = TestApp::with(|policies| {
        policies.identity.passwords.hasher = Arc::new(counters.clone());
        policies.identity.passwords.policy = Arc::new(counters.clone());
    });
    app.member().email("owner@example.com").create();
    for (before, email) in ["owner@example.com", FATIMA].into_iter().enumerate() {
        register(&app, email).await;
        let times = before + 1;
        assert_eq!(counters.hashed.load(Relaxed), times);
        assert_eq!(counters.judged.load(Relaxed), times);
        // One transaction, with one mail and one audit entry in it.
        let transactions = |table| {
            let query = format!("SELECT xmin::text FROM {table} ORDER BY id");
            app.database.texts(&query)
        };
        assert_eq!(transactions("email_outbox").len(), times);
        assert_eq!(transactions("email_outbox"), transactions("audit_log"));
    }
}

#[tokio::test]
async fn a_registered_account_is_an_unverified_applicant() {
    let app = TestApp::new();
    register(&app, FATIMA).await;
    let user = account(&app, FATIMA).unwrap();
    assert_eq!(user.groups, [APPLICANT_GROUP]);
    assert!(user.is_active && !user.is_superuser);
    assert_eq!(user.firstname, person_name("Fatima"));
    assert_refused!(
        app.try_log_in(FATIMA, PASSWORD, None).await,
        LogInError::EmailUnverified
    );
    assert_eq!(app.actions(), [Action::AccountRegister]);
    assert_eq!(
        app.take_mail_kinds(),
        [(FATIMA.to_owned(), MailKind::VerifyEmail)]
    );
}

#[tokio::test]
async fn a_verification_link_lets_the_owner_log_in_and_works_once() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    let needs_password = app.verify_email(&token).await.unwrap();
    assert!(!needs_password);
    app.try_log_in(FATIMA, PASSWORD, None).await.unwrap();
    assert_refused!(app.verify_email(&token).await, LinkError::Gone);
}

#[tokio::test]
async fn a_verification_link_expires() {
    let app = TestApp::new();
    let token = registration_token(&app, FATIMA).await;
    app.clock.advance(VERIFICATION_LIFETIME);
    assert_refused!(app.verify_email(&token).await, LinkError::Gone);
    assert_refused!(
        app.try_log_in(FATIMA, PASSWORD, None).await,
        LogInError::EmailUnverified
    );
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
async fn a_second_registration_replaces_the_first_and_voids_both_passwords() {
    let app = TestApp::new();
    let first = registration_token(&app, FATIMA).await;
    let mut second = draft(FATIMA, NEW_PASSWORD);
    second.user.firstname = person_name("Hauwa");
    try_register(&app, second).await.unwrap();
    let second = app.link_token(&app.only_mail_to(FATIMA));

    assert_refused!(app.verify_email(&first).await, LinkError::Gone);
    assert!(app.verify_email(&second).await.unwrap());
    for password in [PASSWORD, NEW_PASSWORD] {
        assert_refused!(
            app.try_log_in(FATIMA, password, None).await,
            LogInError::InvalidCredentials
        );
    }
    let choose = app.only_mail_to(FATIMA);
    assert!(matches!(choose, MailContent::ChoosePassword { .. }));
    let chosen = "what only the reader chose";
    let reset = app.reset_password(app.reset_link(&choose), chosen);
    reset.await.unwrap();
    let log_in = app.try_log_in(FATIMA, chosen, None).await.unwrap();
    assert_eq!(log_in.user.firstname, person_name("Hauwa"));
}

#[tokio::test]
async fn simultaneous_registrations_of_one_address_leave_one_account() {
    let app = TestApp::new();
    let drafts = (0..6).map(|number| draft(FATIMA, &format!("harmattan over hill {number}")));
    for registered in join_all(drafts.map(|draft| try_register(&app, draft))).await {
        registered.unwrap();
    }
    assert_eq!(accounts(&app), 1);
    let mut verified = 0;
    for mail in app.mails_to(FATIMA) {
        match app.verify_email(&app.link_token(&mail)).await {
            Ok(_) => verified += 1,
            Err(error) => assert!(matches!(error, LinkError::Gone), "{error:?}"),
        }
    }
    assert_eq!(verified, 1);
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
        try_register(&app, draft(email, NEW_PASSWORD))
            .await
            .unwrap();
        let mail = app.only_mail_to(email);
        assert!(
            matches!(mail, MailContent::AccountExists { .. }),
            "{mail:?}"
        );
        assert_eq!(app.actions().last(), Some(&Action::AccountRegisterAgain));
    }
    assert_eq!(accounts(&app), before);
    app.log_in(&owner).await;
    assert_refused!(
        app.try_log_in("owner@example.com", NEW_PASSWORD, None)
            .await,
        LogInError::InvalidCredentials
    );
}

#[tokio::test]
async fn consents_are_recorded_with_the_version_of_the_terms() {
    let app = TestApp::new();
    register(&app, FATIMA).await;
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
async fn a_weak_or_personal_password_registers_no_account() {
    let app = TestApp::new();
    let weak = try_register(&app, draft(FATIMA, "password1234")).await;
    assert_refused!(
        weak,
        RegistrationError::Password(NewPasswordError::Weak(PasswordWeakness::Guessable { .. }))
    );
    for personal in ["x9$k DANJUMA 2f!q", "x9$k fatima 2f!q"] {
        let refused = try_register(&app, draft(FATIMA, personal)).await;
        assert_refused!(
            refused,
            RegistrationError::Password(NewPasswordError::Weak(PasswordWeakness::Personal))
        );
    }
    assert_eq!(accounts(&app), 0);
    assert_eq!(app.take_mail_kinds(), []);
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
        register(&app, &format!("{left}@example.com")).await;
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
        resend(&app, email).await;
        assert_eq!(app.take_mail_kinds(), []);
    }
    resend(&app, FATIMA).await;
    let second = app.link_token(&app.only_mail_to(FATIMA));
    assert_refused!(app.verify_email(&first).await, LinkError::Gone);
    app.verify_email(&second).await.unwrap();
    resend(&app, FATIMA).await;
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
    register(&app, old).await;
    let mail = app.only_mail_to(old);
    assert!(
        matches!(mail, MailContent::AccountExists { .. }),
        "{mail:?}"
    );
    assert_eq!(accounts(&app), 1);
}
