use abu_repository::migrations::{self, MIGRATIONS, MigrationError, MigrationState};
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

#[test]
fn a_database_of_a_newer_release_is_recognized_and_left_alone() {
    let database = TestDatabase::new();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let newer = MigrationState {
        pending: Vec::new(),
        unknown: vec!["99990101000000".to_owned()],
    };
    assert_eq!(migrations::state(&database.url()).unwrap(), newer);
    let refused = migrations::run(&database.url()).unwrap_err();
    assert!(refused.to_string().contains("newer release"), "{refused}");
    assert!(matches!(refused, MigrationError::Newer { unknown } if unknown == newer.unknown));
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
