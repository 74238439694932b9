use abu_application::{
    access::RightsError,
    platform::versions::{Expected, Version},
};
use abu_domain::access::Permission;
use chrono::{DateTime, TimeDelta, Utc};

use super::{ANY, office, own_permission};
use crate::support::{
    TestApp, assert_lacks, assert_refused, group_change, permission_change, permission_name,
    permission_names, role_change,
};

fn seen(last_modified: DateTime<Utc>) -> Expected {
    Expected::OneOf(vec![Version::of(last_modified)])
}

/// The version that no row has.
fn stale() -> Expected {
    Expected::OneOf(vec![Version::from_micros(1)])
}

#[tokio::test]
async fn a_stale_version_of_a_permission_is_neither_changed_nor_deleted() {
    let (app, admin) = office();
    let (access, own) = (&app.use_cases.access.control, own_permission(&app));
    let before = app.store(|tx| tx.named(&own)).unwrap();
    let change = permission_change(None);
    let changed = access.update_named(admin.caller(), own.clone(), change, stale());
    assert_refused!(changed.await, RightsError::Changed(_));
    let deleted = access.delete_named(admin.caller(), own.clone(), stale());
    assert_refused!(deleted.await, RightsError::Changed(_));
    assert_eq!(app.store(|tx| tx.named(&own)), Some(before));
}

#[tokio::test]
async fn a_stale_version_of_a_role_is_neither_changed_nor_deleted() {
    let (app, admin) = office();
    let (access, name) = (
        &app.use_cases.access.control,
        app.role_of(&[Permission::ViewUser]),
    );
    let before = app.store(|tx| tx.named(&name)).unwrap();
    let view = permission_names(&[Permission::ViewUser]);
    let caller = || admin.caller();
    for changed in [
        access
            .update_named(caller(), name.clone(), role_change(None, &[]), stale())
            .await,
        access
            .add_parts(caller(), name.clone(), view.clone(), stale())
            .await,
        access
            .remove_parts(caller(), name.clone(), view.clone(), stale())
            .await,
        access
            .remove_part(caller(), name.clone(), view[0].clone(), stale())
            .await,
    ] {
        assert_refused!(changed, RightsError::Changed(_));
    }
    let deleted = access.delete_named(caller(), name.clone(), stale()).await;
    assert_refused!(deleted, RightsError::Changed(_));
    assert_eq!(app.store(|tx| tx.named(&name)), Some(before));
}

#[tokio::test]
async fn a_stale_version_of_a_group_is_neither_changed_nor_deleted() {
    let (app, admin) = office();
    let (access, role) = (&app.use_cases.access.control, app.role_of(&[]));
    let name = app.group_of(std::slice::from_ref(&role));
    let before = app.store(|tx| tx.named(&name)).unwrap();
    let caller = || admin.caller();
    for changed in [
        access
            .update_named(caller(), name.clone(), group_change(None, &[]), stale())
            .await,
        access
            .add_parts(caller(), name.clone(), vec![role.clone()], stale())
            .await,
        access
            .remove_parts(caller(), name.clone(), vec![role.clone()], stale())
            .await,
        access
            .remove_part(caller(), name.clone(), role.clone(), stale())
            .await,
    ] {
        assert_refused!(changed, RightsError::Changed(_));
    }
    let deleted = access.delete_named(caller(), name.clone(), stale()).await;
    assert_refused!(deleted, RightsError::Changed(_));
    assert_eq!(app.store(|tx| tx.named(&name)), Some(before));
}

#[tokio::test]
async fn each_change_makes_a_version_that_the_next_one_expects() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[]));
    let first = app.store(|tx| tx.named(&name)).unwrap().last_modified;
    let view = permission_names(&[Permission::ViewUser]);
    let changed = access.add_parts(admin.caller(), name.clone(), view, seen(first));
    let second = changed.await.unwrap().last_modified;
    assert!(second > first);
    let again = role_change(None, &[]);
    let late = access.update_named(admin.caller(), name.clone(), again.clone(), seen(first));
    assert_refused!(late.await, RightsError::Changed(_));
    let next = access.update_named(admin.caller(), name, again, seen(second));
    next.await.unwrap();
}

#[tokio::test]
async fn a_change_that_changes_nothing_makes_no_version() {
    let (app, admin) = office();
    let access = &app.use_cases.access.control;
    let (role, own) = (app.role_of(&[Permission::ViewUser]), own_permission(&app));
    let group = app.group_of(std::slice::from_ref(&role));
    let caller = || admin.caller();

    let change = role_change(None, &[Permission::ViewUser]);
    let update = || access.update_named(caller(), role.clone(), change.clone(), ANY);
    let first = update().await.unwrap();
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(update().await.unwrap(), first);

    let change = group_change(None, std::slice::from_ref(&role));
    let update = || access.update_named(caller(), group.clone(), change.clone(), ANY);
    let first = update().await.unwrap();
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(update().await.unwrap(), first);

    let update = || access.update_named(caller(), own.clone(), permission_change(None), ANY);
    let first = update().await.unwrap();
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(update().await.unwrap(), first);
}

#[tokio::test]
async fn a_caller_without_rank_does_not_learn_whether_the_version_is_stale() {
    let app = TestApp::new();
    let editor = app.member().holding(&[Permission::ModifyRole]).create();
    let strong = app.role_of(&[Permission::ViewUser]);
    let view = permission_name(Permission::ViewUser);
    let access = &app.use_cases.access.control;
    let refused = access.remove_part(editor.caller(), strong, view, stale());
    assert_lacks(refused.await, &[Permission::ViewUser]);
}
