//! E-mail addresses: verification, the primary address, and undoing its change within 72 hours.

use abu_application::{
    access::Caller,
    identity::{
        accounts::{AccountError, UserUpdate},
        emails::{EmailError, LinkError, MAX_EMAILS, UNDO_WINDOW},
        passwords::{ConfirmError, ResetError},
        sessions::LogInError,
    },
    platform::{
        audit::Action,
        mail::{MailContent, MailKind},
        versions::Expected,
    },
};
use abu_domain::{EmailId, access::Permission};
use abu_test_support::session_of;
use chrono::TimeDelta;

use crate::{
    identity_calls::{
        NEW_PASSWORD, account_draft, address, claimed, details, login_password, primary, verified,
    },
    support::{LiveCall, Member, PASSWORD, TestApp, VERIFICATION_LIFETIME, assert_refused, new_id},
};

const AMINA: &str = "amina@example.com";
const NEW: &str = "amina@example.org";
const MUSA: &str = "musa@example.com";
const MOMENT: TimeDelta = TimeDelta::microseconds(1);

fn app_with_amina() -> (TestApp, Member) {
    let app = TestApp::new();
    let amina = app.member().email(AMINA).create();
    (app, amina)
}

/// The id of one of the member's addresses.
fn id_of(app: &TestApp, member: &Member, email: &str) -> EmailId {
    let emails = app.store(|tx| tx.emails_of(member.id()));
    let found = emails
        .into_iter()
        .find(|known| known.email.as_str() == email);
    found.unwrap().id
}

async fn remove(app: &TestApp, caller: &Caller, id: EmailId) -> Result<(), EmailError> {
    remove_by(app, caller, id, PASSWORD).await
}

async fn remove_by(
    app: &TestApp,
    caller: &Caller,
    id: EmailId,
    password: &str,
) -> Result<(), EmailError> {
    let emails = &app.use_cases.identity.emails;
    let password = login_password(password);
    emails.remove(caller.clone(), id, password).await
}

/// Sets a password by the link that came with an undone change, and logs in.
async fn recover(app: &TestApp, member: &Member) -> Caller {
    let undone = app.mails_to(member.user.email.as_str());
    let link = app.reset_link(undone.last().unwrap());
    app.reset_password(link, PASSWORD).await.unwrap();
    app.new_caller(member).await
}

fn sorted(mut mails: Vec<(String, MailKind)>) -> Vec<(String, MailKind)> {
    mails.sort_by(|one, other| one.0.cmp(&other.0));
    mails
}

fn set_up_totp(app: &TestApp, member: &Member) {
    app.store(|tx| {
        tx.insert_totp(member.id(), &[0], app.now())?;
        tx.confirm_totp(member.id(), 0, app.now())
    });
}

fn has_totp(app: &TestApp, member: &Member) -> bool {
    app.store(|tx| tx.has_totp(member.id()))
}

#[tokio::test]
async fn a_further_address_counts_once_it_and_the_primary_one_agree() {
    for approval_first in [true, false] {
        let (app, amina) = app_with_amina();
        let [own, approval] = app.claim_tokens(&amina.caller(), NEW).await;
        let [first, second] = match approval_first {
            true => [&approval, &own],
            false => [&own, &approval],
        };
        app.verify_email(first).await.unwrap();
        assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(NEW)]);
        assert_refused!(app.verify_email(first).await, LinkError::Gone);
        let refused = app.try_log_in(NEW, PASSWORD, None).await;
        assert_refused!(refused, LogInError::InvalidCredentials);
        assert_eq!(app.take_mail_kinds(), []);
        app.verify_email(second).await.unwrap();
        assert_eq!(app.addresses(&amina), [primary(AMINA), verified(NEW)]);
        assert!(matches!(
            app.only_mail_to(AMINA),
            MailContent::EmailAdded { .. }
        ));
        assert_refused!(app.verify_email(second).await, LinkError::Gone);
        let mut opened = [Action::EmailApprove, Action::EmailVerify];
        if !approval_first {
            opened.reverse();
        }
        assert_eq!(app.actions()[..3], [Action::EmailAdd, opened[0], opened[1]]);
    }
}

#[tokio::test]
async fn the_primary_address_changes_by_the_later_of_both_links() {
    let (app, amina) = app_with_amina();
    let caller = amina.caller();
    let [own, approval] = app.change_tokens(&caller, NEW).await;
    assert!(!app.confirm_change(&caller, &own).await.unwrap());
    assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(NEW)]);
    let again = app.confirm_change(&caller, &own).await;
    assert_refused!(again, LinkError::Gone);
    app.verify_email(&approval).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(NEW)]);
    let mail = app.only_mail_to(AMINA);
    assert!(matches!(mail, MailContent::EmailChanged { .. }), "{mail:?}");
    let actions = [
        Action::EmailChangeAsk,
        Action::EmailVerify,
        Action::EmailApprove,
        Action::EmailChange,
    ];
    assert_eq!(app.actions(), actions);
    app.undo_change(&app.link_token(&mail)).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
}

#[tokio::test]
async fn a_claim_of_the_previous_release_without_an_approval_never_counts() {
    let (app, amina) = app_with_amina();
    let [further, _] = app
        .claim_tokens(&amina.caller(), "further@example.com")
        .await;
    let [new, _] = app.change_tokens(&amina.caller(), NEW).await;
    app.database
        .execute("UPDATE email_verifications SET approval_hash = NULL");
    assert_refused!(app.verify_email(&further).await, LinkError::Gone);
    let refused = app.confirm_change(&amina.caller(), &new).await;
    assert_refused!(refused, LinkError::Gone);
}

#[tokio::test]
async fn an_approval_by_a_replaced_primary_address_counts_no_more() {
    let (app, amina) = app_with_amina();
    let own = app
        .claim_token(&amina.caller(), "further@example.com")
        .await;
    app.change_primary(&amina.caller(), AMINA, NEW).await;
    assert_refused!(app.verify_email(&own).await, LinkError::Gone);
}

#[tokio::test]
async fn a_link_for_a_further_address_expires_and_yields_to_a_newer() {
    let (app, amina) = app_with_amina();
    let older = app.claim_token(&amina.caller(), NEW).await;
    let newer = app.claim_token(&amina.caller(), NEW).await;
    assert_refused!(app.verify_email(&older).await, LinkError::Gone);
    app.clock.advance(VERIFICATION_LIFETIME);
    assert_refused!(app.verify_email(&newer).await, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(NEW)]);
}

#[tokio::test]
async fn an_account_has_at_most_five_addresses() {
    let (app, amina) = app_with_amina();
    let caller = amina.caller();
    for number in 2..=MAX_EMAILS {
        let email = format!("{number}@example.com");
        app.add_email(&caller, &email).await.unwrap();
    }
    assert_eq!(app.addresses(&amina).len(), 5);
    // A claim of one of the five sends the link again.
    app.add_email(&caller, "5@example.com").await.unwrap();
    let refused = app.add_email(&caller, "6@example.com").await;
    assert_refused!(refused, EmailError::TooMany);
    let refused = app.ask_for_change(&caller, "6@example.com").await;
    assert_refused!(refused, EmailError::TooMany);
}

#[tokio::test]
async fn claiming_an_address_takes_the_password() {
    let (app, amina) = app_with_amina();
    let emails = &app.use_cases.identity.emails;
    let wrong = || login_password(NEW_PASSWORD);
    for refused in [
        emails.add(amina.caller(), address(NEW), wrong()).await,
        emails.change(amina.caller(), address(NEW), wrong()).await,
    ] {
        assert_refused!(refused, EmailError::Confirm(ConfirmError::WrongPassword));
    }
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
    assert_eq!(app.take_mail_kinds(), []);
}

#[tokio::test]
async fn an_account_does_not_claim_its_own_address_again() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), NEW).await;
    for own in [AMINA, NEW] {
        let refused = app.add_email(&amina.caller(), own).await;
        assert_refused!(refused, EmailError::AlreadyYours);
    }
    let refused = app.ask_for_change(&amina.caller(), AMINA).await;
    assert_refused!(refused, EmailError::AlreadyYours);
    // A further address may become the primary one.
    app.change_primary(&amina.caller(), AMINA, NEW).await;
    assert_eq!(app.addresses(&amina), [primary(NEW)]);
}

#[tokio::test]
async fn claiming_anothers_address_notifies_its_owner_alone() {
    let (app, amina) = app_with_amina();
    app.member().email(MUSA).create();
    // The primary address gets the mail that it gets about any address.
    let kinds = [
        (AMINA.to_owned(), MailKind::ApproveEmail),
        (MUSA.to_owned(), MailKind::AddressInUse),
    ];
    app.add_email(&amina.caller(), MUSA).await.unwrap();
    assert_eq!(sorted(app.take_mail_kinds()), kinds);
    app.ask_for_change(&amina.caller(), MUSA).await.unwrap();
    let approval = app.mail_to(AMINA);
    app.verify_email(&app.link_token(&approval)).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(MUSA)]);
}

#[tokio::test]
async fn the_first_account_to_verify_an_address_has_it() {
    let (app, amina) = app_with_amina();
    let musa = app.member().email(MUSA).create();
    let shared = "both@example.com";
    let of_amina = app.claim_token(&amina.caller(), shared).await;
    let of_musa = app.change_token(&musa.caller(), shared).await;
    app.verify_email(&of_amina).await.unwrap();
    let late = app.confirm_change(&musa.caller(), &of_musa).await;
    assert_refused!(late, LinkError::Gone);
    let log_in = app.try_log_in(shared, PASSWORD, None).await.unwrap();
    assert_eq!(log_in.user.id, amina.id());
}

#[tokio::test]
async fn of_two_simultaneous_verifications_of_an_address_one_succeeds() {
    let (app, amina) = app_with_amina();
    let musa = app.member().create();
    for round in 0..4 {
        let shared = format!("shared{round}@example.com");
        let one = app.claim_token(&amina.caller(), &shared).await;
        let other = app.claim_token(&musa.caller(), &shared).await;
        let (one, other) = tokio::join!(app.verify_email(&one), app.verify_email(&other));
        assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
        let lost = if one.is_ok() { other } else { one };
        assert_refused!(lost, LinkError::Gone);
        app.take_mails();
    }
}

#[tokio::test]
async fn the_primary_address_cannot_be_removed() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), NEW).await;
    let id = id_of(&app, &amina, AMINA);
    let refused = remove(&app, &amina.caller(), id).await;
    assert_refused!(refused, EmailError::Primary);
    assert_eq!(app.addresses(&amina), [primary(AMINA), verified(NEW)]);
}

#[tokio::test]
async fn a_removed_address_logs_in_no_more_and_becomes_free() {
    let (app, amina) = app_with_amina();
    let musa = app.member().create();
    app.add_verified_email(&amina.caller(), NEW).await;
    let id = id_of(&app, &amina, NEW);
    remove(&app, &amina.caller(), id).await.unwrap();
    let refused = app.try_log_in(NEW, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    let again = remove(&app, &amina.caller(), id).await;
    assert_refused!(again, EmailError::NotFound);
    assert_eq!(app.actions().last(), Some(&Action::EmailRemove));
    app.add_verified_email(&musa.caller(), NEW).await;
}

#[tokio::test]
async fn removing_an_address_takes_the_password() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), NEW).await;
    let id = id_of(&app, &amina, NEW);
    let wrong = remove_by(&app, &amina.caller(), id, NEW_PASSWORD).await;
    assert_refused!(wrong, EmailError::Confirm(ConfirmError::WrongPassword));
    assert_eq!(app.addresses(&amina), [primary(AMINA), verified(NEW)]);
}

#[tokio::test]
async fn removing_an_address_kills_reset_links() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), NEW).await;
    let link = app.new_reset_link(NEW).await;
    let id = id_of(&app, &amina, NEW);
    remove(&app, &amina.caller(), id).await.unwrap();
    let refused = app.reset_password(link, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
}

#[tokio::test]
async fn an_account_removes_its_own_addresses_alone() {
    let (app, amina) = app_with_amina();
    let musa = app.member().create();
    app.add_verified_email(&amina.caller(), NEW).await;
    let foreign = [id_of(&app, &amina, NEW), id_of(&app, &amina, AMINA)];
    for id in foreign.into_iter().chain([EmailId::new(new_id())]) {
        let refused = remove(&app, &musa.caller(), id).await;
        assert_refused!(refused, EmailError::NotFound);
    }
    assert_eq!(app.addresses(&amina), [primary(AMINA), verified(NEW)]);
}

#[tokio::test]
async fn the_primary_address_changes_once_the_new_one_is_confirmed() {
    let (app, amina) = app_with_amina();
    let token = app.change_token(&amina.caller(), NEW).await;
    assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(NEW)]);
    app.confirm_change(&amina.caller(), &token).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(NEW)]);
    app.try_log_in(NEW, PASSWORD, None).await.unwrap();
    let refused = app.try_log_in(AMINA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    let MailContent::EmailChanged {
        new_address_masked,
        undo_until,
        ..
    } = app.only_mail_to(AMINA)
    else {
        panic!("the reader of the old address gets no way back")
    };
    assert_eq!(new_address_masked.as_str(), "a***@example.org");
    assert_eq!(undo_until, app.now() + TimeDelta::hours(72));
    let again = app.confirm_change(&amina.caller(), &token).await;
    assert_refused!(again, LinkError::Gone);
}

#[tokio::test]
async fn only_the_account_that_asked_confirms_a_change() {
    let (app, amina) = app_with_amina();
    let musa = app.member().create();
    let token = app.change_token(&amina.caller(), NEW).await;
    let foreign = app.confirm_change(&musa.caller(), &token).await;
    assert_refused!(foreign, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary(AMINA), claimed(NEW)]);
}

#[tokio::test]
async fn a_link_for_one_purpose_serves_no_other() {
    let (app, amina) = app_with_amina();
    let caller = amina.caller();
    let further = app.claim_token(&caller, "further@example.com").await;
    let refused = app.confirm_change(&caller, &further).await;
    assert_refused!(refused, LinkError::Gone);
    let change = app.change_token(&caller, NEW).await;
    assert_refused!(app.verify_email(&change).await, LinkError::Gone);
    let undo = app
        .change_primary(&caller, AMINA, "other@example.com")
        .await;
    assert_refused!(app.verify_email(&undo).await, LinkError::Gone);
    assert_refused!(app.undo_change(&change).await, LinkError::Gone);
}

#[tokio::test]
async fn changing_the_primary_address_kills_reset_links() {
    let (app, amina) = app_with_amina();
    let link = app.new_reset_link(AMINA).await;
    app.change_primary(&amina.caller(), AMINA, NEW).await;
    let refused = app.reset_password(link, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
}

#[tokio::test]
async fn undoing_a_change_restores_the_old_address_and_ends_every_session() {
    let (app, amina) = app_with_amina();
    let thief = app.new_caller(&amina).await;
    let undo = app.change_primary(&thief, AMINA, NEW).await;
    app.live.take();
    app.undo_change(&undo).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
    for session in [thief.session, session_of(amina.id())] {
        let because = app.end_reason(session);
        assert_eq!(because.as_deref(), Some("email-change-undone"));
    }
    let calls = app.live.take();
    assert!(
        matches!(calls.as_slice(), [LiveCall::SessionsEnded(user, ended)]
            if *user == amina.id() && ended.len() == 2),
        "{calls:?}"
    );
    assert_eq!(app.actions().last(), Some(&Action::EmailChangeUndo));
}

#[tokio::test]
async fn undoing_a_change_works_once() {
    let (app, amina) = app_with_amina();
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert_refused!(app.undo_change(&undo).await, LinkError::Gone);
}

#[tokio::test]
async fn undoing_a_change_voids_the_password_until_it_is_reset() {
    let (app, amina) = app_with_amina();
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    let refused = app.try_log_in(AMINA, PASSWORD, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    recover(&app, &amina).await;
}

#[tokio::test]
async fn undoing_a_change_removes_addresses_added_around_it() {
    let (app, amina) = app_with_amina();
    let thief = amina.caller();
    app.add_verified_email(&thief, "before@example.com").await;
    app.clock.advance(UNDO_WINDOW - MOMENT);
    let undo = app.change_primary(&thief, AMINA, NEW).await;
    app.add_verified_email(&thief, "after@example.com").await;
    app.claim_token(&thief, "claimed@example.com").await;
    app.undo_change(&undo).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
    // What was the thief's is free again.
    let musa = app.member().create();
    app.take_mails();
    app.add_verified_email(&musa.caller(), NEW).await;
}

#[tokio::test]
async fn undoing_a_change_removes_addresses_claimed_before_and_verified_around_it() {
    let (app, amina) = app_with_amina();
    app.add_email(&amina.caller(), "thief@example.com")
        .await
        .unwrap();
    app.clock.advance(UNDO_WINDOW * 2);
    app.take_mails();
    let token = app.claim_token(&amina.caller(), "thief@example.com").await;
    app.verify_email(&token).await.unwrap();
    app.take_mails();
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
}

#[tokio::test]
async fn undoing_a_change_removes_the_new_address_however_old_it_is() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), NEW).await;
    app.clock.advance(UNDO_WINDOW * 2);
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(AMINA)]);
}

#[tokio::test]
async fn undoing_a_change_turns_off_totp_set_up_around_it() {
    let (app, amina) = app_with_amina();
    set_up_totp(&app, &amina);
    app.clock.advance(UNDO_WINDOW - MOMENT);
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert!(!has_totp(&app, &amina));
}

#[tokio::test]
async fn undoing_a_change_turns_off_totp_begun_before_and_confirmed_around_it() {
    let (app, amina) = app_with_amina();
    app.store(|tx| tx.insert_totp(amina.id(), &[0], app.now()));
    app.clock.advance(UNDO_WINDOW * 2);
    app.store(|tx| tx.confirm_totp(amina.id(), 0, app.now()));
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert!(!has_totp(&app, &amina));
}

#[tokio::test]
async fn undoing_a_change_keeps_what_was_there_long_before() {
    let (app, amina) = app_with_amina();
    app.add_verified_email(&amina.caller(), "old@example.com")
        .await;
    set_up_totp(&app, &amina);
    app.clock.advance(UNDO_WINDOW);
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.undo_change(&undo).await.unwrap();
    assert_eq!(
        app.addresses(&amina),
        [primary(AMINA), verified("old@example.com")]
    );
    assert!(has_totp(&app, &amina));
}

#[tokio::test]
async fn undoing_a_change_kills_every_link_sent_before() {
    let (app, amina) = app_with_amina();
    let thief = amina.caller();
    app.add_verified_email(&thief, "old@example.com").await;
    app.clock.advance(UNDO_WINDOW);
    let undo = app.change_primary(&thief, AMINA, NEW).await;
    let pending = app.claim_token(&thief, "old2@example.com").await;
    let reset = app.new_reset_link("old@example.com").await;
    // A link to an address that stays, too.
    let primary_again = app.change_token(&thief, "old@example.com").await;
    app.undo_change(&undo).await.unwrap();
    assert_refused!(app.verify_email(&pending).await, LinkError::Gone);
    let refused = app.reset_password(reset, NEW_PASSWORD).await;
    assert_refused!(refused, ResetError::Gone);
    let caller = recover(&app, &amina).await;
    let confirmed = app.confirm_change(&caller, &primary_again).await;
    assert_refused!(confirmed, LinkError::Gone);
}

#[tokio::test]
async fn a_change_cannot_be_undone_after_seventy_two_hours() {
    let (app, amina) = app_with_amina();
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    app.clock.advance(TimeDelta::hours(72));
    assert_refused!(app.undo_change(&undo).await, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary(NEW)]);

    let undo = app.change_primary(&amina.caller(), NEW, AMINA).await;
    app.clock.advance(TimeDelta::hours(72) - MOMENT);
    app.undo_change(&undo).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(NEW)]);
}

#[tokio::test]
async fn undoing_a_change_undoes_later_changes_and_no_earlier_one() {
    let [first, second, third] = ["1@example.com", "2@example.com", "3@example.com"];
    let app = TestApp::new();
    let amina = app.member().email(first).create();
    let to_first = app.change_primary(&amina.caller(), first, second).await;
    app.clock.advance(MOMENT);
    let to_second = app.change_primary(&amina.caller(), second, third).await;
    app.undo_change(&to_second).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(second)]);
    app.undo_change(&to_first).await.unwrap();
    assert_eq!(app.addresses(&amina), [primary(first)]);

    let caller = recover(&app, &amina).await;
    app.take_mails();
    let to_first = app.change_primary(&caller, first, second).await;
    app.clock.advance(MOMENT);
    let to_second = app.change_primary(&caller, second, third).await;
    app.undo_change(&to_first).await.unwrap();
    assert_refused!(app.undo_change(&to_second).await, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary(first)]);
}

#[tokio::test]
async fn an_old_address_is_reserved_while_the_change_can_be_undone() {
    let (app, amina) = app_with_amina();
    let musa = app.member().email(MUSA).create();
    let staff = app.member().holding(&[Permission::CreateUser]).create();
    app.change_primary(&amina.caller(), AMINA, NEW).await;
    let draft = account_draft(AMINA, NEW_PASSWORD);
    let taken = app
        .use_cases
        .identity
        .accounts
        .create(staff.caller(), draft)
        .await;
    assert_refused!(taken, AccountError::EmailTaken);
    app.add_email(&musa.caller(), AMINA).await.unwrap();
    let mail = app.mail_to(AMINA);
    assert!(matches!(mail, MailContent::AddressInUse { .. }), "{mail:?}");

    app.clock.advance(UNDO_WINDOW);
    app.add_verified_email(&musa.caller(), AMINA).await;
    let log_in = app.try_log_in(AMINA, PASSWORD, None).await.unwrap();
    assert_eq!(log_in.user.id, musa.id());
}

#[tokio::test]
async fn an_address_that_the_office_gave_cannot_be_undone() {
    let (app, amina) = app_with_amina();
    let staff = app.member().holding(&[Permission::ModifyUser]).create();
    let undo = app.change_primary(&amina.caller(), AMINA, NEW).await;
    let update = UserUpdate {
        email: address("third@example.com"),
        details: details(&amina.user),
    };
    let accounts = &app.use_cases.identity.accounts;
    let updated = accounts.update(staff.caller(), amina.id(), update, Expected::Anything);
    updated.await.unwrap();
    let notice = (NEW.to_owned(), MailKind::EmailReplaced);
    assert_eq!(app.take_mail_kinds(), [notice]);
    assert_refused!(app.undo_change(&undo).await, LinkError::Gone);
    assert_eq!(app.addresses(&amina), [primary("third@example.com")]);
}
