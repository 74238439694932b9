use super::{ANY, Office, PRIZE};
use crate::support::{assert_lacks, group, group_change, group_draft};

#[tokio::test]
async fn no_group_is_created_with_a_role_that_gives_more() {
    let office = Office::new();
    let app = &office.app;
    let draft = group_draft("own_group", &[app.role_of(&[]), office.prize_role()]);
    let refused = app
        .use_cases
        .access
        .control
        .create_named(office.admin.caller(), draft);
    assert_lacks(refused.await, &[PRIZE]);
    assert_eq!(app.store(|tx| tx.named(&group("own_group"))), None);
}

#[tokio::test]
async fn no_role_that_gives_more_is_added_to_a_group() {
    let office = Office::new();
    let (own, prize) = (office.app.group_of(&[]), office.prize_role());
    let access = &office.app.use_cases.access.control;
    let admin = office.admin.caller();
    let added = access.add_parts(admin.clone(), own.clone(), vec![prize.clone()], ANY);
    assert_lacks(added.await, &[PRIZE]);
    let changed = access.update_named(admin, own, group_change(None, &[prize]), ANY);
    assert_lacks(changed.await, &[PRIZE]);
}

#[tokio::test]
async fn a_group_that_gives_more_is_not_changed_in_any_way() {
    let office = Office::new();
    let (prize, weak) = (office.prize_role(), office.app.role_of(&[]));
    let strong = office.app.group_of(std::slice::from_ref(&prize));
    let before = office.app.store(|tx| tx.named(&strong));
    let access = &office.app.use_cases.access.control;
    let (admin, roles) = (|| office.admin.caller(), vec![prize.clone()]);
    for refused in [
        access
            .update_named(admin(), strong.clone(), group_change(None, &roles), ANY)
            .await,
        access
            .update_named(admin(), strong.clone(), group_change(None, &[]), ANY)
            .await,
        access
            .update_named(
                admin(),
                strong.clone(),
                group_change(Some("mine"), &roles),
                ANY,
            )
            .await,
        access
            .add_parts(admin(), strong.clone(), vec![weak], ANY)
            .await,
        access
            .remove_parts(admin(), strong.clone(), roles.clone(), ANY)
            .await,
        access
            .remove_part(admin(), strong.clone(), prize, ANY)
            .await,
    ] {
        assert_lacks(refused, &[PRIZE]);
    }
    assert_eq!(office.app.store(|tx| tx.named(&strong)), before);
}

#[tokio::test]
async fn a_group_that_gives_more_is_not_deleted() {
    let office = Office::new();
    let strong = office.app.group_of(&[office.prize_role()]);
    let access = &office.app.use_cases.access.control;
    let refused = access.delete_named(office.admin.caller(), strong, ANY);
    assert_lacks(refused.await, &[PRIZE]);
}

#[tokio::test]
async fn a_group_with_a_stronger_member_loses_no_role() {
    let office = Office::new();
    let role = office.app.role_of(&[]);
    let shared = office.app.group_of(std::slice::from_ref(&role));
    office.app.put_in_group(office.stronger().id(), &shared);
    let access = &office.app.use_cases.access.control;
    let (admin, name) = (|| office.admin.caller(), || shared.clone());
    for refused in [
        access
            .update_named(admin(), name(), group_change(None, &[]), ANY)
            .await,
        access
            .remove_parts(admin(), name(), vec![role.clone()], ANY)
            .await,
        access.remove_part(admin(), name(), role, ANY).await,
    ] {
        assert_lacks(refused, &[PRIZE]);
    }
    // It may gain one: that takes nothing from its members.
    let more = vec![office.app.role_of(&[])];
    let added = access.add_parts(admin(), name(), more, ANY).await;
    assert_eq!(added.unwrap().parts.len(), 2);
}

#[tokio::test]
async fn a_super_admin_in_a_group_does_not_keep_its_roles_there() {
    let office = Office::new();
    let role = office.app.role_of(&[]);
    let shared = office.app.group_of(std::slice::from_ref(&role));
    let super_admin = office.app.member().super_admin().create();
    office.app.put_in_group(super_admin.id(), &shared);
    let access = &office.app.use_cases.access.control;
    let removed = access.remove_part(office.admin.caller(), shared, role, ANY);
    assert_eq!(removed.await.unwrap().parts, []);
}
