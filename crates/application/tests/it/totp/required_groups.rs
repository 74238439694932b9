use abu_application::{
    access::{AccessError, Caller, RightsError},
    identity::accounts::AccountError,
};
use abu_domain::{
    access::{Permission, Scope},
    identity::user::User,
};

use super::{Enrolled, STEP, right};
use crate::support::{
    Member, TestApp, assert_refused, assignment_draft, group, group_draft, origin, role,
};

const STAFF: &str = "staff_group";

/// An application that requires one-time passwords of [`STAFF`], and a super admin.
async fn office() -> (TestApp, Member) {
    let app = TestApp::requiring_totp_of(STAFF);
    let admin = app.member().super_admin().create();
    let draft = group_draft(STAFF, &[app.role_of(&[Permission::ViewUser])]);
    let created = app
        .use_cases
        .access
        .control
        .create_named(admin.caller(), draft);
    created.await.unwrap();
    (app, admin)
}

fn staff(app: &TestApp) -> Member {
    app.member().in_group(STAFF).create()
}

/// Uses a permission of the staff.
async fn view(app: &TestApp, caller: &Caller) -> Result<User, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    accounts.get(caller.clone(), caller.user).await
}

async fn log_in(app: &TestApp, member: &Member) -> Caller {
    app.caller(&app.log_in(member).await)
}

async fn join(app: &TestApp, admin: &Member, member: &Member, name: &str) {
    let accounts = &app.use_cases.identity.accounts;
    let joined = accounts.add_to_groups(admin.caller(), member.id(), vec![group(name)], None);
    joined.await.unwrap();
}

async fn leave(app: &TestApp, admin: &Member, member: &Member, name: &str) {
    let accounts = &app.use_cases.identity.accounts;
    let left = accounts.remove_from_groups(admin.caller(), member.id(), vec![group(name)]);
    left.await.unwrap();
}

/// Asserts that no permission of the caller counts until they enroll.
macro_rules! assert_due {
    ($result:expr) => {
        assert_refused!($result, AccountError::Access(AccessError::TotpDue))
    };
}

#[tokio::test]
async fn permissions_of_a_required_group_wait_for_enrollment() {
    let (app, _) = office().await;
    let member = staff(&app);
    let here = log_in(&app, &member).await;
    assert_due!(view(&app, &here).await);
    app.enroll_as(here.clone(), member).await;
    view(&app, &here).await.unwrap();
}

#[tokio::test]
async fn what_is_their_own_is_open_before_enrollment() {
    let (app, _) = office().await;
    let here = log_in(&app, &staff(&app)).await;
    app.use_cases
        .identity
        .own_accounts
        .get(here.clone())
        .await
        .unwrap();
    let state = app
        .use_cases
        .identity
        .sessions
        .totp_state(here)
        .await
        .unwrap();
    assert!(state.required);
    assert_eq!(state.enabled_at, None);
}

#[tokio::test]
async fn a_missing_permission_is_named_before_a_missing_enrollment() {
    let (app, _) = office().await;
    let here = log_in(&app, &staff(&app)).await;
    let refused = app.use_cases.access.control.get_named(here, role("member"));
    assert_refused!(
        refused.await,
        RightsError::Access(AccessError::Denied(Permission::ViewRole))
    );
}

#[tokio::test]
async fn other_groups_require_no_enrollment() {
    let (app, _) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    let here = log_in(&app, &member).await;
    view(&app, &here).await.unwrap();
    let state = app
        .use_cases
        .identity
        .sessions
        .totp_state(here)
        .await
        .unwrap();
    assert!(!state.required);
}

#[tokio::test]
async fn a_role_of_a_required_group_brings_no_duty_by_itself() {
    let (app, admin) = office().await;
    let roles = app.store(|tx| tx.named(&group(STAFF))).unwrap().parts;
    let member = app.member().create();
    let draft = assignment_draft(member.id(), &roles[0], Scope::Global);
    let assigned = app
        .use_cases
        .access
        .control
        .assign(admin.caller(), draft)
        .await;
    assigned.unwrap();
    let here = log_in(&app, &member).await;
    view(&app, &here).await.unwrap();
}

#[tokio::test]
async fn a_login_with_both_factors_uses_permissions_at_once() {
    let (app, _) = office().await;
    let Enrolled { member, device, .. } = app.enroll(staff(&app)).await;
    let log_in = app.log_in_with(&member, Some(device.shows(&app))).await;
    view(&app, &app.caller(&log_in.unwrap())).await.unwrap();
}

#[tokio::test]
async fn removal_makes_permissions_wait_again_in_every_session() {
    let (app, _) = office().await;
    let Enrolled { member, device, .. } = app.enroll(staff(&app)).await;
    let log_in = app.log_in_with(&member, Some(device.shows(&app))).await;
    let other = app.caller(&log_in.unwrap());
    app.clock.advance(STEP);
    let (sessions, shown) = (&app.use_cases.identity.sessions, device.shows(&app));
    let removed = sessions.remove_totp(member.caller(), right(), shown);
    removed.await.unwrap();
    for caller in [&member.caller(), &other] {
        assert_due!(view(&app, caller).await);
    }
}

#[tokio::test]
async fn removal_leaves_permissions_of_other_groups_usable() {
    let (app, _) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    let Enrolled { member, device, .. } = app.enroll(member).await;
    let (sessions, shown) = (&app.use_cases.identity.sessions, device.shows(&app));
    let removed = sessions.remove_totp(member.caller(), right(), shown);
    removed.await.unwrap();
    view(&app, &member.caller()).await.unwrap();
}

#[tokio::test]
async fn a_new_member_of_a_required_group_owes_enrollment_in_every_session() {
    let (app, admin) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    let other = log_in(&app, &member).await;
    join(&app, &admin, &member, STAFF).await;
    for caller in [&member.caller(), &other] {
        assert_due!(view(&app, caller).await);
    }
}

#[tokio::test]
async fn an_enrolled_new_member_of_a_required_group_owes_nothing() {
    let (app, admin) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    let Enrolled { member, .. } = app.enroll(member).await;
    join(&app, &admin, &member, STAFF).await;
    view(&app, &member.caller()).await.unwrap();
}

#[tokio::test]
async fn a_member_who_leaves_the_required_group_owes_nothing() {
    let (app, admin) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    join(&app, &admin, &member, STAFF).await;
    leave(&app, &admin, &member, STAFF).await;
    view(&app, &member.caller()).await.unwrap();
}

#[tokio::test]
async fn other_groups_neither_add_nor_lift_the_duty_of_enrollment() {
    let (app, admin) = office().await;
    let member = app.member().holding(&[Permission::ViewUser]).create();
    join(&app, &admin, &member, "editor_group").await;
    view(&app, &member.caller()).await.unwrap();
    join(&app, &admin, &member, STAFF).await;
    leave(&app, &admin, &member, "editor_group").await;
    assert_due!(view(&app, &member.caller()).await);
}

#[tokio::test]
async fn each_refresh_looks_again_whether_enrollment_is_due() {
    let (app, _) = office().await;
    let member = staff(&app);
    let pair = app.log_in(&member).await;
    let here = app.caller(&pair);
    assert_due!(view(&app, &here).await);
    // Past the rules, which renames no such group.
    app.database
        .execute("UPDATE groups SET name = 'guest_group' WHERE name = 'staff_group'");
    let sessions = &app.use_cases.identity.sessions;
    let refreshed = sessions.refresh(pair.refresh_token, origin()).await;
    let pair = refreshed.unwrap();
    view(&app, &here).await.unwrap();
    app.database
        .execute("UPDATE groups SET name = 'staff_group' WHERE name = 'guest_group'");
    let refreshed = sessions.refresh(pair.refresh_token, origin()).await;
    let pair = refreshed.unwrap();
    assert_due!(view(&app, &here).await);
    app.enroll_as(here.clone(), member).await;
    let refreshed = sessions.refresh(pair.refresh_token, origin()).await;
    refreshed.unwrap();
    view(&app, &here).await.unwrap();
}
