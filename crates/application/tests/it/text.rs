//! Rules of text that depend on the caller, on other fields, or on what is stored.

use abu_application::{
    identity::{
        accounts::{AccountError, UserUpdate},
        own_account::{OwnAccountError, OwnPatch},
        sessions::LogInError,
    },
    messaging::rooms::{RoomDraft, RoomError, RoomPatch},
    platform::versions::Expected,
};
use abu_domain::{access::Permission, identity::text::PhoneNumber, messaging::text::RoomName};

use crate::{
    identity_calls::{NEW_PASSWORD, account_draft, details, person_name},
    support::{Member, TestApp, assert_refused},
};

async fn open(app: &TestApp, by: &Member, name: &str) -> Result<(), RoomError> {
    let draft = RoomDraft::Group {
        name: RoomName::parse(name).unwrap(),
        members: Vec::new(),
    };
    let rooms = &app.use_cases.messaging.rooms;
    rooms.open(by.caller(), draft).await.map(|_opened| ())
}

#[tokio::test]
async fn only_staff_name_a_room_after_the_office() {
    let app = TestApp::new();
    let member = app.member().create();
    let staff = app.member().holding(&[Permission::ViewReport]).create();
    for name in ["ABU", "Alumni Office", "Official news"] {
        assert_refused!(open(&app, &member, name).await, RoomError::ReservedName(_));
        open(&app, &staff, name).await.unwrap();
    }
    open(&app, &member, "ABU Set of 2010").await.unwrap();
    let room = app.database.group(member.id()).create().id;
    let patch = RoomPatch {
        name: Some(RoomName::parse("Support").unwrap()),
    };
    let rooms = &app.use_cases.messaging.rooms;
    let renamed = rooms.modify(member.caller(), room, patch, Expected::Anything);
    assert_refused!(renamed.await, RoomError::ReservedName(_));
}

#[tokio::test]
async fn a_permission_that_waits_for_one_time_passwords_makes_no_staff() {
    let app = TestApp::new();
    let staff = app.member().holding(&[Permission::ViewReport]).create();
    app.database.execute(&format!(
        "UPDATE sessions SET totp_due = true WHERE user_id = '{}'",
        staff.id()
    ));
    assert_refused!(open(&app, &staff, "ABU").await, RoomError::ReservedName(_));
}

#[tokio::test]
async fn the_full_names_of_the_office_are_reserved() {
    let app = TestApp::new();
    let member = app.member().create();
    let staff = app.member().super_admin().create();
    let patch = |first: &str, last: &str| OwnPatch {
        firstname: Some(person_name(first)),
        lastname: Some(person_name(last)),
        ..OwnPatch::default()
    };
    let own = &app.use_cases.identity.own_accounts;
    let taken = own
        .modify(member.caller(), patch("Abu", "Alumni"), Expected::Anything)
        .await;
    assert_refused!(taken, OwnAccountError::Name(_));
    let named = own
        .modify(member.caller(), patch("Abu", "Bello"), Expected::Anything)
        .await;
    named.unwrap();
    let accounts = &app.use_cases.identity.accounts;
    let mut draft = account_draft("a@example.com", NEW_PASSWORD);
    (draft.firstname, draft.lastname) = (person_name("Alumni"), person_name("Öffice"));
    let created = accounts.create(staff.caller(), draft).await;
    assert_refused!(created, AccountError::Name(_));
    let user = app.store(|tx| tx.user(member.id())).unwrap();
    let mut update = UserUpdate {
        email: user.email.clone(),
        details: details(&user),
    };
    update.details.lastname = person_name("Admin");
    let updated = accounts.update(staff.caller(), member.id(), update, Expected::Anything);
    assert_refused!(updated.await, AccountError::Name(_));
}

#[tokio::test]
async fn a_name_from_before_the_rule_stays_until_it_changes() {
    let app = TestApp::new();
    let staff = app.member().super_admin().create();
    let admin = app.member().with(|user| user.name("ABU", "Admin")).create();
    let mut update = UserUpdate {
        email: admin.user.email.clone(),
        details: details(&admin.user),
    };
    update.details.phone = Some(PhoneNumber::parse("+2348031234567").unwrap());
    let accounts = &app.use_cases.identity.accounts;
    let updated = accounts.update(staff.caller(), admin.id(), update, Expected::Anything);
    assert!(updated.await.unwrap().phone.is_some());
}

#[tokio::test]
async fn a_hash_of_a_password_as_typed_opens_and_is_replaced_once() {
    const TYPED: &str = "S\u{323}ade over the hill";
    const COMPOSED: &str = "Ṣade over the hill";
    let app = TestApp::new();
    // bcrypt of TYPED, as an earlier release stored it.
    let older = "$2b$04$abcdefghijklmnopqrstuuco375KMTskDng6SaheVmkCGA8S9zoXy".to_owned();
    let member = app
        .member()
        .with(|user| user.password_hash(&older))
        .create();
    let email = member.user.email.as_str();
    let hash = || app.store(|tx| tx.password_hash(member.id())).unwrap();
    let refused = app.try_log_in(email, COMPOSED, None).await;
    assert_refused!(refused, LogInError::InvalidCredentials);
    assert_eq!(hash(), older);
    app.try_log_in(email, TYPED, None).await.unwrap();
    let replaced = hash();
    assert_ne!(replaced, older);
    for password in [TYPED, COMPOSED] {
        app.try_log_in(email, password, None).await.unwrap();
    }
    assert_eq!(hash(), replaced);
}
