use abu_application::{
    alumni::{profiles::ProfileError, records::RecordPatch},
    platform::versions::Expected,
};
use abu_domain::{access::Permission, alumni::visibility::Audience, platform::text::PersonName};

use super::{app, headline};
use crate::support::assert_refused;

#[tokio::test]
async fn a_correction_of_the_register_changes_profile_and_version() {
    let app = app();
    let fatima = app.graduate("Belo", "Fatima");
    let office = app
        .member()
        .holding(&[Permission::ModifyAlumniRecord])
        .create();
    let profiles = &app.use_cases.alumni.profiles;
    let before = profiles.modify(fatima.caller(), headline("Surgeon"), Expected::Anything);
    let before = before.await.unwrap();
    let record = app.text("SELECT record_id::text FROM claims");
    let patch = RecordPatch {
        surname: Some(PersonName::parse("Bello").unwrap()),
        ..RecordPatch::default()
    };
    let id = record.parse::<uuid::Uuid>().unwrap().into();
    let records = &app.use_cases.alumni.records;
    let changed = records.modify(office.caller(), id, patch, Expected::Anything);
    changed.await.unwrap();
    let after = app.own_profile(&fatima).await;
    assert_eq!(after.visible.display_name(), "Fatima Bello");
    assert_ne!(after.version(), before.version());
    let restrict = RecordPatch {
        is_restricted: Some(true),
        ..RecordPatch::default()
    };
    let changed = records.modify(office.caller(), id, restrict, Expected::Anything);
    changed.await.unwrap();
    let seen = profiles.get_own(fatima.caller(), Audience::Alumni).await;
    assert!(!seen.unwrap().is_shown, "the person objected");
}

#[tokio::test]
async fn a_suspended_and_a_deactivated_member_are_not_found_until_they_are_back() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let staff = app.member().superuser().create();
    let profiles = &app.use_cases.alumni.profiles;
    let view = || profiles.get(musa.caller(), fatima.id());
    assert!(view().await.is_ok());
    let accounts = &app.use_cases.identity.accounts;
    accounts.suspend(staff.caller(), fatima.id()).await.unwrap();
    assert_refused!(view().await, ProfileError::NotFound);
    accounts
        .activate(staff.caller(), fatima.id())
        .await
        .unwrap();
    assert!(view().await.is_ok());
    // The suspension ended the session.
    app.database
        .execute("UPDATE sessions SET revoked_at = NULL, revoked_because = NULL");
    let own_accounts = &app.use_cases.identity.own_accounts;
    own_accounts.deactivate(fatima.caller()).await.unwrap();
    assert_refused!(view().await, ProfileError::NotFound);
    app.log_in(&fatima).await;
    assert!(view().await.is_ok());
}
