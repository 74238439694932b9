//! Who schedules and cancels an erasure, and the ledger.

use abu_application::{
    access::{AccessError, Operator},
    identity::{
        accounts::{AccountError, ERASURE_DELAY},
        erasure::{CarriedOut, OwnErasureError, Progress},
        passwords::ConfirmError,
        ports::{ErasureBacklog, UserFilter},
    },
    platform::{
        audit::Action,
        lists::{Seek, Total},
        mail::MailKind,
    },
};
use abu_domain::{identity::text::LoginPassword, platform::text::Reason};
use chrono::TimeDelta;

use super::{erase, schedule, step};
use crate::support::{Member, PASSWORD, TestApp, assert_refused};

async fn request(app: &TestApp, member: &Member, password: &str) -> Result<(), OwnErasureError> {
    let password = LoginPassword::new(password.into());
    let erasures = &app.use_cases.identity.erasures;
    erasures.request(member.caller(), password).await.map(drop)
}

async fn cancel(app: &TestApp, member: &Member) -> Result<(), OwnErasureError> {
    app.use_cases
        .identity
        .erasures
        .cancel(member.caller())
        .await
}

fn operator() -> Operator {
    Operator {
        name: "root".into(),
        sudo_user: None,
    }
}

#[tokio::test]
async fn an_owner_asks_with_the_password_and_is_mailed_the_date_once() {
    let app = TestApp::new();
    let amina = app.member().create();
    let refused = request(&app, &amina, "another password").await;
    assert_refused!(
        refused,
        OwnErasureError::Confirm(ConfirmError::WrongPassword)
    );
    for _ in 0..2 {
        request(&app, &amina, PASSWORD).await.unwrap();
    }
    let record = app
        .use_cases
        .identity
        .erasures
        .own(amina.caller())
        .await
        .unwrap();
    assert_eq!(record.runs_at, app.now() + ERASURE_DELAY);
    let address = amina.user.email.as_str().to_owned();
    assert_eq!(
        app.take_mail_kinds(),
        [(address, MailKind::ErasureScheduled)]
    );
    assert_eq!(app.actions(), [Action::AccountRequestErasure]);
}

#[tokio::test]
async fn until_its_erasure_an_account_works_and_its_owner_cancels_it() {
    let app = TestApp::new();
    let amina = app.member().create();
    request(&app, &amina, PASSWORD).await.unwrap();
    app.clock.advance(ERASURE_DELAY - TimeDelta::seconds(1));
    assert_eq!(
        step(&app, amina.id()),
        Progress::Waits(TimeDelta::seconds(1))
    );
    app.log_in(&amina).await;
    cancel(&app, &amina).await.unwrap();
    assert_refused!(cancel(&app, &amina).await, OwnErasureError::NotFound);
    assert_eq!(step(&app, amina.id()), Progress::Done);
    assert!(app.store(|tx| tx.user(amina.id())).is_some());
}

#[tokio::test]
async fn the_last_super_admin_cannot_ask_for_an_erasure() {
    let app = TestApp::new();
    let last = app.member().super_admin().create();
    let refused = request(&app, &last, PASSWORD).await;
    assert_refused!(refused, OwnErasureError::LastSuperAdmin);
}

#[tokio::test]
async fn an_erasure_of_the_last_super_admin_waits_for_another_one() {
    let app = TestApp::new();
    let last = app.member().super_admin().create();
    schedule(&app, last.id());
    assert_eq!(step(&app, last.id()), Progress::Waits(TimeDelta::hours(1)));
    app.member().super_admin().create();
    assert_eq!(
        step(&app, last.id()),
        Progress::Waits(TimeDelta::seconds(20))
    );
}

#[tokio::test]
async fn one_that_has_begun_can_be_called_off_by_nobody() {
    let app = TestApp::new();
    let amina = app.member().create();
    let staff = app.member().superuser().create();
    request(&app, &amina, PASSWORD).await.unwrap();
    app.clock.advance(ERASURE_DELAY);
    step(&app, amina.id());
    let refused = cancel(&app, &amina).await;
    let suspended = OwnErasureError::Confirm(ConfirmError::Access(AccessError::Suspended));
    assert_eq!(refused.unwrap_err().to_string(), suspended.to_string());
    let accounts = &app.use_cases.identity.accounts;
    let refused = accounts.activate(staff.caller(), amina.id()).await;
    assert_refused!(refused, AccountError::ErasureBegan);
}

#[tokio::test]
async fn the_last_mail_goes_to_the_address_before_it_is_forgotten() {
    let app = TestApp::new();
    let amina = app.member().create();
    schedule(&app, amina.id());
    let mut progress = step(&app, amina.id());
    while progress != Progress::WaitsForMail {
        app.clock.advance(TimeDelta::seconds(20));
        progress = step(&app, amina.id());
    }
    let address = amina.user.email.as_str().to_owned();
    assert_eq!(app.take_mail_kinds(), [(address, MailKind::AccountErased)]);
    assert_eq!(step(&app, amina.id()), Progress::WaitsForMail);
    app.clock.advance(TimeDelta::hours(24));
    assert_eq!(step(&app, amina.id()), Progress::Done);
    assert_eq!(
        app.database.texts("SELECT recipient FROM email_outbox"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_tombstone_is_no_account_to_the_staff_and_its_address_is_free() {
    let app = TestApp::new();
    let amina = app.member().email("amina@example.com").create();
    let staff = app.member().superuser().create();
    schedule(&app, amina.id());
    erase(&app, amina.id());
    let accounts = &app.use_cases.identity.accounts;
    let shown = accounts.get(staff.caller(), amina.id()).await;
    assert_refused!(shown, AccountError::NotFound);
    let activated = accounts.activate(staff.caller(), amina.id()).await;
    assert_refused!(activated, AccountError::NotFound);
    let everybody = UserFilter::default();
    let (listed, total) = app.store(|tx| {
        let listed = tx.list_users(&everybody, Seek::After(None), 10)?;
        Ok((listed, tx.count_users(&everybody)?))
    });
    assert_eq!(listed.len(), 1);
    assert_eq!(total, Total::Exactly(1));
    app.member().email("amina@example.com").create();
    let [.., last] = app.actions()[..] else {
        panic!("the audit log is empty")
    };
    assert_eq!(last, Action::UserErase);
}

#[tokio::test]
async fn the_ledger_finds_an_account_that_a_backup_brought_back() {
    let app = TestApp::new();
    let [amina, musa] = [(); 2].map(|()| app.member().create());
    schedule(&app, amina.id());
    erase(&app, amina.id());
    let erasures = &app.use_cases.identity.erasures;
    let ledger = erasures.ledger(&operator(), None, 10).unwrap();
    let [entry] = ledger.as_slice() else {
        panic!("{ledger:?}")
    };
    assert_eq!(entry.erased_at, app.now());
    assert_eq!(
        erasures
            .ledger(&operator(), Some(entry.user_hash), 10)
            .unwrap(),
        []
    );
    let hashes = [entry.user_hash, [7; 32]];
    assert_eq!(erasures.returned(&hashes).unwrap(), []);

    app.database.execute(&format!(
        "UPDATE users SET erased_at = NULL, email = 'back@example.com', firstname = 'Amina', is_active = true
         WHERE id = '{}'",
        amina.id()
    ));
    assert_eq!(erasures.returned(&hashes).unwrap(), [amina.id()]);
    let reason = Reason::of_restored_backup();
    erasures.hurry(&operator(), amina.id(), &reason).unwrap();
    let store = app.database.store();
    let once = || {
        std::thread::scope(|scope| {
            let step = scope.spawn(|| erasures.step(&*store, amina.id(), CarriedOut::AfterRestore));
            step.join().unwrap().unwrap()
        })
    };
    while once() != Progress::Done {
        app.clock.advance(TimeDelta::seconds(20));
    }
    assert_eq!(
        app.take_mail_kinds(),
        [],
        "the owner had the last mail before"
    );
    assert!(app.store(|tx| tx.user(amina.id())).is_none());
    assert!(app.store(|tx| tx.user(musa.id())).is_some());
}

#[tokio::test]
async fn what_is_scheduled_due_and_overdue_is_counted() {
    let app = TestApp::new();
    let [amina, musa] = [(); 2].map(|()| app.member().create());
    request(&app, &amina, PASSWORD).await.unwrap();
    schedule(&app, musa.id());
    let store = app.database.store();
    let erasures = &app.use_cases.identity.erasures;
    let backlog = || erasures.backlog(&*store).unwrap();
    let expected = ErasureBacklog {
        scheduled: 1,
        due: 1,
        overdue: 0,
    };
    assert_eq!(backlog(), expected);
    let next = |after| erasures.next_due(&*store, after).unwrap();
    let first = next(None).unwrap();
    assert_eq!((first.user, next(Some(first))), (musa.id(), None));
    app.clock.advance(TimeDelta::hours(49));
    assert_eq!(backlog().overdue, 1);
}
