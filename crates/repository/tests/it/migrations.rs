use std::time::Duration;

use abu_repository::{
    migrations::{self, MIGRATIONS, MigrationError, MigrationState},
    server_lock::ServerLock,
};
use abu_test_support::TestDatabase;
use diesel::{
    PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    migration::{Migration, MigrationConnection, MigrationSource},
    pg::Pg,
    sql_types::Text,
};
use diesel_migrations::MigrationHarness;

fn all() -> Vec<Box<dyn Migration<Pg>>> {
    let mut all = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap();
    all.sort_by_key(|migration| migration.name().version().to_string());
    all
}

fn names() -> Vec<String> {
    all()
        .iter()
        .map(|migration| migration.name().to_string())
        .collect()
}

/// All that the catalogs know of the current schema, a line each.
fn dump(connection: &mut PgConnection) -> Vec<String> {
    sql::<Text>(
        "WITH tables AS (
             SELECT oid, relname, relkind, reloptions FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace
               AND relname NOT LIKE '\\_\\_diesel\\_%')
         SELECT concat_ws(' ', 'relation', relname, relkind, reloptions::text,
                          obj_description(oid, 'pg_class')) AS line
         FROM tables
         UNION ALL
         -- Places, not numbers: a column that was dropped keeps its number for ever.
         SELECT concat_ws(' ', 'column', relname,
                          row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname,
                          format_type(atttypid, atttypmod), attnotnull,
                          pg_get_expr(adbin, adrelid), col_description(tables.oid, attnum))
         FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0
             AND NOT attisdropped
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         UNION ALL
         SELECT concat_ws(' ', 'constraint', relname, conname, pg_get_constraintdef(pg_constraint.oid))
         FROM tables JOIN pg_constraint ON conrelid = tables.oid
         UNION ALL
         SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid))
         FROM tables JOIN pg_index ON indrelid = tables.oid
         UNION ALL
         SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(pg_trigger.oid))
         FROM tables JOIN pg_trigger ON tgrelid = tables.oid AND NOT tgisinternal
         UNION ALL
         SELECT concat_ws(' ', 'function', pg_get_functiondef(oid))
         FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
         UNION ALL
         SELECT concat_ws(' ', 'type', typname, typtype)
         FROM pg_type WHERE typnamespace = current_schema()::regnamespace
             AND typname NOT LIKE '%\\_\\_diesel\\_%'
         ORDER BY line",
    )
    .load(connection)
    .unwrap()
}

#[test]
fn each_down_undoes_its_up_and_each_can_be_done_again() {
    let connection = &mut TestDatabase::empty().connection();
    connection.setup().unwrap();
    for migration in all() {
        let before = dump(connection);
        connection.run_migration(&migration).unwrap();
        let after = dump(connection);
        assert_ne!(before, after, "{} changes nothing", migration.name());
        connection.revert_migration(&migration).unwrap();
        assert_eq!(
            dump(connection),
            before,
            "{} is not undone",
            migration.name()
        );
        connection.run_migration(&migration).unwrap();
        assert_eq!(
            dump(connection),
            after,
            "{} differs the second time",
            migration.name()
        );
    }
    for migration in all().iter().rev() {
        connection.revert_migration(migration).unwrap();
    }
    assert!(dump(connection).is_empty());
}

#[test]
fn archived_direct_rooms_are_open_again_and_hidden_from_both() {
    let database = TestDatabase::empty();
    let connection = &mut database.connection();
    connection.setup().unwrap();
    let all = all();
    let place = all.iter().position(|migration| {
        let name = migration.name().to_string();
        name.ends_with("hide_direct_rooms")
    });
    let (before, from) = all.split_at(place.unwrap());
    for migration in before {
        connection.run_migration(migration).unwrap();
    }
    let user = |n: u32| {
        format!(
            "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
             VALUES ('{n:08}-0000-4000-8000-000000000000', '{n}@example.com', '-', 'A', 'B', now(), now());"
        )
    };
    let room = |n: u32, kind: &str, archived: &str| {
        let (name, low, high) = match kind {
            "group" => ("'x'", "NULL", "NULL"),
            _ => (
                "NULL",
                "'00000001-0000-4000-8000-000000000000'",
                "'00000002-0000-4000-8000-000000000000'",
            ),
        };
        format!(
            "INSERT INTO rooms (id, kind, name, created_by, created_at, last_modified, last_activity_at,
                                archived_at, last_seq, member_count, direct_low, direct_high)
             VALUES ('{n:08}-0000-4000-8000-000000000000', '{kind}', {name},
                     '00000001-0000-4000-8000-000000000000', now(), now(), now(), {archived}, 7, 2,
                     {low}, {high});
             INSERT INTO room_members (room_id, user_id, role, joined_at)
             SELECT '{n:08}-0000-4000-8000-000000000000', id, 'owner', now() FROM users;"
        )
    };
    let rows = [
        user(1),
        user(2),
        room(3, "direct", "now()"),
        room(4, "group", "now()"),
        room(5, "group", "NULL"),
    ];
    connection.batch_execute(&rows.concat()).unwrap();
    for migration in from {
        connection.run_migration(migration).unwrap();
    }
    let shown: Vec<String> = sql::<Text>(
        "SELECT left(rooms.id::text, 8) || ' ' || (archived_at IS NULL) || ' '
             || string_agg(coalesce(hidden_at_seq::text, '-'), ' ')
         FROM rooms JOIN room_members ON room_id = rooms.id GROUP BY rooms.id ORDER BY rooms.id",
    )
    .load(connection)
    .unwrap();
    let expected = [
        "00000003 true 7 7",
        "00000004 false - -",
        "00000005 true - -",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn what_is_pending_is_named_and_looking_changes_nothing() {
    let database = TestDatabase::empty();
    let fresh = MigrationState {
        pending: names(),
        unknown: Vec::new(),
    };
    assert_eq!(migrations::state(&database.url()).unwrap(), fresh);
    // Possible only where there is none.
    database.execute("CREATE TABLE __diesel_schema_migrations (version text)");
    database.execute("DROP TABLE __diesel_schema_migrations");
    assert_eq!(migrations::run(&database.url()).unwrap(), names());
    assert_eq!(
        migrations::state(&database.url()).unwrap(),
        MigrationState::default()
    );
    assert!(migrations::run(&database.url()).unwrap().is_empty());
}

fn revert_last(database: &TestDatabase) -> String {
    let all = all();
    let last = all.last().unwrap();
    database.connection().revert_migration(last).unwrap();
    last.name().to_string()
}

fn make_newer(database: &TestDatabase, version: &str) {
    database.execute(&format!(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"
    ));
}

#[test]
fn a_newer_database_that_lacks_nothing_of_ours_is_left_alone() {
    let database = TestDatabase::new();
    make_newer(&database, "99990101000000");
    let newer = MigrationState {
        pending: Vec::new(),
        unknown: vec!["99990101000000".to_owned()],
    };
    assert_eq!(migrations::state(&database.url()).unwrap(), newer);
    assert_eq!(migrations::run(&database.url()).unwrap(), [""; 0]);
    assert_eq!(migrations::state(&database.url()).unwrap(), newer);
}

#[test]
fn no_migration_runs_after_a_later_one_of_another_release() {
    let database = TestDatabase::new();
    make_newer(&database, "99990101000000");
    let last = revert_last(&database);
    let refused = migrations::run(&database.url()).unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains(&last) && said.contains("99990101000000"),
        "{said}"
    );
    assert!(matches!(refused, MigrationError::Newer { .. }));
    assert_eq!(migrations::state(&database.url()).unwrap().pending, [last]);
}

#[test]
fn a_migration_runs_after_an_earlier_one_of_another_release() {
    let database = TestDatabase::new();
    make_newer(&database, "20000101000000");
    let last = revert_last(&database);
    assert_eq!(migrations::run(&database.url()).unwrap(), [last]);
}

fn version_of(name: &str) -> String {
    let (version, _) = name.split_once('_').unwrap();
    version.replace('-', "")
}

#[test]
fn migrations_are_undone_down_to_a_version_newest_first() {
    let database = TestDatabase::new();
    let names = names();
    let place = names.len() - 3;
    let mut last_two: Vec<_> = names[place + 1..].to_vec();
    last_two.reverse();
    let (url, version) = (database.url(), version_of(&names[place]));
    assert_eq!(migrations::after(&url, &version).unwrap(), last_two);
    assert_eq!(migrations::revert(&url, &version).unwrap(), last_two);
    let pending = migrations::state(&url).unwrap().pending;
    assert_eq!(pending, names[place + 1..]);
    assert_eq!(migrations::revert(&url, &version).unwrap(), [""; 0]);
    assert_eq!(migrations::run(&url).unwrap(), pending);
}

#[test]
fn unknown_versions_and_those_of_a_newer_release_are_not_undone() {
    let database = TestDatabase::new();
    let (url, names) = (database.url(), names());
    let unknown = migrations::revert(&url, "20000101000000").unwrap_err();
    assert!(
        matches!(unknown, MigrationError::NoSuchVersion(_)),
        "{unknown:?}"
    );
    make_newer(&database, "99990101000000");
    let version = version_of(&names[names.len() - 2]);
    let newer = migrations::revert(&url, &version).unwrap_err();
    assert!(matches!(newer, MigrationError::NotOurs(_)), "{newer:?}");
    assert_eq!(migrations::state(&url).unwrap().pending, [""; 0]);
}

#[test]
fn nothing_is_undone_under_a_running_server() {
    let database = TestDatabase::new();
    let (url, names) = (database.url(), names());
    let mut server = ServerLock::new(url.clone(), "a server".to_owned());
    server.hold().unwrap();
    let version = version_of(&names[names.len() - 2]);
    let refused = migrations::revert(&url, &version).unwrap_err();
    assert!(matches!(refused, MigrationError::ServerRuns), "{refused:?}");
    assert_eq!(migrations::state(&url).unwrap().pending, [""; 0]);
}

/// A table, and the migration that waits for its lock.
const LOCKED: (&str, &str) = ("audit_witnesses", "let_witnesses_be_sealed_anew");

fn before_the_locked_migration() -> (TestDatabase, String) {
    let database = TestDatabase::new();
    let all = all();
    let is_locked = |name: &String| name.ends_with(LOCKED.1);
    let migration = all
        .iter()
        .find(|migration| is_locked(&migration.name().to_string()))
        .unwrap();
    database.connection().revert_migration(migration).unwrap();
    (database, migration.name().to_string())
}

#[test]
fn a_migration_gives_way_while_it_waits_for_a_lock() {
    let (database, name) = before_the_locked_migration();
    let held = database.lock(LOCKED.0);
    std::thread::scope(|scope| {
        let migrator = scope.spawn(|| migrations::run(&database.url()));
        database.wait_for_blocked(1);
        database.wait_for_blocked(0);
        drop(held);
        assert_eq!(migrator.join().unwrap().unwrap(), [name]);
    });
}

#[test]
fn a_migration_that_never_gets_its_locks_leaves_nothing() {
    let (database, name) = before_the_locked_migration();
    let held = database.lock(LOCKED.0);
    let locked = migrations::run_within(&database.url(), Duration::ZERO).unwrap_err();
    assert!(matches!(locked, MigrationError::Locked(_)), "{locked:?}");
    drop(held);
    assert_eq!(migrations::run(&database.url()).unwrap(), [name]);
}

#[test]
fn of_many_who_migrate_at_once_each_migration_is_run_by_one() {
    let database = TestDatabase::empty();
    let migrate = || migrations::run(&database.url()).unwrap();
    let mut run: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(migrate)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    run.sort_unstable();
    assert_eq!(run, names());
}

#[test]
fn a_migration_that_fails_is_named_and_leaves_nothing_behind() {
    let database = TestDatabase::empty();
    // In the way of the second table of the second migration.
    database.execute("CREATE TABLE roles ()");
    let failed = migrations::run(&database.url()).unwrap_err();
    assert!(failed.to_string().contains(&names()[1]), "{failed}");
    let state = migrations::state(&database.url()).unwrap();
    assert_eq!(state.pending, names()[1..]);
    database.execute("DROP TABLE roles");
    assert_eq!(migrations::run(&database.url()).unwrap(), names()[1..]);
}

#[test]
fn an_unreachable_database_is_reported_as_unavailable() {
    let away = migrations::run(&"postgres://abu@127.0.0.1:1/abu".into()).unwrap_err();
    assert!(matches!(away, MigrationError::Unavailable(_)), "{away:?}");
}
