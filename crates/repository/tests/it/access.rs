use std::{collections::BTreeSet, sync::mpsc};

use abu_application::{
    access::ports::HeldPermission,
    platform::{
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{
    UserId,
    access::{
        APPLICANT_GROUP, GroupName, Permission, RoleName, SEEDED_GROUPS, SEEDED_ROLES,
        SUPER_ADMIN_GROUP, Scope,
    },
};
use abu_test_support::{TestDatabase, session_of};
use chrono::{DateTime, Utc};
use uuid::Uuid;

#[test]
fn seeding_adds_every_row_once() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    let links: usize = SEEDED_ROLES
        .iter()
        .map(|role| role.permissions.len())
        .sum::<usize>()
        + SEEDED_GROUPS
            .iter()
            .map(|group| group.roles.len())
            .sum::<usize>();
    let all = Permission::ALL.len() + SEEDED_ROLES.len() + SEEDED_GROUPS.len() + links;
    assert_eq!(database.transaction(|tx| tx.seed_access(now)).unwrap(), all);
    assert_eq!(database.transaction(|tx| tx.seed_access(now)).unwrap(), 0);
}

#[test]
fn seeding_links_new_rows_and_keeps_existing_ones() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    database.execute(
        "DELETE FROM permissions WHERE name = 'can_approve_job';
         UPDATE roles SET description = 'Ours.' WHERE name = 'job_admin'",
    );
    // The permission, and its place in the one role that holds it.
    assert_eq!(database.transaction(|tx| tx.seed_access(now)).unwrap(), 2);
    database.execute("SELECT 1 / count(*) FROM roles WHERE description = 'Ours.'");
}

#[test]
fn links_removed_from_seeded_roles_and_groups_stay_removed() {
    let database = TestDatabase::new();
    let seed = || database.transaction(|tx| tx.seed_access(SystemClock.now()));
    seed().unwrap();
    database.execute("DELETE FROM permission_role; DELETE FROM role_group");
    assert_eq!(seed().unwrap(), 0);
}

#[test]
fn a_name_seeded_later_grants_nothing_to_its_earlier_holders() {
    let database = TestDatabase::new();
    database.execute(
        "INSERT INTO permissions (id, name, description, created_at, last_modified)
             VALUES (gen_random_uuid(), 'can_approve_job', 'Ours.', now(), now());
         INSERT INTO roles (id, name, description, created_at, last_modified)
             VALUES (gen_random_uuid(), 'job_admin', 'Ours.', now(), now());
         INSERT INTO groups (id, name, description, created_at, last_modified)
             VALUES (gen_random_uuid(), 'editor_group', 'Ours.', now(), now());
         INSERT INTO permission_role (role_id, permission_id)
             SELECT roles.id, permissions.id FROM roles, permissions;
         INSERT INTO role_group (group_id, role_id) SELECT groups.id, roles.id FROM groups, roles",
    );
    let user = database.user().in_group("editor_group").create().id;
    let record = database.read(|tx| tx.caller(user, session_of(user)));
    assert!(record.unwrap().unwrap().permissions.is_empty());
    // The office's group and role are what they were; what they gave means something else now.
    let (groups, roles) = database
        .read(|tx| {
            let group = tx.named(&GroupName::parse("editor_group").unwrap())?;
            let role = tx.named(&RoleName::parse("job_admin").unwrap())?;
            Ok((group.unwrap(), role.unwrap()))
        })
        .unwrap();
    assert!(!groups.is_system && groups.parts.len() == 1);
    assert!(!roles.is_system && roles.parts.is_empty());
}

#[test]
fn two_who_seed_at_once_share_the_work() {
    let database = TestDatabase::new();
    let seed = || database.transaction(|tx| tx.seed_access(SystemClock.now()));
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(seed);
        (seed().unwrap(), one.join().unwrap().unwrap())
    });
    assert_eq!(
        database
            .transaction(|tx| tx.seed_access(SystemClock.now()))
            .unwrap(),
        0
    );
    assert!(one + other > 0);
}

#[test]
fn a_caller_holds_what_the_roles_of_their_groups_give() {
    let database = TestDatabase::new();
    let editor = database.user().in_group("editor_group").create().id;
    let record = database
        .read(|tx| tx.caller(editor, session_of(editor)))
        .unwrap()
        .unwrap();
    let expected: BTreeSet<String> = [
        "can_create_announcement",
        "can_modify_announcement",
        "can_delete_announcement",
        "can_approve_job",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(record.permissions, expected);
    assert!(record.is_active && !record.is_superuser);
    assert!(record.holds(Permission::ApproveJob) && !record.holds(Permission::ViewUser));
}

#[test]
fn a_permission_given_twice_is_held_once_and_super_admins_hold_all() {
    let database = TestDatabase::new();
    let admin = database
        .user()
        .in_group(SUPER_ADMIN_GROUP)
        .in_group("editor_group")
        .create();
    let record = database
        .read(|tx| tx.caller(admin.id, session_of(admin.id)))
        .unwrap()
        .unwrap();
    assert_eq!(record.permissions.len(), Permission::ALL.len());
}

#[test]
fn a_caller_without_groups_is_known_and_holds_nothing() {
    let database = TestDatabase::new();
    let suspended = database.user().suspended().create().id;
    let record = database
        .read(|tx| tx.caller(suspended, session_of(suspended)))
        .unwrap()
        .unwrap();
    assert!(record.permissions.is_empty() && !record.is_active);
    let unknown = UserId::new(Uuid::new_v4());
    let found = database.read(|tx| tx.caller(unknown, session_of(unknown)));
    assert!(found.unwrap().is_none());
}

#[test]
fn an_ended_or_foreign_session_authenticates_no_caller() {
    let database = TestDatabase::new();
    let (amina, bello) = (database.user().create().id, database.user().create().id);
    let caller = |user, session| database.read(|tx| tx.caller(user, session)).unwrap();
    assert!(caller(amina, session_of(amina)).is_some());
    assert!(caller(amina, session_of(bello)).is_none());
    database.execute(&format!(
        "UPDATE sessions SET revoked_at = now(), revoked_because = 'revoked' WHERE user_id = '{amina}'"
    ));
    assert!(caller(amina, session_of(amina)).is_none());
}

#[test]
fn an_assigned_role_counts_inside_its_term_and_its_chapter() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let user = database.user().create().id;
    let [zone, past, future] = [1, 2, 3].map(Uuid::from_u128);
    let assign = |role: &str, scope: &str, from: &str, until: &str| {
        database.execute(&format!(
            "INSERT INTO role_assignments (id, user_id, role_id, scope_type, scope_id, valid_from,
                                           valid_until, created_at, last_modified)
             SELECT gen_random_uuid(), '{user}', id, {scope}, {from}, {until}, now(), now()
             FROM roles WHERE name = '{role}'"
        ));
    };
    assign(
        "chapter_editor",
        &format!("'chapter', '{zone}'"),
        "now()",
        "NULL",
    );
    assign(
        "chapter_editor",
        &format!("'chapter', '{past}'"),
        "now() - interval '2 days'",
        "now() - interval '1 day'",
    );
    assign(
        "chapter_editor",
        &format!("'chapter', '{future}'"),
        "now() + interval '1 day'",
        "NULL",
    );
    assign(
        "job_admin",
        "'global', NULL::uuid",
        "now() - interval '1 day'",
        "now() + interval '1 day'",
    );
    let record = database
        .read(|tx| tx.caller(user, session_of(user)))
        .unwrap()
        .unwrap();
    let announce = Permission::CreateAnnouncement;
    assert!(record.holds_in(announce, &[zone]) && !record.holds(announce));
    assert!(!record.holds_in(announce, &[past]) && !record.holds_in(announce, &[future]));
    assert!(record.holds(Permission::ApproveJob));
}

#[test]
fn adding_a_member_to_a_group_again_changes_nothing() {
    let database = TestDatabase::new();
    let user = database.user().in_group(APPLICANT_GROUP).create();
    assert_eq!(user.groups, [APPLICANT_GROUP]);
    let again = database.transaction(|tx| tx.add_to_group(user.id, APPLICANT_GROUP));
    assert!(!again.unwrap());
}

#[test]
fn unknown_users_and_unknown_groups_are_refused() {
    let database = TestDatabase::new();
    let user = database.user().in_group(APPLICANT_GROUP).create().id;
    let ghost = UserId::new(Uuid::new_v4());
    let ghost_added = database.transaction(|tx| tx.add_to_group(ghost, APPLICANT_GROUP));
    assert!(
        matches!(ghost_added, Err(StoreError::Conflict { .. })),
        "{ghost_added:?}"
    );
    let nowhere = database.transaction(|tx| tx.add_to_group(user, "no_such_group"));
    assert!(matches!(nowhere, Err(StoreError::Other(_))), "{nowhere:?}");
}

#[test]
fn super_admins_hold_whatever_there_is_whatever_their_roles_give() {
    let database = TestDatabase::new();
    let admin = database.user().in_group(SUPER_ADMIN_GROUP).create().id;
    database.execute(
        "INSERT INTO permissions (id, name, description, created_at, last_modified)
             VALUES (gen_random_uuid(), 'can_print_card', '', now(), now());
         DELETE FROM role_group; DELETE FROM permission_role",
    );
    let group = [GroupName::parse(SUPER_ADMIN_GROUP).unwrap()];
    let (caller, holder, until, given) = database
        .read(|tx| {
            Ok((
                tx.caller(admin, session_of(admin))?.unwrap(),
                tx.holder(admin)?.unwrap(),
                tx.held_until(admin, None)?.unwrap(),
                tx.permissions_of_groups(&group)?,
            ))
        })
        .unwrap();
    assert_eq!(given.len(), Permission::ALL.len() + 1);
    assert!(given.contains("can_print_card"));
    for record in [caller, holder, until] {
        assert_eq!(record.permissions, given);
        assert!(!record.is_superuser);
    }
    let held = database
        .read(|tx| tx.held_permissions(admin, 1_000))
        .unwrap();
    assert_eq!(held.len(), given.len());
    let first = database.read(|tx| tx.held_permissions(admin, 1)).unwrap();
    assert_eq!(first, held[..1]);
}

/// Assigns `job_admin` everywhere, or `chapter_editor` in a chapter, for a term in words of SQL.
fn assign(database: &TestDatabase, user: UserId, chapter: Option<Uuid>, from: &str, until: &str) {
    let (role, kind, scope) = match chapter {
        Some(chapter) => ("chapter_editor", "chapter", format!("'{chapter}'::uuid")),
        None => ("job_admin", "global", "NULL::uuid".to_owned()),
    };
    database.execute(&format!(
        "INSERT INTO role_assignments (id, user_id, role_id, scope_type, scope_id, valid_from,
                                       valid_until, created_at, last_modified)
         SELECT gen_random_uuid(), '{user}', id, '{kind}', {scope}, {from}, {until}, now(), now()
         FROM roles WHERE name = '{role}'"
    ));
}

const YESTERDAY: &str = "now() - interval '1 day'";
const TOMORROW: &str = "now() + interval '1 day'";

#[test]
fn future_terms_count_for_rank_and_past_ones_do_not() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let [past, soon] = [
        database.user().create().id,
        database.user().suspended().create().id,
    ];
    let chapter = Uuid::from_u128(1);
    assign(
        &database,
        past,
        None,
        "now() - interval '2 days'",
        YESTERDAY,
    );
    assign(&database, soon, None, TOMORROW, "NULL");
    assign(&database, soon, Some(chapter), TOMORROW, "NULL");
    let holder = |user| database.read(|tx| tx.holder(user)).unwrap();
    assert!(holder(past).unwrap().permissions.is_empty());
    let soon = holder(soon).unwrap();
    assert!(soon.holds(Permission::ApproveJob) && !soon.is_active && !soon.totp_due);
    assert!(soon.holds_named_in("can_create_announcement", Scope::Chapter(chapter)));
    assert!(!soon.holds_named_in("can_create_announcement", Scope::Global));
    assert!(holder(UserId::new(Uuid::new_v4())).is_none());
}

#[test]
fn a_term_grants_until_its_end_and_not_permanently() {
    let database = TestDatabase::new();
    let user = database.user().in_group("editor_group").create().id;
    let other = database.user().create().id;
    assign(&database, other, None, YESTERDAY, "'2099-01-05T08:30:00Z'");
    let chapter = Uuid::from_u128(1);
    assign(&database, other, Some(chapter), YESTERDAY, "NULL");
    let holds = |user, until: Option<&str>| {
        let until: Option<DateTime<Utc>> = until.map(|until| until.parse().unwrap());
        let record = database
            .read(|tx| tx.held_until(user, until))
            .unwrap()
            .unwrap();
        let chapter = Scope::Chapter(chapter);
        assert_eq!(
            record.holds_named_in("can_create_announcement", chapter),
            record.holds_named_in("can_create_announcement", Scope::Global) || user == other,
        );
        record.holds(Permission::ApproveJob)
    };
    assert!(holds(user, None));
    assert!(holds(other, Some("2099-01-05T08:30:00Z")));
    assert!(!holds(other, Some("2099-01-05T08:30:01Z")));
    assert!(!holds(other, None));
    // Not yet.
    let soon = database.user().create().id;
    assign(&database, soon, None, TOMORROW, "NULL");
    let record = database.read(|tx| tx.held_until(soon, None)).unwrap();
    assert!(record.unwrap().permissions.is_empty());
}

#[test]
fn a_permission_held_twice_has_the_later_end() {
    let database = TestDatabase::new();
    let user = database.user().in_group("editor_group").create().id;
    let chapter = Uuid::from_u128(1);
    let (sooner, later) = ("'2098-01-05T08:30:00Z'", "'2099-01-05T08:30:00Z'");
    assign(&database, user, None, YESTERDAY, sooner);
    assign(&database, user, Some(chapter), YESTERDAY, sooner);
    assign(&database, user, Some(chapter), YESTERDAY, later);
    assign(&database, user, Some(Uuid::from_u128(2)), TOMORROW, later);
    let held = database.read(|tx| tx.held_permissions(user, 100)).unwrap();
    let told = |held: &HeldPermission| {
        let until = held.until.map(|until| until.to_rfc3339());
        (held.permission.to_string(), held.scope, until)
    };
    let told: Vec<_> = held.iter().map(told).collect();
    let everywhere = |name: &str| (name.to_owned(), Scope::Global, None);
    let expected = [
        everywhere("can_approve_job"),
        everywhere("can_create_announcement"),
        everywhere("can_delete_announcement"),
        everywhere("can_modify_announcement"),
        (
            "can_create_announcement".to_owned(),
            Scope::Chapter(chapter),
            Some("2099-01-05T08:30:00+00:00".to_owned()),
        ),
    ];
    assert_eq!(told, expected);
}

#[test]
fn excess_permissions_of_holders_are_found_except_super_admins() {
    let database = TestDatabase::new();
    let plain = database.user().in_group("editor_group").create().id;
    database
        .user()
        .in_group("editor_group")
        .in_group(SUPER_ADMIN_GROUP)
        .create();
    let held: BTreeSet<String> = [
        "can_create_announcement",
        "can_modify_announcement",
        "can_delete_announcement",
        "can_approve_job",
    ]
    .map(str::to_owned)
    .into();
    let (role, group) = (
        RoleName::parse("job_admin").unwrap(),
        GroupName::parse("editor_group").unwrap(),
    );
    let beyond = |held: &BTreeSet<String>| {
        database
            .read(|tx| {
                Ok((
                    tx.excess_of_holders(&role, held)?,
                    tx.excess_of_members(&group, held)?,
                ))
            })
            .unwrap()
    };
    let nothing = BTreeSet::new();
    assert_eq!(beyond(&held), (nothing.clone(), nothing.clone()));
    assert_eq!(beyond(&nothing), (held.clone(), held.clone()));
    // A holder of the role for a term, and of another role from tomorrow on.
    let officer = database.user().create().id;
    assign(&database, officer, None, YESTERDAY, TOMORROW);
    database.execute(&format!(
        "INSERT INTO role_assignments (id, user_id, role_id, scope_type, valid_from, created_at,
                                       last_modified)
         SELECT gen_random_uuid(), '{officer}', id, 'global', {TOMORROW}, now(), now()
         FROM roles WHERE name = 'settings_admin'"
    ));
    let more: BTreeSet<String> = ["can_manage_settings".to_owned()].into();
    assert_eq!(beyond(&held), (more.clone(), nothing));
    database.execute(&format!(
        "INSERT INTO user_group (user_id, group_id)
         SELECT '{plain}', id FROM groups WHERE name = 'moderator_group'"
    ));
    assert_eq!(beyond(&held).1.len(), 3);
}

#[test]
fn roles_and_groups_give_what_is_in_them() {
    let database = TestDatabase::new();
    let now = SystemClock.now();
    database.transaction(|tx| tx.seed_access(now)).unwrap();
    let roles = ["job_admin", "settings_admin"].map(|name| RoleName::parse(name).unwrap());
    let groups = ["dpo_group", "applicant_group"].map(|name| GroupName::parse(name).unwrap());
    let (of_roles, of_groups, of_none) = database
        .read(|tx| {
            Ok((
                tx.permissions_of_roles(&roles)?,
                tx.permissions_of_groups(&groups)?,
                tx.permissions_of_groups(&[])?,
            ))
        })
        .unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(of_roles, names(&["can_approve_job", "can_manage_settings"]));
    let dpo = [
        "can_approve_export",
        "can_manage_data_request",
        "can_view_audit_log",
    ];
    assert_eq!(of_groups, names(&dpo));
    assert!(of_none.is_empty());
}

#[test]
fn rights_changes_are_serialized_and_see_each_other() {
    let database = TestDatabase::new();
    let first = database.user().in_group(SUPER_ADMIN_GROUP).create().id;
    let second = database.user().in_group(SUPER_ADMIN_GROUP).create().id;
    database
        .user()
        .in_group(SUPER_ADMIN_GROUP)
        .suspended()
        .create();
    database.user().superuser().create();
    let now = SystemClock.now();
    let (locked, has_locked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let database = &database;
    std::thread::scope(|scope| {
        let one = scope.spawn(move || {
            database.transaction(|tx| {
                tx.lock_rights()?;
                let others = tx.other_active_super_admins(first)?;
                locked.send(()).unwrap();
                may_go_on.recv().unwrap();
                tx.set_active(first, false, now)?;
                Ok(others)
            })
        });
        has_locked.recv().unwrap();
        let other = scope.spawn(move || {
            database.transaction(|tx| {
                tx.lock_rights()?;
                tx.other_active_super_admins(second)
            })
        });
        database.wait_for_blocked(1);
        // Other transactions need not wait.
        database.user().in_group(APPLICANT_GROUP).create();
        go_on.send(()).unwrap();
        assert_eq!(one.join().unwrap().unwrap(), 1);
        assert_eq!(other.join().unwrap().unwrap(), 0);
    });
}

#[test]
fn where_nothing_is_seeded_rights_cannot_be_changed() {
    let database = TestDatabase::new();
    let locked = database.transaction(|tx| tx.lock_rights());
    assert!(matches!(locked, Err(StoreError::Other(_))), "{locked:?}");
}
