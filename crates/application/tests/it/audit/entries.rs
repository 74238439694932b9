use std::{fmt::Debug, future::Future, sync::Arc};

use abu_application::{
    access::{Operator, RightsError, Server},
    identity::{
        accounts::{UserDraft, UserUpdate},
        ports::OwnDetails,
    },
    platform::{audit::Action, ports::AuditEntry, versions::Expected},
};
use abu_domain::{
    access::{Permission, Scope},
    identity::text::NewPassword,
    platform::text::{EmailAddress, PersonName, Reason},
};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::support::{
    Member, PASSWORD, TestApp, assert_refused, assignment_draft, group, group_change, group_draft,
    permission, permission_change, permission_draft, permission_name, permission_names, role,
    role_change, role_draft, term,
};

const ANY: Expected = Expected::Anything;
const VIEW: Permission = Permission::ViewUser;

struct Office {
    app: TestApp,
    admin: Member,
}

impl Office {
    fn new() -> Self {
        let app = TestApp::new();
        let admin = app.member().super_admin().create();
        Self { app, admin }
    }

    /// What the change returned, and the entries that it wrote.
    async fn entries_of<T, E: Debug>(
        &self,
        change: impl Future<Output = Result<T, E>>,
    ) -> (T, Vec<AuditEntry>) {
        let before = self.app.audit().len();
        let value = change.await.unwrap();
        (value, self.app.audit().split_off(before))
    }

    /// Asserts that the change wrote one entry, of this action of the admin's on this target; returns its
    /// details.
    async fn one<T, E: Debug>(
        &self,
        change: impl Future<Output = Result<T, E>>,
        action: Action,
        target: impl ToString,
    ) -> String {
        let (_, entries) = self.entries_of(change).await;
        let [entry] = &entries[..] else {
            panic!("not one entry: {entries:?}");
        };
        let row = &entry.row;
        assert_eq!(row.action, action.name());
        assert_eq!(row.actor, "user");
        assert_eq!(row.actor_id, Some(self.admin.id().uuid()));
        assert_eq!(row.target_id, Some(target.to_string()));
        assert_eq!(row.created_at, self.app.now());
        row.details.clone()
    }

    /// Asserts that the call wrote no entry.
    async fn none<T, E: Debug>(&self, call: impl Future<Output = Result<T, E>>) {
        let (_, entries) = self.entries_of(call).await;
        assert!(entries.is_empty(), "{entries:?}");
    }
}

fn reason() -> Reason {
    Reason::parse("Left.").unwrap()
}

fn user_draft(email: &str) -> UserDraft {
    UserDraft {
        email: EmailAddress::parse(email).unwrap(),
        password: NewPassword::parse(PASSWORD.into()).unwrap(),
        firstname: PersonName::parse("Amina").unwrap(),
        middlename: None,
        lastname: PersonName::parse("Bello").unwrap(),
        phone: None,
    }
}

fn update(member: &Member, firstname: &str, email: &str) -> UserUpdate {
    UserUpdate {
        email: EmailAddress::parse(email).unwrap(),
        details: OwnDetails {
            firstname: PersonName::parse(firstname).unwrap(),
            middlename: None,
            lastname: member.user.lastname.clone(),
            phone: None,
        },
    }
}

#[tokio::test]
async fn each_change_of_a_permission_writes_one_entry() {
    let office = Office::new();
    let (access, admin) = (&office.app.use_cases.access.control, || {
        office.admin.caller()
    });
    let (old, new) = ("can_print_card", "can_print_cards");
    let created = access.create_named(admin(), permission_draft(old));
    office.one(created, Action::PermissionCreate, old).await;
    let change = permission_change(Some(new));
    let renamed = access.update_named(admin(), permission(old), change, ANY);
    let details = office.one(renamed, Action::PermissionUpdate, new).await;
    assert_eq!(details, r#"{"renamed-from":"can_print_card"}"#);
    let deleted = access.delete_named(admin(), permission(new), ANY);
    office.one(deleted, Action::PermissionDelete, new).await;
}

#[tokio::test]
async fn each_change_of_a_role_writes_one_entry() {
    let office = Office::new();
    let (access, admin) = (&office.app.use_cases.access.control, || {
        office.admin.caller()
    });
    let draft = role_draft("old_role", &[VIEW]);
    let created = access.create_named(admin(), draft);
    let details = office.one(created, Action::RoleCreate, "old_role").await;
    assert_eq!(details, r#"{"permissions":"can_view_user"}"#);
    let change = role_change(Some("new_role"), &[Permission::ViewRole]);
    let updated = access.update_named(admin(), role("old_role"), change, ANY);
    let details = office.one(updated, Action::RoleUpdate, "new_role").await;
    assert_eq!(
        details,
        r#"{"added":"can_view_role","removed":"can_view_user","renamed-from":"old_role"}"#
    );
    let (name, names) = (|| role("new_role"), || permission_names(&[VIEW]));
    let added = access.add_parts(admin(), name(), names(), ANY);
    let details = office.one(added, Action::RoleAddPermission, name()).await;
    assert_eq!(details, r#"{"added":"can_view_user"}"#);
    let removed = access.remove_parts(admin(), name(), names(), ANY);
    let details = office
        .one(removed, Action::RoleRemovePermission, name())
        .await;
    assert_eq!(details, r#"{"removed":"can_view_user"}"#);
    let last = permission_name(Permission::ViewRole);
    let removed = access.remove_part(admin(), name(), last, ANY);
    office
        .one(removed, Action::RoleRemovePermission, name())
        .await;
    let deleted = access.delete_named(admin(), name(), ANY);
    office.one(deleted, Action::RoleDelete, name()).await;
}

#[tokio::test]
async fn each_change_of_a_group_writes_one_entry() {
    let office = Office::new();
    let (access, admin) = (&office.app.use_cases.access.control, || {
        office.admin.caller()
    });
    let draft = group_draft("old_group", &[role("member")]);
    let created = access.create_named(admin(), draft);
    let details = office.one(created, Action::GroupCreate, "old_group").await;
    assert_eq!(details, r#"{"roles":"member"}"#);
    let change = group_change(Some("new_group"), &[role("applicant")]);
    let updated = access.update_named(admin(), group("old_group"), change, ANY);
    let details = office.one(updated, Action::GroupUpdate, "new_group").await;
    assert_eq!(
        details,
        r#"{"added":"applicant","removed":"member","renamed-from":"old_group"}"#
    );
    let (name, names) = (|| group("new_group"), || vec![role("member")]);
    let added = access.add_parts(admin(), name(), names(), ANY);
    let details = office.one(added, Action::GroupAddRole, name()).await;
    assert_eq!(details, r#"{"added":"member"}"#);
    let removed = access.remove_parts(admin(), name(), names(), ANY);
    office.one(removed, Action::GroupRemoveRole, name()).await;
    let removed = access.remove_part(admin(), name(), role("applicant"), ANY);
    office.one(removed, Action::GroupRemoveRole, name()).await;
    let deleted = access.delete_named(admin(), name(), ANY);
    office.one(deleted, Action::GroupDelete, name()).await;
}

#[tokio::test]
async fn each_change_of_an_assignment_writes_one_entry() {
    let office = Office::new();
    let (app, admin) = (&office.app, || office.admin.caller());
    let (access, officer) = (&app.use_cases.access.control, app.member().create().id());
    let chapter = Uuid::from_u128(7);
    let draft = assignment_draft(officer, &role("chapter_chair"), Scope::Chapter(chapter));
    let assigned = access.assign(admin(), draft);
    let details = office
        .one(assigned, Action::AssignmentCreate, officer)
        .await;
    assert!(details.contains(r#""role":"chapter_chair""#), "{details}");
    assert!(details.contains(&chapter.to_string()), "{details}");
    let began = term(app.now() - TimeDelta::days(1), None);
    let id = app.assign(officer, &role("job_admin"), Scope::Global, began);
    let ended = access.end_assignment(admin(), id);
    let details = office.one(ended, Action::AssignmentEnd, officer).await;
    assert!(details.contains(&id.to_string()), "{details}");
    let to_come = term(app.now() + TimeDelta::days(1), None);
    let id = app.assign(officer, &role("job_admin"), Scope::Global, to_come);
    let called_off = access.end_assignment(admin(), id);
    office.one(called_off, Action::AssignmentEnd, officer).await;
}

#[tokio::test]
async fn each_change_of_an_account_writes_one_entry() {
    let office = Office::new();
    let (app, admin) = (&office.app, || office.admin.caller());
    let (accounts, member) = (&app.use_cases.identity.accounts, app.member().create());
    let (id, email) = (member.id(), member.user.email.as_str());
    let renamed = accounts.update(admin(), id, update(&member, "Eve", email), ANY);
    let details = office.one(renamed, Action::UserUpdate, id).await;
    assert_eq!(details, r#"{"changed":"firstname"}"#);
    let reset = app.use_cases.identity.passwords.send_reset_to(admin(), id);
    office.one(reset, Action::UserSendReset, id).await;
    let moved = update(&member, "Eve", "eve@example.com");
    let moved = accounts.update(admin(), id, moved, ANY);
    office.one(moved, Action::UserChangeEmail, id).await;
    let groups = || vec![group("dpo_group"), group("editor_group")];
    let joined = accounts.add_to_groups(admin(), id, groups(), None);
    let details = office.one(joined, Action::UserAddToGroup, id).await;
    assert_eq!(details, r#"{"groups":"dpo_group, editor_group"}"#);
    let left = accounts.remove_from_groups(admin(), id, groups());
    office.one(left, Action::UserRemoveFromGroup, id).await;
    let suspended = accounts.suspend(admin(), id);
    office.one(suspended, Action::UserSuspend, id).await;
    let activated = accounts.activate(admin(), id);
    let details = office.one(activated, Action::UserActivate, id).await;
    assert_eq!(details, "{}");
    let scheduled = accounts.schedule_erasure(admin(), id, reason());
    let details = office.one(scheduled, Action::UserScheduleErasure, id).await;
    assert_eq!(details, r#"{"reason":"Left."}"#);
    let activated = accounts.activate(admin(), id);
    let details = office.one(activated, Action::UserActivate, id).await;
    assert_eq!(details, r#"{"erasure":"called off"}"#);
}

#[tokio::test]
async fn creating_an_account_for_its_owner_writes_one_entry() {
    let office = Office::new();
    let accounts = &office.app.use_cases.identity.accounts;
    let draft = user_draft("new@example.com");
    let created = accounts.create(office.admin.caller(), draft);
    let (user, entries) = office.entries_of(created).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].row.action, Action::UserCreate.name());
    assert_eq!(entries[0].row.target_id, Some(user.id.to_string()));
}

#[tokio::test]
async fn calls_that_change_no_rights_write_no_entry() {
    let office = Office::new();
    let (app, admin) = (&office.app, || office.admin.caller());
    let access = &app.use_cases.access.control;
    let (own_role, view) = (app.role_of(&[VIEW]), || permission_names(&[VIEW]));
    let own_group = app.group_of(std::slice::from_ref(&own_role));
    let other = permission_names(&[Permission::ViewRole]);
    let added = access.add_parts(admin(), own_role.clone(), view(), ANY);
    office.none(added).await;
    let removed = access.remove_parts(admin(), own_role.clone(), other, ANY);
    office.none(removed).await;
    let names = || vec![own_role.clone()];
    office
        .none(access.add_parts(admin(), own_group.clone(), names(), ANY))
        .await;
    let absent = vec![role("member")];
    office
        .none(access.remove_parts(admin(), own_group.clone(), absent, ANY))
        .await;
    let same = role_change(None, &[VIEW]);
    let update = || access.update_named(admin(), own_role.clone(), same.clone(), ANY);
    update().await.unwrap();
    office.none(update()).await;
    let same = group_change(None, &names());
    let update = || access.update_named(admin(), group(own_group.as_str()), same.clone(), ANY);
    update().await.unwrap();
    office.none(update()).await;
}

#[tokio::test]
async fn calls_that_change_no_account_write_no_entry() {
    let office = Office::new();
    let (app, admin) = (&office.app, || office.admin.caller());
    let (accounts, member) = (&app.use_cases.identity.accounts, app.member().create());
    let (id, email) = (member.id(), member.user.email.as_str());
    let same = update(&member, member.user.firstname.as_str(), email);
    office.none(accounts.update(admin(), id, same, ANY)).await;
    office.none(accounts.activate(admin(), id)).await;
    let groups = || vec![group("dpo_group")];
    let left = accounts.remove_from_groups(admin(), id, groups());
    office.none(left).await;
    app.put_in_group(id, &group("dpo_group"));
    let joined = accounts.add_to_groups(admin(), id, groups(), None);
    office.none(joined).await;
    accounts.suspend(admin(), id).await.unwrap();
    office.none(accounts.suspend(admin(), id)).await;
    let schedule = || accounts.schedule_erasure(admin(), id, reason());
    schedule().await.unwrap();
    office.none(schedule()).await;
}

#[tokio::test]
async fn a_refused_change_writes_no_entry() {
    let office = Office::new();
    let (app, before) = (&office.app, office.app.audit().len());
    let member = app.member().create();
    let access = &app.use_cases.access.control;
    let created = access.create_named(member.caller(), role_draft("own_role", &[]));
    created.await.unwrap_err();
    let taken = access.create_named(office.admin.caller(), role_draft("member", &[]));
    assert_refused!(taken.await, RightsError::NameTaken);
    assert_eq!(app.audit().len(), before);
}

#[tokio::test]
async fn a_change_whose_entry_cannot_be_written_is_rolled_back() {
    let office = Office::new();
    let (app, admin) = (&office.app, || office.admin.caller());
    app.database
        .execute("ALTER TABLE audit_log ADD CONSTRAINT audit_log_full CHECK (false) NOT VALID");
    let member = app.member().create();
    let created = app
        .use_cases
        .access
        .control
        .create_named(admin(), role_draft("own_role", &[]));
    assert_refused!(created.await, RightsError::Store(_));
    assert_eq!(app.store(|tx| tx.named(&role("own_role"))), None);
    let suspended = app
        .use_cases
        .identity
        .accounts
        .suspend(admin(), member.id())
        .await;
    suspended.unwrap_err();
    assert!(app.store(|tx| tx.user(member.id())).unwrap().is_active);
    assert_eq!(app.live.take(), []);
}

#[tokio::test]
async fn an_entry_records_the_origin_of_its_request() {
    let office = Office::new();
    let member = office.app.member().create();
    let accounts = &office.app.use_cases.identity.accounts;
    let suspended = accounts.suspend(office.admin.caller(), member.id());
    let (_, entries) = office.entries_of(suspended).await;
    assert_eq!(entries[0].row.address.as_deref(), Some("192.0.2.7"));
    assert_eq!(entries[0].row.request_id.as_deref(), Some("req_test"));
}

#[tokio::test]
async fn an_entry_names_the_operator_at_the_machine() {
    let office = Office::new();
    let member = office.app.member().create();
    let operator = Operator {
        name: Arc::from("root"),
        sudo_user: Some(Arc::from("amina")),
    };
    let accounts = &office.app.use_cases.identity.accounts;
    let suspended = accounts.suspend(operator, member.id());
    let (_, entries) = office.entries_of(suspended).await;
    let row = &entries[0].row;
    assert_eq!(row.actor, "os:root");
    assert_eq!((row.actor_id, &row.address), (None, &None));
    assert_eq!(row.details, r#"{"sudo_user":"amina"}"#);
}

#[tokio::test]
async fn an_entry_of_the_server_names_the_system() {
    let office = Office::new();
    let member = office.app.member().create();
    let accounts = &office.app.use_cases.identity.accounts;
    let suspended = accounts.suspend(Server, member.id());
    let (_, entries) = office.entries_of(suspended).await;
    assert_eq!(entries[0].row.actor, "system");
    assert_eq!(entries[0].row.actor_id, None);
}

#[tokio::test]
async fn a_login_writes_an_entry_about_its_session() {
    let office = Office::new();
    let (app, member) = (&office.app, office.app.member().create());
    let before = app.audit().len();
    let log_in = app.log_in(&member).await;
    let entries = app.audit().split_off(before);
    assert_eq!(entries.len(), 1);
    let (row, session) = (&entries[0].row, app.caller(&log_in).session);
    assert_eq!(row.action, Action::SessionCreate.name());
    assert_eq!(row.actor_id, Some(member.id().uuid()));
    assert_eq!(row.target_id, Some(session.to_string()));
}
