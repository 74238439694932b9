//! Roles that accounts get automatically give no permission that raises rights.

use abu_application::{
    access::{Named, RightsError},
    platform::versions::Expected,
};
use abu_domain::access::{AUTOMATIC_GROUPS, GroupName, Permission, RoleName};

use super::ANY;
use crate::support::{
    Member, TestApp, assert_refused, description, group, group_change, group_draft,
    permission_names, role, role_change, role_draft,
};

/// An automatic group and its role.
const AUTOMATIC: [(&str, &str); 2] = [
    ("applicant_group", "applicant"),
    ("verified_alumni_group", "member"),
];

const HARMLESS: Permission = Permission::CreateEvent;

fn raising() -> impl Iterator<Item = Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.raises_rights())
}

struct Office {
    app: TestApp,
    superuser: Member,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let superuser = app.member().superuser().create();
        Self { app, superuser }
    }

    async fn add_permissions(
        &self,
        to: &RoleName,
        permissions: &[Permission],
    ) -> Result<(), RightsError> {
        let access = &self.app.use_cases.access.control;
        let names = permission_names(permissions);
        let added = access.add_parts(self.superuser.caller(), to.clone(), names, ANY);
        added.await.map(drop)
    }

    async fn add_role(&self, to: &GroupName, role: &RoleName) -> Result<(), RightsError> {
        let access = &self.app.use_cases.access.control;
        let roles = vec![role.clone()];
        let added = access.add_parts(self.superuser.caller(), to.clone(), roles, ANY);
        added.await.map(drop)
    }
}

#[tokio::test]
async fn no_permission_that_raises_rights_enters_an_automatic_role() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    for (_, name) in AUTOMATIC {
        let automatic = role(name);
        for permission in raising() {
            let added = office
                .add_permissions(&automatic, &[HARMLESS, permission])
                .await;
            assert_refused!(
                added,
                RightsError::Automatic(Named::Role, names) if names == [permission.name()]
            );
            let change = role_change(None, &[permission]);
            let by = office.superuser.caller();
            let changed = access.update_named(by, automatic.clone(), change, ANY);
            assert_refused!(changed.await, RightsError::Automatic(Named::Role, _));
        }
        office
            .add_permissions(&automatic, &[HARMLESS])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn no_role_that_raises_rights_enters_an_automatic_group() {
    let office = Office::new();
    let access = &office.app.use_cases.access.control;
    let strong = office.app.role_of(&[HARMLESS, Permission::ModifyUser]);
    for name in AUTOMATIC_GROUPS {
        let automatic = group(name);
        let added = office.add_role(&automatic, &strong).await;
        assert_refused!(
            added,
            RightsError::Automatic(Named::Group, names) if names == ["can_modify_user"]
        );
        let change = group_change(None, std::slice::from_ref(&strong));
        let by = office.superuser.caller();
        let changed = access.update_named(by, automatic.clone(), change, ANY);
        assert_refused!(changed.await, RightsError::Automatic(Named::Group, _));
        let harmless = office.app.role_of(&[HARMLESS]);
        office.add_role(&automatic, &harmless).await.unwrap();
    }
}

#[tokio::test]
async fn a_role_that_entered_an_automatic_group_takes_no_raising_permission() {
    let office = Office::new();
    let (own, automatic) = (office.app.role_of(&[]), group("verified_alumni_group"));
    office.add_role(&automatic, &own).await.unwrap();
    let refused = office
        .add_permissions(&own, &[Permission::ModifyGroup])
        .await;
    assert_refused!(refused, RightsError::Automatic(..));
    let access = &office.app.use_cases.access.control;
    let by = office.superuser.caller();
    let left = access.remove_part(by, automatic.clone(), own.clone(), ANY);
    left.await.unwrap();
    office
        .add_permissions(&own, &[Permission::ModifyGroup])
        .await
        .unwrap();
    let refused = office.add_role(&automatic, &own).await;
    assert_refused!(refused, RightsError::Automatic(..));
}

#[tokio::test]
async fn no_rename_or_creation_makes_a_raising_permission_automatic() {
    let office = Office::new();
    let (app, superuser) = (&office.app, &office.superuser);
    let access = &app.use_cases.access.control;
    let strong = app.role_of(&[Permission::ModifyUser]);
    let staff = app.group_of(std::slice::from_ref(&strong));
    // Seeded names are taken, so neither a new group nor a renamed one replaces them.
    for name in AUTOMATIC_GROUPS {
        let draft = group_draft(name, std::slice::from_ref(&strong));
        let created = access.create_named(superuser.caller(), draft).await;
        assert_refused!(created, RightsError::Automatic(Named::Group, _));
        let change = group_change(Some(name), std::slice::from_ref(&strong));
        let renamed = access.update_named(superuser.caller(), staff.clone(), change, ANY);
        assert_refused!(renamed.await, RightsError::NameTaken);
    }
    for (_, name) in AUTOMATIC {
        let draft = role_draft(name, &[Permission::ModifyUser]);
        let created = access.create_named(superuser.caller(), draft).await;
        assert_refused!(created, RightsError::NameTaken | RightsError::Automatic(..));
        let change = role_change(Some(name), &[Permission::ModifyUser]);
        let renamed = access.update_named(superuser.caller(), strong.clone(), change, ANY);
        assert_refused!(renamed.await, RightsError::NameTaken);
    }
}

#[tokio::test]
async fn a_raising_permission_from_before_the_rule_can_be_removed() {
    let office = Office::new();
    let automatic = role("member");
    let raising = permission_names(&[Permission::ModifyUser, Permission::ModifyRole]);
    office.app.store(|tx| tx.add_parts(&automatic, &raising));
    let access = &office.app.use_cases.access.control;
    let by = office.superuser.caller();
    let change = role_change(None, &[Permission::ModifyUser]);
    let lessened = access.update_named(by, automatic, change, Expected::Anything);
    let lessened = lessened.await.unwrap();
    assert_eq!(lessened.description, description("Changed."));
    assert_eq!(lessened.parts, permission_names(&[Permission::ModifyUser]));
}
