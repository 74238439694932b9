//! Login sessions: who may log in with what, and how sessions end.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use abu_application::{
    access::{AccessError, Caller},
    identity::{
        accounts::ERASURE_DELAY,
        ports::{Erasure, NewSession, PasswordHasher, PasswordMatch},
        sessions::{LogInDraft, LogInError, OwnSession, SessionError},
    },
    platform::{
        audit::Action,
        lists::{ListRequest, Seek, TimePosition, Total},
        ports::Clock,
    },
};
use abu_domain::{
    LoginSessionId,
    identity::text::{LoginPassword, NewPassword},
    platform::text::{DeviceName, Reason},
};
use abu_security::BcryptHasher;
use abu_test_support::session_of;
use chrono::TimeDelta;
use tokio::sync::oneshot;

use crate::{
    identity_calls::{NEW_PASSWORD, address, login_password, new_password, registration},
    support::{
        ACCESS_TOKEN_LIFETIME, LiveCall, Member, PASSWORD, SESSION_LIFETIME, TestApp,
        assert_refused, new_id, origin,
    },
};

const AMINA: &str = "amina@example.com";

fn app_with_amina() -> (TestApp, Member) {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    (app, amina)
}

fn all() -> ListRequest<TimePosition<LoginSessionId>> {
    ListRequest {
        seek: Seek::START,
        limit: 100,
        count: true,
    }
}

async fn list(app: &TestApp, caller: &Caller) -> Vec<OwnSession> {
    let listed = app
        .use_cases
        .identity
        .sessions
        .list(caller.clone(), all())
        .await;
    listed.unwrap().items
}

async fn ids(app: &TestApp, caller: &Caller) -> Vec<LoginSessionId> {
    let listed = list(app, caller).await;
    listed.into_iter().map(|own| own.listing.id).collect()
}

fn last_actions<const N: usize>(app: &TestApp) -> [Action; N] {
    *app.actions().last_chunk().unwrap()
}

#[tokio::test]
async fn any_verified_address_logs_in_and_a_claimed_one_does_not() {
    let (app, amina) = app_with_amina();
    let further = "amina@example.org";
    let token = app.claim_token(&amina.caller(), further).await;
    let refused = app.try_log_in(further, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    app.verify_email(&token).await.unwrap();
    for email in [further, AMINA, "AMINA@example.COM"] {
        let log_in = app.try_log_in(email, PASSWORD, None).await.unwrap();
        assert_eq!(log_in.user.id, amina.id());
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_like_an_unknown_address() {
    let (app, amina) = app_with_amina();
    for (email, password) in [
        (AMINA, NEW_PASSWORD),
        (AMINA, ""),
        ("stranger@example.com", PASSWORD),
    ] {
        let refused = app.try_log_in(email, password, None).await;
        assert_refused!(refused, LogInError::InvalidCredentials);
    }
    assert_eq!(ids(&app, &amina.caller()).await.len(), 1);
    assert_eq!(app.actions(), []);
}

#[tokio::test]
async fn an_unfinished_registration_is_refused_by_the_work_for_an_unknown_address() {
    #[derive(Clone, Default)]
    struct NoHash(Arc<AtomicUsize>);

    impl PasswordHasher for NoHash {
        fn hash(&self, _: &NewPassword) -> Result<String, Box<dyn Error + Send + Sync>> {
            panic!("a log-in hashes no new password")
        }

        fn verify(&self, _: &LoginPassword, hash: Option<&str>) -> PasswordMatch {
            assert_eq!(hash, None);
            self.0.fetch_add(1, Relaxed);
            PasswordMatch::Wrong
        }

        fn rehash(&self, _: &LoginPassword) -> Result<String, Box<dyn Error + Send + Sync>> {
            panic!("no password matched")
        }
    }

    let hasher = NoHash::default();
    let app = TestApp::with(|policies| {
        policies.identity.passwords.hasher = Arc::new(hasher.clone());
    });
    app.register(registration("fatima@example.com")).await;
    // The previous release stored a password with a registration.
    app.member().email(AMINA).unverified().create();
    let emails = ["fatima@example.com", AMINA, "stranger@example.com"];
    for (before, email) in emails.into_iter().enumerate() {
        let refused = app.try_log_in(email, PASSWORD, None).await;
        assert_refused!(refused, LogInError::InvalidCredentials);
        assert_eq!(hasher.0.load(Relaxed), before + 1);
    }
}

#[tokio::test]
async fn a_suspension_is_revealed_only_after_the_right_password() {
    let app = TestApp::new();
    app.member().email(AMINA).suspended().create();
    let refused = app.try_log_in(AMINA, NEW_PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    let refused = app.try_log_in(AMINA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::Suspended);
}

#[tokio::test]
async fn logging_in_reactivates_a_deactivated_account() {
    let app = TestApp::new();
    let amina = app.member().hidden().create();
    let caller = app.new_caller(&amina).await;
    let own = app
        .use_cases
        .identity
        .own_accounts
        .get(caller)
        .await
        .unwrap();
    assert!(!own.is_deactivated);
    let actions = [Action::AccountReactivate, Action::SessionCreate];
    assert_eq!(last_actions(&app), actions);
}

#[tokio::test]
async fn a_log_in_within_the_erasure_window_does_not_show_a_hidden_account() {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).hidden().create();
    let now = app.now();
    app.store(|tx| {
        tx.insert_erasure(&Erasure {
            user_id: amina.id(),
            requested_by: amina.id(),
            reason: Reason::parse("I move on.").unwrap(),
            requested_at: now,
            runs_at: now + ERASURE_DELAY,
        })
    });
    let refused = app.try_log_in(AMINA, NEW_PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    app.try_log_in(AMINA, PASSWORD, None).await.unwrap();
    let reactivated = app
        .use_cases
        .identity
        .own_accounts
        .reactivate(amina.caller());
    assert_refused!(reactivated.await, AccessError::Suspended);
    let active = app.store(|tx| tx.active_users(&[amina.id()]));
    assert_eq!(active, []);
}

#[tokio::test]
async fn logging_out_ends_that_session_alone() {
    let (app, amina) = app_with_amina();
    let (left, kept) = (app.new_caller(&amina).await, app.new_caller(&amina).await);
    let sessions = &app.use_cases.identity.sessions;
    sessions.log_out(left.clone()).await.unwrap();
    let ended = LiveCall::SessionsEnded(amina.id(), vec![left.session]);
    assert_eq!(app.live.take(), [ended]);
    assert_eq!(app.end_reason(left.session).as_deref(), Some("log-out"));
    assert!(app.is_accepted(&kept).await);
    assert_refused!(
        sessions.log_out(left).await,
        SessionError::Access(AccessError::SessionEnded)
    );
    assert_eq!(last_actions(&app), [Action::SessionEnd]);
}

#[tokio::test]
async fn a_refresh_token_logs_its_session_out_even_when_it_is_outdated() {
    let (app, amina) = app_with_amina();
    let log_in = app.log_in(&amina).await;
    let left = app.caller(&log_in);
    let sessions = &app.use_cases.identity.sessions;
    let token = log_in.refresh_token;
    sessions.refresh(token.clone(), origin()).await.unwrap();
    app.live.take();
    sessions.log_out_by(token.clone(), origin()).await.unwrap();
    let ended = LiveCall::SessionsEnded(amina.id(), vec![left.session]);
    assert_eq!(app.live.take(), [ended]);
    assert!(app.is_accepted(&amina.caller()).await);
    assert_eq!(last_actions(&app), [Action::SessionEnd]);
    for token in [token, "forged".into()] {
        let again = sessions.log_out_by(token, origin()).await;
        assert_refused!(again, SessionError::NotFound);
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_all_sessions_of_the_user_alone() {
    let (app, amina) = app_with_amina();
    let musa = app.member().create();
    let callers = [amina.caller(), app.new_caller(&amina).await];
    let sessions = &app.use_cases.identity.sessions;
    let everywhere = sessions.log_out_everywhere(callers[0].clone()).await;
    everywhere.unwrap();
    for caller in callers {
        assert!(!app.is_accepted(&caller).await);
    }
    assert!(app.is_accepted(&musa.caller()).await);
}

#[tokio::test]
async fn a_user_revokes_a_session_of_their_own_once() {
    let (app, amina) = app_with_amina();
    let stolen = app.new_caller(&amina).await;
    let musa = app.member().create();
    let sessions = &app.use_cases.identity.sessions;
    let foreign = sessions.revoke(musa.caller(), stolen.session).await;
    assert_refused!(foreign, SessionError::NotFound);
    assert!(app.is_accepted(&stolen).await);

    let revoke = || sessions.revoke(amina.caller(), stolen.session);
    revoke().await.unwrap();
    assert!(!app.is_accepted(&stolen).await);
    let ended = LiveCall::SessionsEnded(amina.id(), vec![stolen.session]);
    assert_eq!(app.live.take(), [ended]);
    assert_refused!(revoke().await, SessionError::NotFound);
}

#[tokio::test]
async fn the_list_shows_lasting_sessions_the_last_used_first() {
    let (app, amina) = app_with_amina();
    let mut callers = vec![amina.caller()];
    for _ in 0..3 {
        app.clock.advance(TimeDelta::minutes(1));
        callers.push(app.new_caller(&amina).await);
    }
    let ended = callers.remove(1);
    let sessions = &app.use_cases.identity.sessions;
    sessions.log_out(ended).await.unwrap();
    callers.reverse();
    let expected: Vec<_> = callers.iter().map(|caller| caller.session).collect();
    assert_eq!(ids(&app, &callers[0]).await, expected);
    let listed = sessions.list(callers[0].clone(), all()).await.unwrap();
    assert_eq!(listed.total, Some(Total::Exactly(3)));
    let current: Vec<bool> = listed.items.iter().map(|own| own.is_current).collect();
    assert_eq!(current, [true, false, false]);
    app.clock.advance(SESSION_LIFETIME);
    assert_eq!(ids(&app, &callers[0]).await, []);
}

#[tokio::test]
async fn a_session_keeps_the_name_of_its_device() {
    let (app, amina) = app_with_amina();
    let draft = LogInDraft {
        email: address(AMINA),
        password: login_password(PASSWORD),
        otp: None,
        device_name: Some(DeviceName::parse("Amina's phone").unwrap()),
    };
    let sessions = &app.use_cases.identity.sessions;
    let log_in = sessions.log_in(draft, origin()).await.unwrap();
    let caller = app.caller(&log_in);
    let listed = list(&app, &amina.caller()).await;
    let own = listed.iter().find(|own| own.listing.id == caller.session);
    let listing = &own.unwrap().listing;
    assert_eq!(listing.device_name.as_deref(), Some("Amina's phone"));
}

#[tokio::test]
async fn a_login_for_one_token_lasts_as_long_as_that_token() {
    let (app, amina) = app_with_amina();
    let draft = LogInDraft {
        email: address(AMINA),
        password: login_password(PASSWORD),
        otp: None,
        device_name: None,
    };
    let sessions = &app.use_cases.identity.sessions;
    sessions.log_in_once(draft, origin()).await.unwrap();
    app.clock
        .advance(ACCESS_TOKEN_LIFETIME - TimeDelta::seconds(1));
    assert_eq!(ids(&app, &amina.caller()).await.len(), 2);
    app.clock.advance(TimeDelta::seconds(1));
    let left = ids(&app, &amina.caller()).await;
    assert_eq!(left, [session_of(amina.id())]);
}

#[tokio::test]
async fn a_login_rehashes_a_password_whose_hash_is_too_cheap() {
    let app = TestApp::with(|policies| {
        policies.identity.passwords.hasher = Arc::new(BcryptHasher::new(5));
    });
    let amina = app.member().email(AMINA).create();
    let hash = || app.store(|tx| tx.password_hash(amina.id())).unwrap();
    let cheap = hash();
    let refused = app.try_log_in(AMINA, NEW_PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    assert_eq!(hash(), cheap);
    app.log_in(&amina).await;
    let dearer = hash();
    assert!(dearer.starts_with("$2b$05$"), "{dearer}");
    app.log_in(&amina).await;
    assert_eq!(hash(), dearer);
}

#[tokio::test]
async fn a_password_that_changes_during_a_login_opens_nothing() {
    let (app, amina) = app_with_amina();
    let new = BcryptHasher::new(4).hash(&new_password(NEW_PASSWORD));
    let (new, database, id) = (new.unwrap(), app.database.clone(), amina.id());
    let now = app.clock.now();
    let (locked, is_locked) = oneshot::channel();
    // A password change holds the user row; the login waits for it.
    let changing = thread::spawn(move || {
        database.transaction(|tx| {
            assert!(tx.lock_account(id)?);
            locked.send(()).unwrap();
            database.wait_for_blocked(1);
            tx.set_password_hash(id, &new, now)
        })
    });
    is_locked.await.unwrap();
    let refused = app.try_log_in(AMINA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    assert!(changing.join().unwrap().unwrap());
}

#[tokio::test]
async fn a_login_forgets_sessions_that_ended_half_a_year_ago() {
    let (app, amina) = app_with_amina();
    let ended = |age: TimeDelta| {
        let id = LoginSessionId::new(new_id());
        let ended_at = app.now() - age;
        app.store(|tx| {
            tx.insert_session(&NewSession {
                id,
                user_id: amina.id(),
                device_name: None,
                network: None,
                created_at: ended_at - TimeDelta::hours(1),
                expires_at: ended_at,
                totp_due: false,
            })
        });
        id
    };
    let kept = ended(TimeDelta::days(179));
    let forgotten = ended(TimeDelta::days(181));
    app.log_in(&amina).await;
    let is_stored = |id: LoginSessionId| app.store(|tx| tx.lock_session(id)).is_some();
    assert!(is_stored(kept));
    assert!(!is_stored(forgotten));
}
