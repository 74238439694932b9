use abu_application::{
    access::AccessError,
    identity::{
        accounts::{AccountError, UserUpdate},
        ports::OwnDetails,
    },
};
use abu_domain::{
    access::{Permission, Scope},
    identity::user::User,
    platform::text::{PersonName, Reason},
};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{ADMINISTRATION, ANY, Office, PRIZE};
use crate::support::{Member, TestApp, assert_lacks, assert_refused, group, term};

/// Gives the user another name.
fn renamed(user: &User) -> UserUpdate {
    UserUpdate {
        email: user.email.clone(),
        details: OwnDetails {
            firstname: PersonName::parse("Eve").unwrap(),
            middlename: None,
            lastname: user.lastname.clone(),
            phone: None,
        },
    }
}

fn reason() -> Reason {
    Reason::parse("Left.").unwrap()
}

async fn suspend(app: &TestApp, by: &Member, who: &Member) -> Result<User, AccountError> {
    let accounts = &app.use_cases.identity.accounts;
    accounts.suspend(by.caller(), who.id()).await
}

#[tokio::test]
async fn an_account_that_holds_more_is_not_changed() {
    let office = Office::new();
    let stronger = office.stronger();
    let accounts = &office.app.use_cases.identity.accounts;
    let (admin, update) = (office.admin.caller(), renamed(&stronger.user));
    let refused = accounts.update(admin, stronger.id(), update, ANY).await;
    assert_lacks(refused, &[PRIZE]);
    let now = office.app.store(|tx| tx.user(stronger.id())).unwrap();
    assert_eq!(now, stronger.user);
}

#[tokio::test]
async fn an_account_that_holds_more_is_not_suspended() {
    let office = Office::new();
    let stronger = office.stronger();
    let refused = suspend(&office.app, &office.admin, &stronger).await;
    assert_lacks(refused, &[PRIZE]);
    let now = office.app.store(|tx| tx.user(stronger.id())).unwrap();
    assert!(now.is_active);
    assert_eq!(office.app.live.take(), []);
}

#[tokio::test]
async fn a_suspended_account_that_holds_more_is_not_activated() {
    let office = Office::new();
    let app = &office.app;
    let stronger = app.member().holding(&[PRIZE]).suspended().create();
    let accounts = &app.use_cases.identity.accounts;
    let refused = accounts
        .activate(office.admin.caller(), stronger.id())
        .await;
    assert_lacks(refused, &[PRIZE]);
}

#[tokio::test]
async fn an_account_that_holds_more_is_not_scheduled_for_erasure() {
    let office = Office::new();
    let stronger = office.stronger();
    let accounts = &office.app.use_cases.identity.accounts;
    let admin = office.admin.caller();
    let refused = accounts.schedule_erasure(admin, stronger.id(), reason());
    assert_lacks(refused.await, &[PRIZE]);
    let due = office.app.store(|tx| tx.erasure_due(stronger.id()));
    assert_eq!(due, None);
}

#[tokio::test]
async fn an_account_that_holds_more_gets_no_password_reset_from_below() {
    let office = Office::new();
    let stronger = office.stronger();
    let passwords = &office.app.use_cases.identity.passwords;
    let refused = passwords.send_reset_to(office.admin.caller(), stronger.id());
    assert_lacks(refused.await, &[PRIZE]);
    assert!(office.app.take_mails().is_empty());
}

#[tokio::test]
async fn an_account_that_holds_more_stays_in_its_groups() {
    let office = Office::new();
    let stronger = office.stronger();
    let weak_group = office.app.group_of(&[]);
    office.app.put_in_group(stronger.id(), &weak_group);
    let accounts = &office.app.use_cases.identity.accounts;
    let admin = office.admin.caller();
    let refused = accounts.remove_from_groups(admin, stronger.id(), vec![weak_group]);
    assert_lacks(refused.await, &[PRIZE]);
}

#[tokio::test]
async fn an_account_that_holds_more_joins_no_group_from_below() {
    let office = Office::new();
    let stronger = office.stronger();
    let weak_group = office.app.group_of(&[]);
    let accounts = &office.app.use_cases.identity.accounts;
    let admin = office.admin.caller();
    let refused = accounts.add_to_groups(admin, stronger.id(), vec![weak_group], None);
    assert_lacks(refused.await, &[PRIZE]);
}

#[tokio::test]
async fn a_term_to_come_counts_for_the_rank_of_its_holder() {
    let office = Office::new();
    let (app, officer) = (&office.app, office.weaker());
    let tomorrow = term(app.now() + TimeDelta::days(1), None);
    app.assign(officer.id(), &office.prize_role(), Scope::Global, tomorrow);
    let refused = suspend(app, &office.admin, &officer).await;
    assert_lacks(refused, &[PRIZE]);
}

#[tokio::test]
async fn a_term_that_is_over_does_not_count_for_rank() {
    let office = Office::new();
    let (app, officer) = (&office.app, office.weaker());
    let yesterday = app.now() - TimeDelta::days(1);
    let last_week = term(yesterday - TimeDelta::days(7), Some(yesterday));
    app.assign(officer.id(), &office.prize_role(), Scope::Global, last_week);
    suspend(app, &office.admin, &officer).await.unwrap();
}

#[tokio::test]
async fn a_permission_held_in_one_chapter_counts_for_rank() {
    let office = Office::new();
    let (app, chair) = (&office.app, office.weaker());
    let chapter = Scope::Chapter(Uuid::from_u128(1));
    office.assign(&chair, &office.prize_role(), chapter);
    let refused = suspend(app, &office.admin, &chair).await;
    assert_lacks(refused, &[PRIZE]);
}

#[tokio::test]
async fn equals_act_on_each_other() {
    let office = Office::new();
    let equal = office.app.member().holding(&ADMINISTRATION).create();
    let accounts = &office.app.use_cases.identity.accounts;
    let (admin, update) = (office.admin.caller(), renamed(&equal.user));
    let changed = accounts.update(admin, equal.id(), update, ANY).await;
    assert_eq!(changed.unwrap().firstname.as_str(), "Eve");
    suspend(&office.app, &office.admin, &equal).await.unwrap();
}

#[tokio::test]
async fn callers_act_on_their_own_account_whatever_awaits_them() {
    let office = Office::new();
    let (app, admin) = (&office.app, &office.admin);
    let tomorrow = term(app.now() + TimeDelta::days(1), None);
    app.assign(admin.id(), &office.prize_role(), Scope::Global, tomorrow);
    suspend(app, admin, admin).await.unwrap();
}

#[tokio::test]
async fn only_a_superuser_acts_on_a_superuser() {
    let app = TestApp::new();
    let (superuser, other) = (app.member().superuser().create(), app.member());
    let other = other.superuser().create();
    let super_admin = app.member().super_admin().create();
    let accounts = &app.use_cases.identity.accounts;
    let (admin, update) = (super_admin.caller(), renamed(&superuser.user));
    for refused in [
        suspend(&app, &super_admin, &superuser).await,
        accounts
            .update(admin.clone(), superuser.id(), update, ANY)
            .await,
        accounts
            .add_to_groups(
                admin.clone(),
                superuser.id(),
                vec![group("dpo_group")],
                None,
            )
            .await,
    ] {
        assert_refused!(refused, AccountError::Access(AccessError::SuperusersOnly));
    }
    let erased = accounts.schedule_erasure(admin, superuser.id(), reason());
    assert_refused!(
        erased.await,
        AccountError::Access(AccessError::SuperusersOnly)
    );
    suspend(&app, &other, &superuser).await.unwrap();
}

#[tokio::test]
async fn each_missing_permission_of_a_joined_group_is_named() {
    let office = Office::new();
    let accounts = &office.app.use_cases.identity.accounts;
    let of_privacy = [
        Permission::ApproveExport,
        Permission::ManageDataRequest,
        PRIZE,
    ];
    for joining in [&office.admin, &office.weaker()] {
        let groups = vec![group("dpo_group"), office.app.group_of(&[])];
        let admin = office.admin.caller();
        let refused = accounts
            .add_to_groups(admin, joining.id(), groups, None)
            .await;
        assert_lacks(refused, &of_privacy);
        let now = office.app.store(|tx| tx.user(joining.id())).unwrap();
        assert_eq!(now.groups, joining.user.groups);
    }
}

#[tokio::test]
async fn a_group_within_the_callers_rights_is_joined_and_left() {
    let office = Office::new();
    let (app, member) = (&office.app, office.weaker());
    let viewers = app.group_of(&[app.role_of(&ADMINISTRATION)]);
    let accounts = &app.use_cases.identity.accounts;
    let (admin, names) = (office.admin.caller(), vec![viewers.clone()]);
    let joined = accounts.add_to_groups(admin.clone(), member.id(), names.clone(), None);
    assert_eq!(joined.await.unwrap().groups, [viewers.to_string()]);
    let left = accounts.remove_from_groups(admin, member.id(), names);
    assert_eq!(left.await.unwrap().groups, [""; 0]);
}

#[tokio::test]
async fn an_account_without_a_verified_address_joins_no_group() {
    let office = Office::new();
    let member = office.app.member().unverified().create();
    let groups = vec![office.app.group_of(&[])];
    let accounts = &office.app.use_cases.identity.accounts;
    let refused = accounts.add_to_groups(office.admin.caller(), member.id(), groups, None);
    assert_refused!(refused.await, AccountError::Unverified);
}
