use abu_application::access::{Named, RightsError};
use abu_domain::access::Permission;

use super::{ANY, office, own_permission};
use crate::support::{
    TestApp, assert_refused, group, group_change, group_draft, permission, permission_change,
    permission_draft, permission_name, role, role_change, role_draft,
};

const VIEW: Permission = Permission::ViewUser;

#[tokio::test]
async fn a_system_permission_is_neither_renamed_nor_deleted() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, permission_name(VIEW));
    let change = permission_change(Some("can_see_user"));
    let renamed = access.update_named(admin.caller(), name.clone(), change, ANY);
    assert_refused!(renamed.await, RightsError::SystemRow);
    let deleted = access.delete_named(admin.caller(), name, ANY).await;
    assert_refused!(deleted, RightsError::SystemRow);
}

#[tokio::test]
async fn a_system_role_is_neither_renamed_nor_deleted() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, role("member"));
    let change = role_change(Some("members"), &[]);
    let renamed = access.update_named(admin.caller(), name.clone(), change, ANY);
    assert_refused!(renamed.await, RightsError::SystemRow);
    let deleted = access.delete_named(admin.caller(), name, ANY).await;
    assert_refused!(deleted, RightsError::SystemRow);
}

#[tokio::test]
async fn a_system_group_is_neither_renamed_nor_deleted() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, group("dpo_group"));
    let change = group_change(Some("dpos"), &[role("privacy_admin")]);
    let renamed = access.update_named(admin.caller(), name.clone(), change, ANY);
    assert_refused!(renamed.await, RightsError::SystemRow);
    let deleted = access.delete_named(admin.caller(), name, ANY).await;
    assert_refused!(deleted, RightsError::SystemRow);
}

#[tokio::test]
async fn system_rows_change_in_all_but_their_names() {
    let (app, admin) = office();
    let access = &app.use_cases.access.control;
    let (view, change) = (permission_name(VIEW), permission_change(Some(VIEW.name())));
    let described = access.update_named(admin.caller(), view, change, ANY);
    assert_eq!(described.await.unwrap().description.as_str(), "Changed.");
    let change = role_change(Some("member"), &[VIEW]);
    let changed = access.update_named(admin.caller(), role("member"), change, ANY);
    assert_eq!(changed.await.unwrap().parts, [permission_name(VIEW)]);
    let change = group_change(Some("dpo_group"), &[role("member")]);
    let changed = access.update_named(admin.caller(), group("dpo_group"), change, ANY);
    assert_eq!(changed.await.unwrap().parts, [role("member")]);
}

#[tokio::test]
async fn the_name_of_a_permission_is_taken_once() {
    let (app, admin) = office();
    let (access, taken) = (&app.use_cases.access.control, own_permission(&app));
    let created = access.create_named(admin.caller(), permission_draft(taken.as_str()));
    assert_refused!(created.await, RightsError::NameTaken);
    let other = access.create_named(admin.caller(), permission_draft("can_scan_card"));
    let (other, change) = (
        other.await.unwrap(),
        permission_change(Some(taken.as_str())),
    );
    let renamed = access.update_named(admin.caller(), other.name, change, ANY);
    assert_refused!(renamed.await, RightsError::NameTaken);
}

#[tokio::test]
async fn the_name_of_a_role_is_taken_once() {
    let (app, admin) = office();
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), role_draft("member", &[]));
    assert_refused!(created.await, RightsError::NameTaken);
    let (other, change) = (app.role_of(&[]), role_change(Some("member"), &[]));
    let renamed = access
        .update_named(admin.caller(), other, change, ANY)
        .await;
    assert_refused!(renamed, RightsError::NameTaken);
}

#[tokio::test]
async fn the_name_of_a_group_is_taken_once() {
    let (app, admin) = office();
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), group_draft("dpo_group", &[]));
    assert_refused!(created.await, RightsError::NameTaken);
    let (other, change) = (app.group_of(&[]), group_change(Some("dpo_group"), &[]));
    let renamed = access
        .update_named(admin.caller(), other, change, ANY)
        .await;
    assert_refused!(renamed, RightsError::NameTaken);
}

#[tokio::test]
async fn permissions_that_the_code_asks_for_come_from_seeding_alone() {
    let (app, admin) = office();
    // As after an upgrade that is not seeded yet.
    app.database
        .execute("DELETE FROM permissions WHERE name = 'can_approve_job'");
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), permission_draft("can_approve_job"));
    assert_refused!(created.await, RightsError::NameTaken);
    let (own, change) = (
        own_permission(&app),
        permission_change(Some("can_approve_job")),
    );
    let renamed = access.update_named(admin.caller(), own, change, ANY);
    assert_refused!(renamed.await, RightsError::NameTaken);
}

#[tokio::test]
async fn rows_that_do_not_exist_are_not_found() {
    let (app, admin) = office();
    let access = &app.use_cases.access.control;
    let caller = || admin.caller();
    let changed = access.update_named(
        caller(),
        permission("can_fly"),
        permission_change(None),
        ANY,
    );
    assert_refused!(changed.await, RightsError::NotFound(Named::Permission));
    let deleted = access.delete_named(caller(), permission("can_fly"), ANY);
    assert_refused!(deleted.await, RightsError::NotFound(Named::Permission));
    let changed = access.update_named(caller(), role("no_role"), role_change(None, &[]), ANY);
    assert_refused!(changed.await, RightsError::NotFound(Named::Role));
    let deleted = access.delete_named(caller(), role("no_role"), ANY).await;
    assert_refused!(deleted, RightsError::NotFound(Named::Role));
    let changed = access.update_named(caller(), group("no_group"), group_change(None, &[]), ANY);
    assert_refused!(changed.await, RightsError::NotFound(Named::Group));
    let deleted = access.delete_named(caller(), group("no_group"), ANY).await;
    assert_refused!(deleted, RightsError::NotFound(Named::Group));
}

#[tokio::test]
async fn a_group_that_requires_totp_by_its_name_is_not_renamed() {
    let app = TestApp::requiring_totp_of("staff_group");
    let admin = app.member().super_admin().create();
    let access = &app.use_cases.access.control;
    let created = access.create_named(admin.caller(), group_draft("staff_group", &[]));
    let staff = created.await.unwrap().name;
    let change = group_change(Some("guest_group"), &[]);
    let renamed = access.update_named(admin.caller(), staff.clone(), change.clone(), ANY);
    assert_refused!(renamed.await, RightsError::TotpGroup);
    let kept = group_change(Some("staff_group"), &[role("member")]);
    let changed = access.update_named(admin.caller(), staff, kept, ANY).await;
    assert_eq!(changed.unwrap().parts, [role("member")]);
    let other = access.update_named(admin.caller(), app.group_of(&[]), change, ANY);
    assert_eq!(other.await.unwrap().name, group("guest_group"));
}

#[tokio::test]
async fn a_rename_makes_new_versions_of_the_rows_that_show_the_name() {
    let (app, admin) = office();
    let (access, own) = (&app.use_cases.access.control, own_permission(&app));
    let role_name = app.role_of(&[]);
    app.store(|tx| tx.add_parts(&role_name, std::slice::from_ref(&own)));
    let group_name = app.group_of(std::slice::from_ref(&role_name));
    let member = app.member().create();
    app.put_in_group(member.id(), &group_name);

    let before = app.store(|tx| tx.named(&role_name)).unwrap();
    let change = permission_change(Some("can_print_cards"));
    let renamed = access.update_named(admin.caller(), own, change, ANY);
    let printing = renamed.await.unwrap().name;
    let shown = app.store(|tx| tx.named(&role_name)).unwrap();
    assert_eq!(shown.parts, [printing]);
    assert!(shown.last_modified > before.last_modified);

    let before = app.store(|tx| tx.named(&group_name)).unwrap();
    let change = role_change(Some("card_printer"), &[]);
    let renamed = access.update_named(admin.caller(), role_name, change, ANY);
    let printer = renamed.await.unwrap().name;
    let shown = app.store(|tx| tx.named(&group_name)).unwrap();
    assert_eq!(shown.parts, [printer]);
    assert!(shown.last_modified > before.last_modified);

    let before = app.store(|tx| tx.user(member.id())).unwrap();
    let change = group_change(Some("card_printers"), &[]);
    let renamed = access.update_named(admin.caller(), group_name, change, ANY);
    renamed.await.unwrap();
    let shown = app.store(|tx| tx.user(member.id())).unwrap();
    assert_eq!(shown.groups, ["card_printers"]);
    assert!(shown.last_modified > before.last_modified);
}
