use abu_domain::access::{Permission, Scope};

use super::{ADMINISTRATION, ANY, Office, PRIZE};
use crate::support::{
    assert_lacks, permission_name, permission_names, role, role_change, role_draft,
};

#[tokio::test]
async fn no_role_is_created_that_gives_more() {
    let office = Office::new();
    let app = &office.app;
    let draft = role_draft("own_role", &[Permission::ViewUser, PRIZE]);
    let refused = app
        .use_cases
        .access
        .control
        .create_named(office.admin.caller(), draft);
    assert_lacks(refused.await, &[PRIZE]);
    assert_eq!(app.store(|tx| tx.named(&role("own_role"))), None);
}

#[tokio::test]
async fn no_permission_that_the_caller_lacks_is_added_to_a_role() {
    let office = Office::new();
    let weak = office.app.role_of(&[]);
    let access = &office.app.use_cases.access.control;
    let (admin, prize) = (office.admin.caller(), permission_names(&[PRIZE]));
    let added = access.add_parts(admin.clone(), weak.clone(), prize, ANY);
    assert_lacks(added.await, &[PRIZE]);
    let changed = access.update_named(admin, weak, role_change(None, &[PRIZE]), ANY);
    assert_lacks(changed.await, &[PRIZE]);
}

#[tokio::test]
async fn a_role_that_gives_more_is_not_changed_in_any_way() {
    let office = Office::new();
    let strong = office.prize_role();
    let before = office.app.store(|tx| tx.named(&strong));
    let access = &office.app.use_cases.access.control;
    let admin = || office.admin.caller();
    let own = permission_names(&[Permission::ViewUser]);
    for refused in [
        access
            .update_named(admin(), strong.clone(), role_change(None, &[PRIZE]), ANY)
            .await,
        access
            .update_named(admin(), strong.clone(), role_change(None, &[]), ANY)
            .await,
        access
            .update_named(
                admin(),
                strong.clone(),
                role_change(Some("mine"), &[PRIZE]),
                ANY,
            )
            .await,
        access.add_parts(admin(), strong.clone(), own, ANY).await,
        access
            .remove_parts(admin(), strong.clone(), permission_names(&[PRIZE]), ANY)
            .await,
        access
            .remove_part(admin(), strong.clone(), permission_name(PRIZE), ANY)
            .await,
    ] {
        assert_lacks(refused, &[PRIZE]);
    }
    assert_eq!(office.app.store(|tx| tx.named(&strong)), before);
}

#[tokio::test]
async fn a_role_that_gives_more_is_not_deleted() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let refused = access.delete_named(office.admin.caller(), office.prize_role(), ANY);
    assert_lacks(refused.await, &[PRIZE]);
}

#[tokio::test]
async fn a_role_that_a_stronger_member_has_by_a_group_loses_nothing() {
    let office = Office::new();
    let shared = office.app.role_of(&[Permission::ViewUser]);
    let group = office.app.group_of(std::slice::from_ref(&shared));
    office.app.put_in_group(office.stronger().id(), &group);
    let access = &office.app.use_cases.access.control;
    let (admin, name) = (|| office.admin.caller(), || shared.clone());
    let view = permission_names(&[Permission::ViewUser]);
    for refused in [
        access
            .update_named(admin(), name(), role_change(None, &[]), ANY)
            .await,
        access
            .remove_parts(admin(), name(), view.clone(), ANY)
            .await,
        access
            .remove_part(admin(), name(), view[0].clone(), ANY)
            .await,
    ] {
        assert_lacks(refused, &[PRIZE]);
    }
    // It may give more: that takes nothing from its holders.
    let more = permission_names(&[Permission::ViewRole]);
    let added = access.add_parts(admin(), shared, more, ANY).await;
    assert_eq!(added.unwrap().parts.len(), 2);
}

#[tokio::test]
async fn a_role_that_a_stronger_officer_has_for_a_term_loses_nothing() {
    let office = Office::new();
    let shared = office.app.role_of(&[Permission::ViewUser]);
    office.assign(&office.stronger(), &shared, Scope::Global);
    let access = &office.app.use_cases.access.control;
    let removed = access.remove_parts(
        office.admin.caller(),
        shared,
        permission_names(&[Permission::ViewUser]),
        ANY,
    );
    assert_lacks(removed.await, &[PRIZE]);
}

#[tokio::test]
async fn a_super_admin_with_a_role_does_not_keep_its_permissions_there() {
    let office = Office::new();
    let shared = office.app.role_of(&[Permission::ViewUser]);
    let super_admin = office.app.member().super_admin().create();
    office.assign(&super_admin, &shared, Scope::Global);
    let access = &office.app.use_cases.access.control;
    let view = permission_name(Permission::ViewUser);
    let removed = access.remove_part(office.admin.caller(), shared, view, ANY);
    assert_eq!(removed.await.unwrap().parts, []);
}

#[tokio::test]
async fn permissions_that_the_caller_holds_are_given_and_taken_away() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let admin = || office.admin.caller();
    let made = access.create_named(admin(), role_draft("own_role", &ADMINISTRATION));
    let own = made.await.unwrap().name;
    let fewer = role_change(None, &[Permission::ViewUser]);
    let changed = access.update_named(admin(), own.clone(), fewer, ANY).await;
    let view = permission_names(&[Permission::ViewUser]);
    assert_eq!(changed.unwrap().parts, view);
    access.delete_named(admin(), own, ANY).await.unwrap();
}
