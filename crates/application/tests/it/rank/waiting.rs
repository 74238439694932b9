//! A change of rights waits for the one before it, and then checks its caller again.

use std::future::Future;

use abu_application::{
    access::{AccessError, RightsError},
    identity::ports::{EndReason, WhichSessions},
    platform::ports::StoreError,
    store::Writes,
};
use abu_domain::access::{GroupName, Permission, Scope};
use tokio::{sync::oneshot, task::spawn_blocking};

use super::ANY;
use crate::support::{
    Member, TestApp, assert_lacks, assert_refused, assignment_draft, permission_names, role_draft,
};

/// Runs the use case while another transaction holds the lock of rights; that one makes its change once
/// the use case waits.
async fn after<T>(
    app: &TestApp,
    change: impl FnOnce(&mut dyn Writes) -> Result<(), StoreError> + Send + 'static,
    use_case: impl Future<Output = T>,
) -> T {
    let (database, (locked, is_locked)) = (app.database.clone(), oneshot::channel());
    let other = spawn_blocking(move || {
        database.transaction(|tx| {
            tx.lock_rights()?;
            locked.send(()).unwrap();
            database.wait_for_blocked(1);
            change(tx)
        })
    });
    is_locked.await.unwrap();
    let result = use_case.await;
    other.await.unwrap().unwrap();
    result
}

/// A member who holds these permissions by one group each.
fn member_of_groups(app: &TestApp, permissions: &[Permission]) -> (Member, Vec<GroupName>) {
    let member = app.member().create();
    let groups = permissions.iter().map(|permission| {
        let group = app.group_of(&[app.role_of(&[*permission])]);
        app.put_in_group(member.id(), &group);
        group
    });
    let groups = groups.collect();
    (member, groups)
}

#[tokio::test]
async fn a_permission_that_goes_while_its_holder_waits_is_missed() {
    let app = TestApp::new();
    let (admin, groups) = member_of_groups(&app, &[Permission::CreateRole]);
    let (id, now) = (admin.id(), app.now());
    let created = after(
        &app,
        move |tx| tx.remove_from_groups(id, &groups, now).map(drop),
        app.use_cases
            .access
            .control
            .create_named(admin.caller(), role_draft("own_role", &[])),
    );
    assert_refused!(
        created.await,
        RightsError::Access(AccessError::Denied(Permission::CreateRole))
    );
}

#[tokio::test]
async fn a_permission_to_give_that_goes_while_its_holder_waits_is_missed() {
    let app = TestApp::new();
    let held = [Permission::ModifyRole, Permission::ViewUser];
    let (admin, groups) = member_of_groups(&app, &held);
    let (id, now, role) = (admin.id(), app.now(), app.role_of(&[]));
    let names = permission_names(&[Permission::ViewUser]);
    let added = after(
        &app,
        move |tx| tx.remove_from_groups(id, &groups[1..], now).map(drop),
        app.use_cases
            .access
            .control
            .add_parts(admin.caller(), role, names, ANY),
    );
    assert_lacks(added.await, &[Permission::ViewUser]);
}

#[tokio::test]
async fn a_caller_whose_session_ends_while_they_wait_is_refused() {
    let app = TestApp::new();
    let admin = app.member().super_admin().create();
    let (id, now) = (admin.id(), app.now());
    let created = after(
        &app,
        move |tx| {
            tx.end_sessions(id, WhichSessions::All, EndReason::LogOut, now)
                .map(drop)
        },
        app.use_cases
            .access
            .control
            .create_named(admin.caller(), role_draft("own_role", &[])),
    );
    assert_refused!(
        created.await,
        RightsError::Access(AccessError::SessionEnded)
    );
}

#[tokio::test]
async fn a_caller_who_is_suspended_while_they_wait_is_refused() {
    let app = TestApp::new();
    let admin = app.member().super_admin().create();
    let (id, now) = (admin.id(), app.now());
    let created = after(
        &app,
        move |tx| tx.set_active(id, false, now).map(drop),
        app.use_cases
            .access
            .control
            .create_named(admin.caller(), role_draft("own_role", &[])),
    );
    assert_refused!(created.await, RightsError::Access(AccessError::Suspended));
}

#[tokio::test]
async fn a_member_who_gains_rank_while_a_suspension_waits_is_spared() {
    let app = TestApp::new();
    let admin = app.member().holding(&[Permission::ModifyUser]).create();
    let (member, role) = (app.member().create(), app.role_of(&[Permission::ViewUser]));
    let (id, group) = (member.id(), app.group_of(&[role]));
    let suspended = after(
        &app,
        move |tx| tx.add_to_group(id, group.as_str()).map(drop),
        app.use_cases.identity.accounts.suspend(admin.caller(), id),
    );
    assert_lacks(suspended.await, &[Permission::ViewUser]);
}

#[tokio::test]
async fn a_role_that_grows_while_its_assignment_waits_is_not_assigned() {
    let app = TestApp::new();
    let admin = app.member().holding(&[Permission::ModifyRole]).create();
    let (member, role) = (app.member().create(), app.role_of(&[]));
    let draft = assignment_draft(member.id(), &role, Scope::Global);
    let more = permission_names(&[Permission::ViewUser]);
    let assigned = after(
        &app,
        move |tx| tx.add_parts(&role, &more),
        app.use_cases.access.control.assign(admin.caller(), draft),
    );
    assert_lacks(assigned.await, &[Permission::ViewUser]);
}

#[tokio::test]
async fn a_caller_without_the_permission_is_refused_without_waiting() {
    let app = TestApp::new();
    let member = app.member().create();
    let database = app.database.clone();
    let (locked, is_locked) = oneshot::channel();
    let (refused, is_refused) = oneshot::channel();
    let other = spawn_blocking(move || {
        database.transaction(|tx| {
            tx.lock_rights()?;
            locked.send(()).unwrap();
            is_refused.blocking_recv().unwrap();
            Ok(())
        })
    });
    is_locked.await.unwrap();
    let access = &app.use_cases.access.control;
    let created = access.create_named(member.caller(), role_draft("own_role", &[]));
    assert_refused!(
        created.await,
        RightsError::Access(AccessError::Denied(Permission::CreateRole))
    );
    refused.send(()).unwrap();
    other.await.unwrap().unwrap();
}
