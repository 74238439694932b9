//! One's own account: details, locked names, deactivation.

use abu_application::{
    access::Caller,
    identity::own_account::{OwnAccount, OwnAccountError, OwnPatch},
    platform::{audit::Action, versions::Expected},
};
use abu_domain::identity::text::PhoneNumber;
use abu_test_support::session_of;

use crate::{
    identity_calls::person_name,
    support::{LiveCall, Member, TestApp, assert_refused},
};

fn phone() -> PhoneNumber {
    PhoneNumber::parse("0803 123 4567").unwrap()
}

async fn modify(
    app: &TestApp,
    caller: &Caller,
    patch: OwnPatch,
) -> Result<OwnAccount, OwnAccountError> {
    app.use_cases
        .identity
        .own_accounts
        .modify(caller.clone(), patch, Expected::Anything)
        .await
}

/// A member whom the university knows by the names of the account.
fn verified_graduate(app: &TestApp) -> Member {
    let member = app.member().create();
    app.database.execute(&format!(
        "UPDATE users SET verification = 'verified' WHERE id = '{}'",
        member.id()
    ));
    member
}

#[tokio::test]
async fn a_patch_sets_and_removes_what_it_names_and_keeps_the_rest() {
    let app = TestApp::new();
    let caller = app.member().create().caller();
    let set = OwnPatch {
        firstname: Some(person_name("Hauwa")),
        middlename: Some(Some(person_name("Zahra"))),
        phone: Some(Some(phone())),
        ..OwnPatch::default()
    };
    let user = modify(&app, &caller, set).await.unwrap().user;
    assert_eq!(user.firstname, person_name("Hauwa"));
    assert_eq!(user.middlename, Some(person_name("Zahra")));
    assert_eq!(user.lastname, person_name("Bello"));
    assert_eq!(user.phone, Some(phone()));
    let removed = OwnPatch {
        middlename: Some(None),
        phone: Some(None),
        ..OwnPatch::default()
    };
    let user = modify(&app, &caller, removed).await.unwrap().user;
    assert_eq!((user.middlename, user.phone), (None, None));
    assert_eq!(user.firstname, person_name("Hauwa"));
}

#[tokio::test]
async fn a_change_is_audited_by_the_names_of_its_fields() {
    let app = TestApp::new();
    let caller = app.member().create().caller();
    let patch = OwnPatch {
        firstname: Some(person_name("Hauwa")),
        lastname: Some(person_name("Bello")),
        phone: Some(Some(phone())),
        ..OwnPatch::default()
    };
    modify(&app, &caller, patch.clone()).await.unwrap();
    // What changes nothing leaves no entry.
    modify(&app, &caller, patch).await.unwrap();
    let entries = app.audit();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].row.action, Action::AccountModify.name());
    assert_eq!(entries[0].row.details, r#"{"fields":"firstname phone"}"#);
}

#[tokio::test]
async fn the_names_of_a_verified_graduate_are_locked() {
    let app = TestApp::new();
    let caller = verified_graduate(&app).caller();
    for patch in [
        OwnPatch {
            firstname: Some(person_name("Hauwa")),
            ..OwnPatch::default()
        },
        OwnPatch {
            middlename: Some(Some(person_name("Zahra"))),
            ..OwnPatch::default()
        },
        OwnPatch {
            lastname: Some(person_name("Danjuma")),
            phone: Some(Some(phone())),
            ..OwnPatch::default()
        },
    ] {
        let refused = modify(&app, &caller, patch).await;
        assert_refused!(refused, OwnAccountError::NamesLocked);
    }
    let own = app
        .use_cases
        .identity
        .own_accounts
        .get(caller)
        .await
        .unwrap();
    assert_eq!(own.user.phone, None);
}

#[tokio::test]
async fn a_verified_graduate_still_changes_the_phone_number() {
    let app = TestApp::new();
    let caller = verified_graduate(&app).caller();
    let patch = OwnPatch {
        firstname: Some(person_name("Amina")),
        phone: Some(Some(phone())),
        ..OwnPatch::default()
    };
    let own = modify(&app, &caller, patch).await.unwrap();
    assert_eq!(own.user.phone, Some(phone()));
}

#[tokio::test]
async fn deactivating_ends_the_other_sessions_and_leaves_the_chat() {
    let app = TestApp::new();
    let amina = app.member().create();
    let caller = app.new_caller(&amina).await;
    let own_accounts = &app.use_cases.identity.own_accounts;
    own_accounts.deactivate(caller.clone()).await.unwrap();
    let own = own_accounts.get(caller.clone()).await.unwrap();
    assert!(own.is_deactivated);
    let because = app.end_reason(session_of(amina.id()));
    assert_eq!(because.as_deref(), Some("deactivated"));
    let calls = app.live.take();
    let [LiveCall::SessionsEnded(_, ended)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    // The session goes on, its connections do not.
    assert!(ended.contains(&caller.session) && ended.len() == 2);
}

#[tokio::test]
async fn reactivating_shows_the_account_again() {
    let app = TestApp::new();
    let caller = app.member().hidden().create().caller();
    let own_accounts = &app.use_cases.identity.own_accounts;
    own_accounts.reactivate(caller.clone()).await.unwrap();
    let own = own_accounts.get(caller).await.unwrap();
    assert!(!own.is_deactivated);
}

#[tokio::test]
async fn repeated_deactivation_and_reactivation_change_and_audit_nothing() {
    let app = TestApp::new();
    let caller = app.member().create().caller();
    let own_accounts = &app.use_cases.identity.own_accounts;
    for _ in 0..2 {
        own_accounts.deactivate(caller.clone()).await.unwrap();
    }
    for _ in 0..2 {
        own_accounts.reactivate(caller.clone()).await.unwrap();
    }
    let actions = [Action::AccountDeactivate, Action::AccountReactivate];
    assert_eq!(app.actions(), actions);
}
