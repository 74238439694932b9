//! Removal of a lost second factor by the staff.

use abu_application::{
    access::AccessError,
    identity::accounts::AccountError,
    platform::{audit::Action, mail::MailKind},
};
use abu_domain::{UserId, access::Permission, identity::user::User};

use super::Enrolled;
use crate::support::{Member, TestApp, assert_lacks, assert_refused, new_id};

async fn reset(app: &TestApp, by: &Member, id: UserId) -> Result<User, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    accounts.reset_totp(by.caller(), id).await
}

fn clerk(app: &TestApp) -> Member {
    app.member().holding(&[Permission::ModifyUser]).create()
}

#[tokio::test]
async fn an_owner_whose_factor_was_reset_logs_in_with_the_password_alone() {
    let app = TestApp::new();
    let Enrolled { member, .. } = app.enrolled().await;
    reset(&app, &clerk(&app), member.id()).await.unwrap();
    app.log_in_with(&member, None).await.unwrap();
    assert_eq!(app.codes_left(&member).await, 0);
    // And another device can be set up.
    app.begin_totp(member.caller()).await;
}

#[tokio::test]
async fn a_reset_is_audited_and_notifies_the_owner() {
    let app = TestApp::new();
    let Enrolled { member, .. } = app.enrolled().await;
    let clerk = clerk(&app);
    app.take_mails();
    reset(&app, &clerk, member.id()).await.unwrap();
    let address = member.user.email.as_str().to_owned();
    assert_eq!(app.take_mail_kinds(), [(address, MailKind::TotpReset)]);
    let entry = app.audit().pop().unwrap().row;
    assert_eq!(entry.action, Action::UserResetTotp.name());
    assert_eq!(entry.actor_id, Some(clerk.id().uuid()));
    assert_eq!(entry.target_id, Some(member.id().to_string()));
}

#[tokio::test]
async fn a_reset_takes_the_permission_to_modify_users() {
    let app = TestApp::new();
    let Enrolled { member, .. } = app.enrolled().await;
    let viewer = app.member().holding(&[Permission::ViewUser]).create();
    let refused = reset(&app, &viewer, member.id()).await;
    assert_refused!(
        refused,
        AccountError::Access(AccessError::Denied(Permission::ModifyUser))
    );
}

#[tokio::test]
async fn no_caller_resets_the_factor_of_an_owner_who_holds_more() {
    let app = TestApp::new();
    let stronger = app.member().holding(&[Permission::ViewAuditLog]).create();
    let Enrolled { member, .. } = app.enroll(stronger).await;
    let refused = reset(&app, &clerk(&app), member.id()).await;
    assert_lacks(refused, &[Permission::ViewAuditLog]);
    assert!(app.store(|tx| tx.has_totp(member.id())));
}

#[tokio::test]
async fn no_caller_resets_their_own_factor() {
    let app = TestApp::new();
    let Enrolled { member, .. } = app.enroll(clerk(&app)).await;
    let refused = reset(&app, &member, member.id()).await;
    assert_refused!(refused, AccountError::OwnTotp);
}

#[tokio::test]
async fn an_account_without_a_second_factor_has_none_to_reset() {
    let app = TestApp::new();
    let clerk = clerk(&app);
    let member = app.member().create();
    let refused = reset(&app, &clerk, member.id()).await;
    assert_refused!(refused, AccountError::NoTotp);
    // An enrollment that its owner did not confirm is none.
    app.begin_totp(member.caller()).await;
    let refused = reset(&app, &clerk, member.id()).await;
    assert_refused!(refused, AccountError::NoTotp);
    let refused = reset(&app, &clerk, UserId::new(new_id())).await;
    assert_refused!(refused, AccountError::NotFound);
    assert!(!app.actions().contains(&Action::UserResetTotp));
}

#[tokio::test]
async fn permissions_of_a_required_group_wait_again_after_a_reset() {
    let app = TestApp::requiring_totp_of("editor_group");
    let member = app.member().holding(&[Permission::ViewUser]);
    let Enrolled { member, .. } = app.enroll(member.in_group("editor_group").create()).await;
    let superuser = app.member().superuser().create();
    reset(&app, &superuser, member.id()).await.unwrap();
    let accounts = &app.use_cases.identity.accounts;
    let refused = accounts.get(member.caller(), member.id()).await;
    assert_refused!(refused, AccountError::Access(AccessError::TotpDue));
}
