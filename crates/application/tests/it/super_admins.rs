//! At least one active super admin is left, who can do everything.

use abu_application::{
    access::{AccessError, RightsError},
    identity::accounts::AccountError,
    platform::versions::Expected,
};
use abu_domain::{
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::user::User,
    platform::text::Reason,
};

use crate::support::{
    Member, TestApp, assert_refused, group, group_change, permission, permission_draft,
    permission_names, role, role_draft,
};

const ANY: Expected = Expected::Anything;

async fn leave(app: &TestApp, by: &Member, who: &Member) -> Result<User, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    let groups = vec![group(SUPER_ADMIN_GROUP)];
    accounts
        .remove_from_groups(by.caller(), who.id(), groups)
        .await
}

async fn suspend(app: &TestApp, by: &Member, who: &Member) -> Result<User, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    accounts.suspend(by.caller(), who.id()).await
}

/// Schedules the erasure of `who`.
async fn erase(app: &TestApp, by: &Member, who: &Member) -> Result<(), AccountError> {
    let (accounts, reason) = (
        &app.use_cases.identity.accounts,
        Reason::parse("Left.").unwrap(),
    );
    let scheduled = accounts.schedule_erasure(by.caller(), who.id(), reason);
    scheduled.await.map(drop)
}

/// An application with one super admin, and an equal who is none.
fn with_one() -> (TestApp, Member, Member) {
    let app = TestApp::new();
    let last = app.member().super_admin().create();
    let equal = app.member().holding(Permission::ALL).create();
    (app, last, equal)
}

/// Asserts that the member is an active super admin.
fn assert_stays(app: &TestApp, member: &Member) {
    let now = app.store(|tx| tx.user(member.id())).unwrap();
    assert!(now.is_active);
    assert_eq!(now.groups, [SUPER_ADMIN_GROUP]);
    assert_eq!(app.store(|tx| tx.erasure_due(member.id())), None);
}

#[tokio::test]
async fn the_last_super_admin_does_not_leave_the_group() {
    let (app, last, equal) = with_one();
    for by in [&last, &equal] {
        let refused = leave(&app, by, &last).await;
        assert_refused!(refused, AccountError::LastSuperAdmin);
    }
    assert_stays(&app, &last);
}

#[tokio::test]
async fn the_last_super_admin_is_not_suspended() {
    let (app, last, equal) = with_one();
    for by in [&last, &equal] {
        let refused = suspend(&app, by, &last).await;
        assert_refused!(refused, AccountError::LastSuperAdmin);
    }
    assert_stays(&app, &last);
}

#[tokio::test]
async fn the_last_super_admin_is_not_scheduled_for_erasure() {
    let (app, last, equal) = with_one();
    let refused = erase(&app, &equal, &last).await;
    assert_refused!(refused, AccountError::LastSuperAdmin);
    assert_stays(&app, &last);
}

#[tokio::test]
async fn the_last_super_admin_leaves_other_groups() {
    let (app, last, _) = with_one();
    let other = app.group_of(&[]);
    app.put_in_group(last.id(), &other);
    let accounts = &app.use_cases.identity.accounts;
    let left = accounts.remove_from_groups(last.caller(), last.id(), vec![other]);
    left.await.unwrap();
    assert_stays(&app, &last);
}

#[tokio::test]
async fn one_of_two_super_admins_leaves_the_group() {
    let (app, one, _) = with_one();
    let other = app.member().super_admin().create();
    let left = leave(&app, &one, &one).await.unwrap();
    assert_eq!(left.groups, [""; 0]);
    assert_refused!(
        leave(&app, &other, &other).await,
        AccountError::LastSuperAdmin
    );
}

#[tokio::test]
async fn one_of_two_super_admins_is_suspended() {
    let (app, one, _) = with_one();
    let other = app.member().super_admin().create();
    assert!(!suspend(&app, &other, &one).await.unwrap().is_active);
    let refused = suspend(&app, &other, &other).await;
    assert_refused!(refused, AccountError::LastSuperAdmin);
}

#[tokio::test]
async fn one_of_two_super_admins_is_scheduled_for_erasure() {
    let (app, one, equal) = with_one();
    let other = app.member().super_admin().create();
    erase(&app, &other, &one).await.unwrap();
    let refused = erase(&app, &equal, &other).await;
    assert_refused!(refused, AccountError::LastSuperAdmin);
}

#[tokio::test]
async fn a_suspended_super_admin_does_not_count() {
    let (app, last, _) = with_one();
    app.member().super_admin().suspended().create();
    assert_refused!(
        leave(&app, &last, &last).await,
        AccountError::LastSuperAdmin
    );
}

#[tokio::test]
async fn a_super_admin_without_a_verified_address_does_not_count() {
    let (app, last, _) = with_one();
    app.member().super_admin().unverified().create();
    assert_refused!(
        leave(&app, &last, &last).await,
        AccountError::LastSuperAdmin
    );
}

#[tokio::test]
async fn a_hidden_super_admin_counts_because_login_shows_the_account_again() {
    let (app, one, _) = with_one();
    let hidden = app.member().super_admin().hidden().create();
    leave(&app, &one, &one).await.unwrap();
    let refused = app
        .use_cases
        .access
        .control
        .get_named(hidden.caller(), role("member"))
        .await;
    assert_refused!(refused, RightsError::Access(AccessError::Deactivated));
    let log_in = app.log_in(&hidden).await;
    let found = app
        .use_cases
        .access
        .control
        .get_named(app.caller(&log_in), role("member"))
        .await;
    found.unwrap();
}

#[tokio::test]
async fn a_holder_of_every_permission_outside_the_group_does_not_count() {
    let (app, last, equal) = with_one();
    assert_eq!(equal.user.groups.len(), 1);
    assert_refused!(
        leave(&app, &last, &last).await,
        AccountError::LastSuperAdmin
    );
}

#[tokio::test]
async fn a_superuser_stays_in_the_group_though_others_are_in_it() {
    let (app, _, _) = with_one();
    let superuser = app.member().superuser().create();
    let refused = leave(&app, &superuser, &superuser).await;
    assert_refused!(refused, AccountError::Superuser);
    assert_stays(&app, &superuser);
}

#[tokio::test]
async fn of_two_super_admins_who_leave_at_once_one_stays() {
    for _ in 0..5 {
        let (app, one, _) = with_one();
        let other = app.member().super_admin().create();
        let (left, right) = tokio::join!(leave(&app, &one, &one), suspend(&app, &other, &other));
        let (stays, refused) = match &left {
            Ok(_) => (&other, right),
            Err(_) => (&one, left),
        };
        assert_refused!(refused, AccountError::LastSuperAdmin);
        assert_stays(&app, stays);
    }
}

#[tokio::test]
async fn of_two_super_admins_who_remove_each_other_one_stays() {
    for _ in 0..5 {
        let (app, one, _) = with_one();
        let other = app.member().super_admin().create();
        let (left, right) = tokio::join!(leave(&app, &one, &other), leave(&app, &other, &one));
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    }
}

#[tokio::test]
async fn the_group_of_super_admins_keeps_its_seeded_roles() {
    let (app, admin, _) = with_one();
    let (access, name) = (&app.use_cases.access.control, group(SUPER_ADMIN_GROUP));
    let caller = || admin.caller();
    for refused in [
        access
            .update_named(caller(), name.clone(), group_change(None, &[]), ANY)
            .await,
        access
            .remove_parts(caller(), name.clone(), vec![role("user_admin")], ANY)
            .await,
        access
            .remove_part(caller(), name.clone(), role("job_admin"), ANY)
            .await,
    ] {
        assert_refused!(refused, RightsError::LastSuperAdmin);
    }
}

#[tokio::test]
async fn the_group_of_super_admins_gains_and_loses_other_roles() {
    let (app, admin, _) = with_one();
    let (access, name) = (&app.use_cases.access.control, group(SUPER_ADMIN_GROUP));
    let before = app.store(|tx| tx.named(&name)).unwrap();
    let own = vec![app.role_of(&[Permission::ViewUser])];
    let more = access.add_parts(admin.caller(), name.clone(), own.clone(), ANY);
    assert_eq!(more.await.unwrap().parts.len(), before.parts.len() + 1);
    let fewer = access.remove_parts(admin.caller(), name, own, ANY).await;
    assert_eq!(fewer.unwrap().parts, before.parts);
}

#[tokio::test]
async fn super_admins_hold_permissions_that_their_roles_lost() {
    let (app, admin, _) = with_one();
    let access = &app.use_cases.access.control;
    let names = permission_names(&[Permission::ViewUser]);
    let removed = access.remove_parts(admin.caller(), role("user_admin"), names, ANY);
    removed.await.unwrap();
    let found = app
        .use_cases
        .identity
        .accounts
        .get(admin.caller(), admin.id())
        .await;
    assert_eq!(found.unwrap().id, admin.id());
}

#[tokio::test]
async fn super_admins_hold_a_permission_that_the_office_creates() {
    let (app, admin, _) = with_one();
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), permission_draft("can_print_card"));
    created.await.unwrap();
    let mut draft = role_draft("card_printer", &[]);
    draft.parts = vec![permission("can_print_card")];
    access.create_named(admin.caller(), draft).await.unwrap();
    let own = app
        .use_cases
        .identity
        .own_accounts
        .get(admin.caller())
        .await;
    assert!(own.unwrap().permissions.contains("can_print_card"));
}

#[tokio::test]
async fn the_group_of_super_admins_gives_what_none_of_its_roles_gives() {
    let (app, admin, equal) = with_one();
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), permission_draft("can_print_card"));
    created.await.unwrap();
    let (name, accounts) = (group(SUPER_ADMIN_GROUP), &app.use_cases.identity.accounts);
    let beyond = |error: &AccessError| matches!(error, AccessError::Beyond(missing) if missing.iter().eq(["can_print_card"]));
    let joined = accounts.add_to_groups(equal.caller(), equal.id(), vec![name.clone()], None);
    assert_refused!(joined.await, AccountError::Access(error) if beyond(&error));
    let own = vec![app.role_of(&[])];
    let added = access.add_parts(equal.caller(), name, own, ANY).await;
    assert_refused!(added, RightsError::Access(error) if beyond(&error));
}
