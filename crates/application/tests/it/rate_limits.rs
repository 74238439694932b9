//! Limits that guard secrets and mailboxes, with the figures that are promised.

use std::net::Ipv4Addr;

use abu_application::{
    access::Caller,
    identity::{
        emails::EmailError,
        passwords::ConfirmError,
        sessions::{LogIn, LogInDraft, LogInError, RefreshError},
    },
    platform::{
        Origin,
        audit::Action,
        mail::MailKind,
        rate_limits::{LimitedError, RateLimited},
    },
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    identity_calls::{NEW_PASSWORD, address, detached_tasks_end, login_password, registration},
    support::{Member, PASSWORD, TestApp, assert_refused, origin},
};

const AMINA: &str = "amina@example.com";

/// The network of [`origin`] is 2.
fn from(network: u8) -> Origin {
    Origin {
        address: Some(Ipv4Addr::new(192, 0, network, 9).into()),
        ..origin()
    }
}

impl TestApp {
    async fn log_in_from(
        &self,
        network: u8,
        email: &str,
        password: &str,
    ) -> Result<LogIn, LogInError> {
        let draft = LogInDraft {
            email: address(email),
            password: login_password(password),
            otp: None,
            device_name: None,
        };
        let sessions = &self.use_cases.identity.sessions;
        sessions.log_in(draft, from(network)).await
    }

    /// Fails to log in so many times.
    async fn fail(&self, network: u8, email: &str, times: usize) {
        for _ in 0..times {
            let refused = self.log_in_from(network, email, NEW_PASSWORD).await;
            assert_refused!(refused, LogInError::InvalidCredentials);
        }
    }

    async fn refresh_from(&self, network: u8, token: &str) -> Result<LogIn, RefreshError> {
        let token = SecretString::from(token);
        let sessions = &self.use_cases.identity.sessions;
        sessions.refresh(token, from(network)).await
    }

    async fn register_from(&self, network: u8, email: &str) -> Result<(), LimitedError> {
        let use_case = &self.use_cases.identity.registration;
        use_case.register(registration(email), from(network)).await
    }

    async fn forget_from(&self, network: u8, email: &str) -> Result<(), LimitedError> {
        let passwords = &self.use_cases.identity.passwords;
        passwords.forgot(address(email), from(network)).await?;
        detached_tasks_end().await;
        Ok(())
    }

    async fn resend_from(&self, network: u8, email: &str) -> Result<(), LimitedError> {
        let emails = &self.use_cases.identity.emails;
        emails.resend(address(email), from(network)).await?;
        detached_tasks_end().await;
        Ok(())
    }

    fn amina(&self) -> Member {
        self.member().email(AMINA).super_admin().create()
    }
}

/// The limit that refused a log-in, and in how many seconds it allows another one.
#[track_caller]
fn refused_by(result: Result<LogIn, LogInError>) -> (&'static str, u32) {
    match result {
        Err(LogInError::RateLimited(RateLimited(status))) => (status.policy, status.renews_in),
        other => panic!("no limit refused it: {other:?}"),
    }
}

#[tokio::test]
async fn wrong_passwords_from_one_network_do_not_lock_out_another() {
    let app = TestApp::limited();
    app.amina();
    app.fail(3, AMINA, 10).await;
    let refused = app.log_in_from(3, AMINA, PASSWORD).await;
    assert_eq!(refused_by(refused), ("log-in-account", 90));
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    app.clock.advance(TimeDelta::seconds(90));
    app.log_in_from(3, AMINA, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn log_ins_that_succeed_are_not_counted() {
    let app = TestApp::limited();
    app.amina();
    for _ in 0..12 {
        app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    }
    app.fail(2, AMINA, 10).await;
}

#[tokio::test]
async fn a_network_that_failed_often_opens_only_accounts_that_know_it() {
    let app = TestApp::limited();
    app.amina();
    app.member().email("musa@example.com").create();
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    for number in 0..10 {
        app.fail(2, &format!("made-up-{number}@example.com"), 10)
            .await;
    }
    for email in ["new@example.com", "musa@example.com"] {
        let refused = app.log_in_from(2, email, PASSWORD).await;
        assert_eq!(refused_by(refused), ("log-in-network", 9));
    }
    app.fail(2, AMINA, 1).await;
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    app.log_in_from(3, "musa@example.com", PASSWORD)
        .await
        .unwrap();
}

#[tokio::test]
async fn failures_of_an_account_that_knows_the_network_are_not_the_networks() {
    let app = TestApp::limited();
    for number in 0..11 {
        let email = format!("neighbor-{number}@example.com");
        app.member().email(&email).create();
        app.log_in_from(2, &email, PASSWORD).await.unwrap();
        app.fail(2, &email, 10).await;
    }
    app.fail(2, "new@example.com", 1).await;
}

/// Uses up the account's failures of the day.
async fn lock(app: &TestApp) {
    for network in 100..110 {
        app.fail(network, AMINA, 10).await;
    }
}

#[tokio::test]
async fn after_a_days_failures_an_account_opens_from_known_networks_alone() {
    let app = TestApp::limited();
    let amina = app.amina();
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    lock(&app).await;
    let refused = app.log_in_from(3, AMINA, PASSWORD).await;
    assert_eq!(refused_by(refused), ("log-in-elsewhere", 86_400));
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    let locks = app.audit().into_iter().filter(|entry| {
        let (action, target) = (&entry.row.action, &entry.row.target_id);
        action == Action::LogInLock.name() && *target == Some(amina.id().to_string())
    });
    assert_eq!(locks.count(), 1);

    app.clock
        .advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    let refused = app.log_in_from(3, AMINA, PASSWORD).await;
    assert_eq!(refused_by(refused), ("log-in-elsewhere", 1));
    app.clock.advance(TimeDelta::seconds(1));
    app.log_in_from(3, AMINA, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_completed_reset_lifts_the_days_failures() {
    let app = TestApp::limited();
    app.amina();
    lock(&app).await;
    app.fail(2, "made-up@example.com", 1).await;
    refused_by(app.log_in_from(2, AMINA, PASSWORD).await);
    let link = app.new_reset_link(AMINA).await;
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
    app.log_in_from(3, AMINA, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_network_unused_for_ninety_days_is_unknown_again() {
    let app = TestApp::limited();
    app.amina();
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
    app.clock.advance(TimeDelta::days(90));
    lock(&app).await;
    let refused = app.log_in_from(2, AMINA, PASSWORD).await;
    assert_eq!(refused_by(refused).0, "log-in-elsewhere");
}

#[tokio::test]
async fn a_refresh_makes_its_network_known() {
    let app = TestApp::limited();
    let amina = app.amina();
    let log_in = app.log_in(&amina).await;
    let token = log_in.refresh_token.expose_secret().to_owned();
    app.refresh_from(7, &token).await.unwrap();
    lock(&app).await;
    app.log_in_from(7, AMINA, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn unknown_addresses_are_limited_as_accounts_are() {
    let app = TestApp::limited();
    app.amina();
    let mut answers = [AMINA, "made-up@example.com"].map(|email| (email, Vec::new()));
    for (email, answers) in &mut answers {
        for network in 100..111 {
            for _ in 0..11 {
                let answer = app.log_in_from(network, email, NEW_PASSWORD).await;
                answers.push(match answer.unwrap_err() {
                    LogInError::RateLimited(refused) => Some(refused),
                    LogInError::InvalidCredentials => None,
                    other => panic!("{other:?}"),
                });
            }
        }
    }
    let [(_, known), (_, unknown)] = answers;
    assert_eq!(known, unknown);
    assert_eq!(known.iter().filter(|answer| answer.is_none()).count(), 100);
}

#[tokio::test]
async fn guesses_at_once_get_no_more_tries_than_one_after_another() {
    let app = TestApp::limited();
    app.amina();
    let guesses = (0..40).map(|_| app.log_in_from(3, AMINA, NEW_PASSWORD));
    let answers = futures_util::future::join_all(guesses).await;
    let evaluated = answers
        .iter()
        .filter(|answer| matches!(answer, Err(LogInError::InvalidCredentials)));
    // Two hashes of a network run at once.
    assert!((10..=11).contains(&evaluated.count()));
}

#[tokio::test]
async fn wrong_passwords_within_a_session_count_for_that_session() {
    let app = TestApp::limited();
    let amina = app.amina();
    let [stolen, own] = [app.new_caller(&amina).await, app.new_caller(&amina).await];
    let add = |caller: &Caller, password: &str| {
        let (email, password) = (address("a@example.org"), login_password(password));
        let emails = app.use_cases.identity.emails.clone();
        let caller = caller.clone();
        async move { emails.add(caller, email, password).await }
    };
    for _ in 0..10 {
        let wrong = add(&stolen, NEW_PASSWORD).await;
        assert_refused!(wrong, EmailError::Confirm(ConfirmError::WrongPassword));
    }
    let refused = add(&stolen, PASSWORD).await;
    assert_refused!(refused, EmailError::Confirm(ConfirmError::RateLimited(_)));
    add(&own, PASSWORD).await.unwrap();
    app.log_in_from(2, AMINA, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_user_claims_few_addresses_an_hour() {
    let app = TestApp::limited();
    let amina = app.amina();
    for _ in 0..10 {
        app.add_email(&amina.caller(), "a@example.org")
            .await
            .unwrap();
    }
    let refused = app.add_email(&amina.caller(), "a@example.org").await;
    assert_refused!(refused, EmailError::RateLimited(_));
}

#[tokio::test]
async fn forged_refresh_tokens_refuse_no_genuine_one_of_the_network() {
    let app = TestApp::limited();
    let amina = app.amina();
    let (log_in, other) = (app.log_in(&amina).await, app.log_in(&amina).await);
    for _ in 0..60 {
        assert_refused!(app.refresh_from(2, "garbage").await, RefreshError::Invalid);
    }
    assert_refused!(
        app.refresh_from(2, "garbage").await,
        RefreshError::RateLimited(_)
    );
    assert_refused!(app.refresh_from(3, "garbage").await, RefreshError::Invalid);
    let token = |log_in: &LogIn| log_in.refresh_token.expose_secret().to_owned();
    let mut newest = token(&log_in);
    for _ in 0..10 {
        newest = token(&app.refresh_from(2, &newest).await.unwrap());
    }
    let refused = app.refresh_from(2, &newest).await;
    assert_refused!(refused, RefreshError::RateLimited(_));
    app.refresh_from(2, &token(&other)).await.unwrap();
}

#[tokio::test]
async fn a_hall_registers_behind_one_network() {
    let app = TestApp::limited();
    let emails: Vec<String> = (0..301)
        .map(|number| format!("hall-{number}@example.com"))
        .collect();
    let registrations = emails.iter().map(|email| app.register_from(2, email));
    let answers = futures_util::future::join_all(registrations).await;
    let limited =
        |answer: &&Result<(), LimitedError>| matches!(answer, Err(LimitedError::RateLimited(_)));
    assert_eq!(answers.iter().filter(limited).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 300);
    assert_eq!(app.take_mails().len(), 300);
    app.register_from(3, "late@example.com").await.unwrap();
}

#[tokio::test]
async fn above_an_addresses_figure_no_mail_is_sent_and_the_newest_link_stays() {
    let app = TestApp::limited();
    let new = "new@example.com";
    app.register_from(2, new).await.unwrap();
    app.resend_from(3, new).await.unwrap();
    app.resend_from(4, new).await.unwrap();
    let newest = app.link_token(&app.take_mails().pop().unwrap().content);
    app.resend_from(5, new).await.unwrap();
    app.register_from(6, new).await.unwrap();
    app.forget_from(7, new).await.unwrap();
    assert_eq!(app.take_mail_kinds(), []);
    app.open(&newest, Some(PASSWORD)).await.unwrap();

    app.amina();
    for network in 1..=4 {
        app.forget_from(network, AMINA).await.unwrap();
    }
    let kinds = app.take_mail_kinds();
    assert_eq!(kinds, vec![(AMINA.to_owned(), MailKind::ResetPassword); 3]);
    app.clock.advance(TimeDelta::minutes(20));
    app.forget_from(1, AMINA).await.unwrap();
    assert_eq!(app.take_mails().len(), 1);
}

#[tokio::test]
async fn a_strangers_registrations_leave_the_owners_reset_link() {
    let app = TestApp::limited();
    app.amina();
    for network in 1..=9 {
        app.register_from(network, AMINA).await.unwrap();
    }
    let notices = app.take_mail_kinds();
    assert_eq!(
        notices,
        vec![(AMINA.to_owned(), MailKind::AccountExists); 3]
    );
    app.forget_from(2, AMINA).await.unwrap();
    let links = app.take_mail_kinds();
    assert_eq!(links, [(AMINA.to_owned(), MailKind::ResetPassword)]);
}

#[tokio::test]
async fn requests_that_send_no_mail_do_not_use_up_a_newcomers() {
    let app = TestApp::limited();
    for _ in 0..20 {
        app.forget_from(3, "new@example.com").await.unwrap();
        app.resend_from(3, "new@example.com").await.unwrap();
    }
    app.register_from(2, "new@example.com").await.unwrap();
    assert_eq!(app.take_mails().len(), 1);
}

#[tokio::test]
async fn one_network_asks_for_mails_to_few_addresses() {
    let app = TestApp::limited();
    app.amina();
    for number in 0..59 {
        let made_up = format!("made-up-{number}@example.com");
        app.forget_from(3, &made_up).await.unwrap();
        app.resend_from(3, &made_up).await.unwrap();
    }
    app.forget_from(3, AMINA).await.unwrap();
    assert_refused!(
        app.forget_from(3, "another@example.com").await,
        LimitedError::RateLimited(_)
    );
    assert_refused!(
        app.resend_from(3, "another@example.com").await,
        LimitedError::RateLimited(_)
    );
    app.forget_from(3, AMINA).await.unwrap();
    assert_eq!(app.take_mails().len(), 2);
    // Newcomers elsewhere share nothing with them.
    app.register_from(2, "new@example.com").await.unwrap();
    app.forget_from(2, AMINA).await.unwrap();
    assert_eq!(app.take_mails().len(), 2);
}

#[tokio::test]
async fn requests_for_one_address_at_once_do_not_lock_each_other() {
    let app = TestApp::limited();
    let (amina, new) = (app.amina(), "new@example.com");
    app.register_from(2, new).await.unwrap();
    let requests = (0..8).map(|network| {
        let (app, amina) = (&app, &amina);
        async move {
            app.register_from(network, new).await.unwrap();
            app.resend_from(network, new).await.unwrap();
            app.forget_from(network, AMINA).await.unwrap();
            app.register_from(network, AMINA).await.unwrap();
            app.log_in(amina).await;
        }
    });
    futures_util::future::join_all(requests).await;
    assert_eq!(app.mails_to(new).len(), 3);
    assert_eq!(app.database.texts("SELECT id::text FROM users").len(), 2);
}

/// Every request that a stranger can send, as often as the limits allow.
async fn attack(app: &TestApp, network: u8, own: &Member) {
    for number in 0..700 {
        let email = format!("made-up-{}-{}@example.com", network, number / 10);
        let refused = app.log_in_from(network, &email, NEW_PASSWORD).await;
        if matches!(refused, Err(LogInError::RateLimited(_))) {
            break;
        }
    }
    for _ in 0..12 {
        app.log_in_from(network, AMINA, NEW_PASSWORD)
            .await
            .unwrap_err();
    }
    for _ in 0..70 {
        app.refresh_from(network, "garbage").await.unwrap_err();
    }
    for number in 0..70 {
        let _ = app
            .forget_from(network, &format!("made-up-{number}@example.com"))
            .await;
    }
    for _ in 0..5 {
        let _ = app.forget_from(network, AMINA).await;
        let _ = app.resend_from(network, AMINA).await;
        let _ = app.register_from(network, AMINA).await;
        let _ = app.add_email(&own.caller(), AMINA).await;
    }
    for _ in 0..12 {
        let sessions = &app.use_cases.identity.sessions;
        let guess = sessions.begin_totp(own.caller(), login_password(NEW_PASSWORD));
        guess.await.unwrap_err();
    }
}

#[tokio::test]
async fn no_attack_within_the_limits_changes_the_answer_to_a_victim() {
    let app = TestApp::limited();
    let amina = app.amina();
    let attacker = app.member().create();
    let session = app.log_in(&amina).await;
    // One attacker in the victim's network, one elsewhere.
    app.log_in_from(5, AMINA, PASSWORD).await.unwrap();
    for network in [2, 3] {
        attack(&app, network, &attacker).await;
    }
    assert!(app.is_accepted(&app.caller(&session)).await);
    let token = session.refresh_token.expose_secret().to_owned();
    app.refresh_from(2, &token).await.unwrap();
    app.log_in_from(5, AMINA, PASSWORD).await.unwrap();
    app.log_in_from(4, AMINA, PASSWORD).await.unwrap();
}
