use std::collections::BTreeSet;

use abu_application::{
    ports::{Clock, StoreError},
    system::SystemClock,
};
use abu_domain::{
    UserId,
    access::{APPLICANT_GROUP, Permission, SEEDED_GROUPS, SEEDED_ROLES, SUPER_ADMIN_GROUP},
};
use abu_test_support::{TestDatabase, session_of};
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
fn seeding_gives_back_what_a_seeded_role_lost_and_leaves_the_rest() {
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
    let nobody = database.user().suspended().create().id;
    let record = database
        .read(|tx| tx.caller(nobody, session_of(nobody)))
        .unwrap()
        .unwrap();
    assert!(record.permissions.is_empty() && !record.is_active);
    let unknown = UserId::new(Uuid::new_v4());
    let found = database.read(|tx| tx.caller(unknown, session_of(unknown)));
    assert!(found.unwrap().is_none());
}

#[test]
fn nobody_is_a_caller_by_a_session_that_ended_or_is_somebody_elses() {
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
fn putting_somebody_in_a_group_again_changes_nothing() {
    let database = TestDatabase::new();
    let user = database.user().in_group(APPLICANT_GROUP).create();
    assert_eq!(user.groups, [APPLICANT_GROUP]);
    let again = database.transaction(|tx| tx.add_to_group(user.id, APPLICANT_GROUP));
    assert!(!again.unwrap());
}

#[test]
fn a_group_takes_no_unknown_user_and_an_unknown_group_nobody() {
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
