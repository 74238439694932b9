//! Accounts in the hands of staff: creation, update, suspension, scheduled erasure.

use abu_application::{
    access::{AccessError, Caller},
    identity::{
        accounts::{AccountError, ERASURE_DELAY, UserUpdate},
        emails::Proof,
        passwords::{NewPasswordError, ResetError, SendResetError},
        ports::{Erasure, PasswordWeakness, WhichSessions},
        sessions::LogInError,
    },
    messaging::rooms::{RoomDraft, RoomError},
    platform::{
        audit::Action,
        mail::{MailContent, MailKind},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission},
    identity::user::User,
    messaging::text::RoomName,
    platform::text::Reason,
};
use abu_test_support::session_of;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity_calls::{
        NEW_PASSWORD, account_draft, address, claimed, details, person_name, primary, registration,
        verified,
    },
    support::{LiveCall, Member, PASSWORD, TestApp, assert_lacks, assert_refused, new_id},
};

const AMINA: &str = "amina@example.com";
const NEW: &str = "amina@example.org";

fn staff(app: &TestApp, permissions: &[Permission]) -> Member {
    app.member().holding(permissions).create()
}

/// The app, a member of the staff who changes accounts, and an account.
fn scene() -> (TestApp, Member, Member) {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::ModifyUser, Permission::DeleteUser]);
    let amina = app.member().email(AMINA).create();
    (app, staff, amina)
}

async fn create(
    app: &TestApp,
    by: &Member,
    email: &str,
    password: &str,
) -> Result<User, AccountError> {
    let draft = account_draft(email, password);
    app.use_cases
        .identity
        .accounts
        .create(by.caller(), draft)
        .await
}

/// Gives an account another address.
async fn set_address(
    app: &TestApp,
    by: &Member,
    of: &Member,
    email: &str,
) -> Result<User, AccountError> {
    let update = UserUpdate {
        email: address(email),
        details: details(&of.user),
    };
    let accounts = &app.use_cases.identity.accounts;
    accounts
        .update(by.caller(), of.id(), update, Expected::Anything)
        .await
}

async fn rename(
    app: &TestApp,
    by: &Member,
    of: &Member,
    expected: Expected,
) -> Result<User, AccountError> {
    let mut update = UserUpdate {
        email: of.user.email.clone(),
        details: details(&of.user),
    };
    update.details.firstname = person_name("Hauwa");
    let accounts = &app.use_cases.identity.accounts;
    accounts
        .update(by.caller(), of.id(), update, expected)
        .await
}

async fn suspend(app: &TestApp, by: &Member, id: UserId) -> Result<User, AccountError> {
    app.use_cases
        .identity
        .accounts
        .suspend(by.caller(), id)
        .await
}

async fn activate(app: &TestApp, by: &Member, id: UserId) -> Result<User, AccountError> {
    app.use_cases
        .identity
        .accounts
        .activate(by.caller(), id)
        .await
}

async fn erase(app: &TestApp, by: &Member, id: UserId) -> Result<DateTime<Utc>, AccountError> {
    let reason = Reason::parse("Asked for it.").unwrap();
    let accounts = &app.use_cases.identity.accounts;
    accounts.schedule_erasure(by.caller(), id, reason).await
}

async fn open_group(app: &TestApp, caller: &Caller, members: Vec<UserId>) -> Result<(), RoomError> {
    let name = RoomName::parse("Class of 2010").unwrap();
    let draft = RoomDraft::Group { name, members };
    let opened = app
        .use_cases
        .messaging
        .rooms
        .open(caller.clone(), draft)
        .await;
    opened.map(|_room| ())
}

#[tokio::test]
async fn a_created_account_is_an_applicant_with_a_verified_address() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::CreateUser]);
    let user = create(&app, &staff, AMINA, NEW_PASSWORD).await.unwrap();
    assert_eq!(user.groups, [APPLICANT_GROUP]);
    assert!(!user.is_superuser);
    app.try_log_in(AMINA, NEW_PASSWORD, None).await.unwrap();
    let actions = [Action::UserCreate, Action::SessionCreate];
    assert_eq!(app.actions(), actions);
}

#[tokio::test]
async fn creating_an_account_takes_the_permission() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::ModifyUser, Permission::ViewUser]);
    let refused = create(&app, &staff, AMINA, NEW_PASSWORD).await;
    assert_refused!(
        refused,
        AccountError::Access(AccessError::Denied(Permission::CreateUser))
    );
}

#[tokio::test]
async fn a_verified_address_has_one_account() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::CreateUser]);
    let amina = app.member().email(AMINA).create();
    app.add_verified_email(&amina.caller(), NEW).await;
    for taken in [AMINA, NEW, "AMINA@example.com"] {
        let refused = create(&app, &staff, taken, NEW_PASSWORD).await;
        assert_refused!(refused, AccountError::EmailTaken);
    }
}

#[tokio::test]
async fn a_created_account_takes_the_address_of_an_unverified_one() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::CreateUser]);
    app.register(registration(AMINA)).await;
    let user = create(&app, &staff, AMINA, NEW_PASSWORD).await.unwrap();
    let log_in = app.try_log_in(AMINA, NEW_PASSWORD, None).await.unwrap();
    assert_eq!(log_in.user.id, user.id);
}

#[tokio::test]
async fn a_created_account_logs_in_at_once_and_recovers_after_its_owners_proof() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::CreateUser, Permission::ModifyUser]);
    let user = create(&app, &staff, AMINA, PASSWORD).await.unwrap();
    app.try_log_in(AMINA, PASSWORD, None).await.unwrap();
    let active = app.store(|tx| tx.active_users(&[user.id]));
    assert_eq!(active, [user.id]);
    app.forget_password(AMINA).await;
    let passwords = &app.use_cases.identity.passwords;
    let sent = passwords.send_reset_to(staff.caller(), user.id).await;
    assert_refused!(sent, SendResetError::Unverified);
    assert_eq!(app.take_mail_kinds(), []);

    app.resend(AMINA).await;
    let mail = app.only_mail_to(AMINA);
    assert!(
        matches!(mail, MailContent::ConfirmAccountEmail { .. }),
        "{mail:?}"
    );
    // A password beside such a link is none of the account's.
    let opened = app.open(&app.link_token(&mail), Some(NEW_PASSWORD)).await;
    assert!(matches!(opened, Ok(Proof::Address)), "{opened:?}");
    app.try_log_in(AMINA, PASSWORD, None).await.unwrap();
    app.resend(AMINA).await;
    assert_eq!(app.take_mail_kinds(), []);
    let link = app.new_reset_link(AMINA).await;
    app.reset_password(link, NEW_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_weak_or_personal_password_creates_no_account() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::CreateUser]);
    let weak = create(&app, &staff, AMINA, "password1234").await;
    assert_refused!(
        weak,
        AccountError::Password(NewPasswordError::Weak(PasswordWeakness::Guessable { .. }))
    );
    let personal = create(&app, &staff, AMINA, "x9$k danjuma 2f!q").await;
    assert_refused!(
        personal,
        AccountError::Password(NewPasswordError::Weak(PasswordWeakness::Personal))
    );
    assert!(app.store(|tx| tx.credentials(&address(AMINA))).is_none());
}

#[tokio::test]
async fn an_address_from_staff_replaces_the_primary_and_notifies_its_reader() {
    let (app, staff, amina) = scene();
    app.add_verified_email(&amina.caller(), "further@example.com")
        .await;
    let reset = app.new_reset_link(AMINA).await;
    set_address(&app, &staff, &amina, NEW).await.unwrap();
    assert_eq!(
        app.addresses(&amina),
        [primary(NEW), verified("further@example.com")]
    );
    let notice = (AMINA.to_owned(), MailKind::EmailReplaced);
    assert_eq!(app.take_mail_kinds(), [notice]);
    let refused = app.reset_password(reset, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    assert!(app.is_accepted(&amina.caller()).await);
    assert_eq!(app.actions().last(), Some(&Action::UserChangeEmail));
}

#[tokio::test]
async fn an_address_from_staff_logs_in_and_resets_no_password_until_proved() {
    let (app, staff, amina) = scene();
    set_address(&app, &staff, &amina, NEW).await.unwrap();
    app.take_mail_kinds();
    app.try_log_in(NEW, PASSWORD, None).await.unwrap();
    app.forget_password(NEW).await;
    assert_eq!(app.take_mail_kinds(), []);
    let passwords = &app.use_cases.identity.passwords;
    let sent = passwords.send_reset_to(staff.caller(), amina.id()).await;
    assert_refused!(sent, SendResetError::Unverified);

    app.resend(NEW).await;
    let token = app.link_token(&app.only_mail_to(NEW));
    app.open(&token, None).await.unwrap();
    app.new_reset_link(NEW).await;
}

#[tokio::test]
async fn a_proved_further_address_stays_proved_when_staff_makes_it_primary() {
    let (app, staff, amina) = scene();
    app.add_verified_email(&amina.caller(), NEW).await;
    set_address(&app, &staff, &amina, NEW).await.unwrap();
    app.take_mail_kinds();
    app.new_reset_link(NEW).await;
}

#[tokio::test]
async fn staff_takes_no_address_from_another_account() {
    let (app, staff, amina) = scene();
    app.member().email("musa@example.com").create();
    let refused = set_address(&app, &staff, &amina, "Musa@example.com").await;
    assert_refused!(refused, AccountError::EmailTaken);
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
    // A claim alone takes nothing.
    let hauwa = app.member().create();
    app.add_email(&hauwa.caller(), NEW).await.unwrap();
    set_address(&app, &staff, &amina, NEW).await.unwrap();
    assert_eq!(app.addresses(&hauwa).last(), Some(&claimed(NEW)));
}

#[tokio::test]
async fn staff_changes_their_own_names_and_not_their_own_address() {
    let (app, staff, _amina) = scene();
    let refused = set_address(&app, &staff, &staff, NEW).await;
    assert_refused!(refused, AccountError::OwnEmail);
    let renamed = rename(&app, &staff, &staff, Expected::Anything).await;
    assert_eq!(renamed.unwrap().firstname, person_name("Hauwa"));
}

#[tokio::test]
async fn an_update_of_an_outdated_version_changes_nothing() {
    let (app, staff, amina) = scene();
    let seen = Version::of(amina.user.last_modified);
    app.clock.advance(TimeDelta::seconds(1));
    let expected = || Expected::OneOf(vec![seen]);
    rename(&app, &staff, &amina, expected()).await.unwrap();
    let refused = rename(&app, &staff, &amina, expected()).await;
    assert_refused!(refused, AccountError::Changed(_));
    let updates = app.actions().into_iter();
    assert_eq!(updates.filter(|one| *one == Action::UserUpdate).count(), 1);
}

#[tokio::test]
async fn a_suspension_ends_every_session_for_good() {
    let (app, staff, amina) = scene();
    let caller = app.new_caller(&amina).await;
    app.live.take();
    let user = suspend(&app, &staff, amina.id()).await.unwrap();
    assert!(!user.is_active);
    let notice = LiveCall::AccountSuspended(amina.id());
    assert_eq!(app.live.take(), [notice]);
    activate(&app, &staff, amina.id()).await.unwrap();
    for session in [caller.session, session_of(amina.id())] {
        assert_eq!(app.end_reason(session).as_deref(), Some("suspended"));
    }
    assert!(!app.is_accepted(&caller).await);
    app.log_in(&amina).await;
}

#[tokio::test]
async fn a_repeated_suspension_or_activation_is_not_audited() {
    let (app, staff, amina) = scene();
    for _ in 0..2 {
        suspend(&app, &staff, amina.id()).await.unwrap();
    }
    for _ in 0..2 {
        activate(&app, &staff, amina.id()).await.unwrap();
    }
    let actions = [Action::UserSuspend, Action::UserActivate];
    assert_eq!(app.actions(), actions);
}

#[tokio::test]
async fn a_suspended_account_can_do_nothing() {
    let (app, staff, amina) = scene();
    let caller = amina.caller();
    suspend(&app, &staff, amina.id()).await.unwrap();
    // Even where a session were to last.
    app.database
        .execute("UPDATE sessions SET revoked_at = NULL, revoked_because = NULL");
    let own = app
        .use_cases
        .identity
        .own_accounts
        .get(caller.clone())
        .await;
    assert_refused!(own, AccessError::Suspended);
    let opened = open_group(&app, &caller, Vec::new()).await;
    assert_refused!(opened, RoomError::Access(AccessError::Suspended));
}

#[tokio::test]
async fn a_hidden_account_uses_its_own_account_and_nothing_else() {
    let app = TestApp::new();
    let hidden = app
        .member()
        .hidden()
        .holding(&[Permission::ViewUser])
        .create();
    let own = app
        .use_cases
        .identity
        .own_accounts
        .get(hidden.caller())
        .await;
    assert!(own.unwrap().is_deactivated);
    let opened = open_group(&app, &hidden.caller(), Vec::new()).await;
    assert_refused!(opened, RoomError::Access(AccessError::Deactivated));
    let accounts = &app.use_cases.identity.accounts;
    let found = accounts.get(hidden.caller(), hidden.id()).await;
    assert_refused!(found, AccountError::Access(AccessError::Deactivated));
}

#[tokio::test]
async fn an_erasure_suspends_the_account_and_is_due_in_seven_days() {
    let (app, staff, amina) = scene();
    let due = erase(&app, &staff, amina.id()).await.unwrap();
    assert_eq!(due, app.now() + TimeDelta::days(7));
    let refused = app.try_log_in(AMINA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::Suspended);
    let because = app.end_reason(session_of(amina.id()));
    assert_eq!(because.as_deref(), Some("erasure"));
    assert_eq!(app.live.take(), [LiveCall::AccountSuspended(amina.id())]);
}

#[tokio::test]
async fn a_scheduled_erasure_keeps_its_first_date() {
    let (app, staff, amina) = scene();
    let due = erase(&app, &staff, amina.id()).await.unwrap();
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(erase(&app, &staff, amina.id()).await.unwrap(), due);
    assert_eq!(app.actions(), [Action::UserScheduleErasure]);
}

#[tokio::test]
async fn an_erasure_kills_reset_links() {
    let (app, staff, amina) = scene();
    let reset = app.new_reset_link(AMINA).await;
    erase(&app, &staff, amina.id()).await.unwrap();
    let refused = app.reset_password(reset, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
}

#[tokio::test]
async fn activating_calls_off_an_erasure_by_staff_and_not_the_owners() {
    let (app, staff, amina) = scene();
    let due = |id| app.store(|tx| tx.erasure_due(id));
    erase(&app, &staff, amina.id()).await.unwrap();
    activate(&app, &staff, amina.id()).await.unwrap();
    assert_eq!(due(amina.id()), None);
    app.log_in(&amina).await;

    let own_wish = Erasure {
        user_id: amina.id(),
        requested_by: amina.id(),
        reason: Reason::parse("My own wish.").unwrap(),
        requested_at: app.now(),
        runs_at: app.now() + ERASURE_DELAY,
    };
    assert!(app.store(|tx| tx.insert_erasure(&own_wish)));
    suspend(&app, &staff, amina.id()).await.unwrap();
    activate(&app, &staff, amina.id()).await.unwrap();
    assert_eq!(due(amina.id()), Some(own_wish.runs_at));
}

#[tokio::test]
async fn staff_cannot_schedule_the_erasure_of_their_own_account() {
    let (app, staff, _amina) = scene();
    let refused = erase(&app, &staff, staff.id()).await;
    assert_refused!(refused, AccountError::OwnErasure);
    assert!(app.is_accepted(&staff.caller()).await);
}

#[tokio::test]
async fn an_erasure_takes_the_permission_to_delete_users() {
    let app = TestApp::new();
    let staff = staff(&app, &[Permission::ModifyUser]);
    let amina = app.member().create();
    let refused = erase(&app, &staff, amina.id()).await;
    assert_refused!(
        refused,
        AccountError::Access(AccessError::Denied(Permission::DeleteUser))
    );
    let refused = erase(&app, &staff, UserId::new(new_id())).await;
    assert_refused!(refused, AccountError::Access(AccessError::Denied(_)));
}

async fn end_sessions(
    app: &TestApp,
    by: &Member,
    of: &Member,
    which: WhichSessions,
) -> Result<usize, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    let ended = accounts.end_sessions(by.caller(), of.id(), which).await;
    ended.map(|(_, ended)| ended)
}

#[tokio::test]
async fn the_staff_end_all_sessions_of_an_account_and_its_connections() {
    let app = TestApp::new();
    let clerk = app.member().holding(&[Permission::ModifyUser]).create();
    let (member, other) = (app.member().create(), app.member().create());
    let caller = app.caller(&app.log_in(&member).await);
    let ended = end_sessions(&app, &clerk, &member, WhichSessions::All).await;
    assert_eq!(ended.unwrap(), 2);
    for gone in [caller.session, session_of(member.id())] {
        assert_eq!(app.store(|tx| tx.live_sessions(&[gone])), []);
    }
    let untouched = session_of(other.id());
    assert_eq!(app.store(|tx| tx.live_sessions(&[untouched])), [untouched]);
    let told = app.live.take();
    assert!(
        matches!(&told[..], [LiveCall::SessionsEnded(user, two)] if *user == member.id() && two.len() == 2),
        "{told:?}"
    );
    assert_eq!(app.actions().last(), Some(&Action::SessionEnd));
    // The account itself stays active.
    app.log_in(&member).await;
}

#[tokio::test]
async fn the_staff_end_one_session_and_no_other() {
    let app = TestApp::new();
    let clerk = app.member().holding(&[Permission::ModifyUser]).create();
    let member = app.member().create();
    let here = app.caller(&app.log_in(&member).await).session;
    let which = WhichSessions::Only(here);
    let ended = end_sessions(&app, &clerk, &member, which).await;
    assert_eq!(ended.unwrap(), 1);
    let left = session_of(member.id());
    assert_eq!(app.store(|tx| tx.live_sessions(&[here, left])), [left]);
    let entries = app.audit().len();
    let again = end_sessions(&app, &clerk, &member, which).await;
    assert_eq!(again.unwrap(), 0);
    // A request that changes nothing writes no entry.
    assert_eq!(app.audit().len(), entries);
}

#[tokio::test]
async fn ending_sessions_takes_the_permission_and_rank() {
    let app = TestApp::new();
    let clerk = app.member().holding(&[Permission::ModifyUser]).create();
    let stronger = app.member().holding(&[Permission::ViewAuditLog]).create();
    let refused = end_sessions(&app, &clerk, &stronger, WhichSessions::All).await;
    assert_lacks(refused, &[Permission::ViewAuditLog]);
    let member = app.member().create();
    let refused = end_sessions(&app, &stronger, &member, WhichSessions::All).await;
    assert_refused!(
        refused,
        AccountError::Access(AccessError::Denied(Permission::ModifyUser))
    );
}
