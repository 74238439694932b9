use abu_application::{
    access::{Named, RightsError},
    identity::accounts::AccountError,
};
use abu_domain::access::{Permission, PermissionName, RoleName};

use super::{ANY, office};
use crate::support::{
    assert_refused, group, group_change, group_draft, permission, permission_name,
    permission_names, role, role_change, role_draft,
};

const VIEW: Permission = Permission::ViewUser;
const CREATE: Permission = Permission::CreateUser;

/// A known permission and one that does not exist.
fn with_unknown_permission() -> Vec<PermissionName> {
    vec![permission_name(VIEW), permission("can_fly")]
}

/// A known role and one that does not exist.
fn with_unknown_role() -> Vec<RoleName> {
    vec![role("member"), role("no_role")]
}

#[tokio::test]
async fn the_unknown_permissions_of_a_role_are_named() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[]));
    let (mut draft, mut change) = (role_draft("own_role", &[]), role_change(None, &[]));
    draft.parts = with_unknown_permission();
    change.parts = with_unknown_permission();
    let (caller, names) = (|| admin.caller(), with_unknown_permission);
    for refused in [
        access.create_named(caller(), draft).await,
        access
            .update_named(caller(), name.clone(), change, ANY)
            .await,
        access.add_parts(caller(), name.clone(), names(), ANY).await,
        access
            .remove_parts(caller(), name.clone(), names(), ANY)
            .await,
    ] {
        assert_refused!(
            refused,
            RightsError::Unknown(Named::Permission, names) if names == ["can_fly"]
        );
    }
}

#[tokio::test]
async fn the_unknown_roles_of_a_group_are_named() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.group_of(&[]));
    let (caller, roles) = (|| admin.caller(), with_unknown_role);
    let (draft, change) = (
        group_draft("own_group", &roles()),
        group_change(None, &roles()),
    );
    for refused in [
        access.create_named(caller(), draft).await,
        access
            .update_named(caller(), name.clone(), change, ANY)
            .await,
        access.add_parts(caller(), name.clone(), roles(), ANY).await,
        access
            .remove_parts(caller(), name.clone(), roles(), ANY)
            .await,
    ] {
        assert_refused!(
            refused,
            RightsError::Unknown(Named::Role, names) if names == ["no_role"]
        );
    }
}

#[tokio::test]
async fn the_unknown_groups_of_an_account_are_named() {
    let (app, admin) = office();
    let (accounts, member) = (&app.use_cases.identity.accounts, app.member().create());
    let groups = vec![app.group_of(&[]), group("no_group")];
    let caller = || admin.caller();
    for refused in [
        accounts
            .add_to_groups(caller(), member.id(), groups.clone(), None)
            .await,
        accounts
            .remove_from_groups(caller(), member.id(), groups.clone())
            .await,
    ] {
        assert_refused!(
            refused,
            AccountError::UnknownGroups(unknown) if unknown == [group("no_group")]
        );
    }
}

#[tokio::test]
async fn an_update_of_a_role_replaces_its_permissions() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[VIEW]));
    let changed = access.update_named(admin.caller(), name, role_change(None, &[CREATE]), ANY);
    assert_eq!(changed.await.unwrap().parts, permission_names(&[CREATE]));
}

#[tokio::test]
async fn an_update_of_a_group_replaces_its_roles() {
    let (app, admin) = office();
    let (before, after) = (app.role_of(&[]), app.role_of(&[]));
    let (access, name) = (&app.use_cases.access.control, app.group_of(&[before]));
    let change = group_change(None, std::slice::from_ref(&after));
    let changed = access.update_named(admin.caller(), name, change, ANY).await;
    assert_eq!(changed.unwrap().parts, [after]);
}

#[tokio::test]
async fn permissions_are_added_to_those_of_a_role_once() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[VIEW]));
    let more = permission_names(&[VIEW, CREATE, CREATE]);
    let changed = access.add_parts(admin.caller(), name, more, ANY).await;
    let all = permission_names(&[CREATE, VIEW]);
    assert_eq!(changed.unwrap().parts, all);
}

#[tokio::test]
async fn permissions_that_a_role_does_not_give_are_removed_without_an_error() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[VIEW]));
    let names = permission_names(&[CREATE]);
    let same = access.remove_parts(admin.caller(), name, names, ANY);
    assert_eq!(same.await.unwrap().parts, permission_names(&[VIEW]));
}

#[tokio::test]
async fn one_permission_is_removed_only_from_a_role_that_gives_it() {
    let (app, admin) = office();
    let (access, name) = (&app.use_cases.access.control, app.role_of(&[VIEW]));
    let remove = || {
        let view = permission_name(VIEW);
        access.remove_part(admin.caller(), name.clone(), view, ANY)
    };
    assert_eq!(remove().await.unwrap().parts, []);
    assert_refused!(remove().await, RightsError::NotPart(Named::Permission));
}

#[tokio::test]
async fn one_role_is_removed_only_from_a_group_that_gives_it() {
    let (app, admin) = office();
    let role = app.role_of(&[]);
    let name = app.group_of(std::slice::from_ref(&role));
    let access = &app.use_cases.access.control;
    let remove = || access.remove_part(admin.caller(), name.clone(), role.clone(), ANY);
    assert_eq!(remove().await.unwrap().parts, []);
    assert_refused!(remove().await, RightsError::NotPart(Named::Role));
}
