//! After an erasure nothing that the inventory calls personal is left, in any table or in the log.

use std::{
    collections::BTreeSet,
    sync::{Mutex, Once},
};

use abu_domain::UserId;
use abu_test_support::{ColumnRule, Inventory, RowsRule, TestDatabase, inventory};
use diesel::{RunQueryDsl, sql_query};

use super::{Scene, erase};

/// In every value that the test fills in, and nowhere else.
const SENTINEL: &str = "zq7sentinel";

/// Lines of the log that hold a sentinel.
static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Watch;

impl log::Log for Watch {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        if line.contains(SENTINEL) {
            LOGGED.lock().unwrap().push(line);
        }
    }

    fn flush(&self) {}
}

fn watch_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Watch).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// Tables and columns with their types.
fn columns(database: &TestDatabase) -> Vec<(String, String, String)> {
    let rows = database.texts(
        "SELECT format('%s %s %s', table_name, column_name, udt_name)
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
           AND table_name NOT LIKE '\\_\\_diesel\\_%'
         ORDER BY table_name, ordinal_position",
    );
    let parts = rows.iter().map(|row| {
        let mut parts = row.split(' ').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        (next(), next(), next())
    });
    parts.collect()
}

/// A value of the type that holds the sentinel and is another one in each row; `None` for a type that can
/// hold no text.
fn value(kind: &str, table: &str, column: &str) -> Option<String> {
    let text = format!("'{SENTINEL}-{table}-{column}-' || md5({table}.ctid::text)");
    match kind {
        "text" | "varchar" => Some(text),
        "bytea" => Some(format!("convert_to({text}, 'UTF8')")),
        "jsonb" => Some(format!("jsonb_build_object('{SENTINEL}', {text})")),
        "json" => Some(format!("json_build_object('{SENTINEL}', {text})")),
        "_text" => Some(format!("ARRAY[{text}]")),
        _ => None,
    }
}

/// Fills every personal column of the account's rows that can hold a text. Returns those it filled.
fn fill(database: &TestDatabase, rules: &Inventory, user: UserId) -> BTreeSet<(String, String)> {
    let mut connection = database.connection();
    let mut filled = BTreeSet::new();
    for (table, column, kind) in columns(database) {
        let of_table = &rules[&table];
        let rule = &of_table.columns[&column];
        let Some(condition) = of_table.rows_of(user) else {
            continue;
        };
        let names_the_rows = condition
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == column);
        if *rule == ColumnRule::None || names_the_rows {
            continue;
        }
        let Some(value) = value(&kind, &table, &column) else {
            continue;
        };
        let update = format!("UPDATE {table} SET {column} = {value} WHERE {condition}");
        match sql_query(&update).execute(&mut connection) {
            Ok(_rows) => {
                filled.insert((table, column));
            }
            // One of a few words, or a row that no statement can change.
            Err(error) => {
                let why = error.to_string();
                let is_fixed = why.contains("violates check constraint")
                    || why.contains("append-only") && matches!(rule, ColumnRule::Keep(_));
                assert!(is_fixed, "{table}.{column}: {why}");
            }
        }
    }
    filled
}

/// The columns of the whole database that hold a sentinel.
fn found(database: &TestDatabase) -> BTreeSet<(String, String)> {
    let hex: String = SENTINEL.bytes().map(|byte| format!("{byte:02x}")).collect();
    let holds = |(table, column, _kind): &(String, String, String)| {
        let query = format!(
            "SELECT count(*)::text FROM {table}
             WHERE position('{SENTINEL}' IN {column}::text) + position('{hex}' IN {column}::text) > 0"
        );
        database.texts(&query) != ["0"]
    };
    let columns = columns(database).into_iter().filter(holds);
    columns
        .map(|(table, column, _kind)| (table, column))
        .collect()
}

#[test]
fn no_table_and_no_line_of_the_log_tells_of_an_erased_person() {
    watch_the_log();
    let rules = inventory();
    let scene = Scene::new();
    let (database, user) = (&scene.app.database, scene.amina.id());
    let message = scene.say_with_id(scene.room, &scene.amina, "hello").id;
    scene.say(scene.direct, &scene.amina, "hello from an older client");
    let theirs = scene.say(scene.room, &scene.musa, "an answer").id;
    let rows = [
        (":user", user.to_string()),
        (":other", scene.musa.id().to_string()),
        (":group", scene.room.to_string()),
        (":direct", scene.direct.to_string()),
        (":message", message.to_string()),
        (":theirs", theirs.to_string()),
    ];
    let rows = rows
        .iter()
        .fold(include_str!("rows.sql").to_owned(), |sql, (name, id)| {
            sql.replace(name, &format!("'{id}'::uuid"))
        });
    database.execute(&rows);

    for (table, of_table) in &rules {
        let changes = |rule: &ColumnRule| !matches!(rule, ColumnRule::None | ColumnRule::Keep(_));
        if of_table.columns.values().any(changes) {
            let condition = of_table.rows_of(user).unwrap();
            let count = database.texts(&format!(
                "SELECT count(*)::text FROM {table} WHERE {condition}"
            ));
            assert_ne!(
                count,
                ["0"],
                "add a row of {table} about the account to tests/it/erasure/rows.sql"
            );
        }
    }
    let filled = fill(database, &rules, user);
    // Rows that belong together by an address do so again.
    database.execute(&format!(
        "UPDATE user_emails SET email = users.email FROM users
         WHERE user_id = users.id AND users.id = '{user}' AND is_primary;
         UPDATE email_outbox SET recipient = users.email FROM users
         WHERE users.id = '{user}' AND kind = 'account_exists';"
    ));
    assert!(filled.len() > 30, "{filled:?}");
    assert!(filled.is_subset(&found(database)));

    erase(&scene.app, user);

    let kept = |(table, column): &(String, String)| {
        matches!(rules[table].columns[column], ColumnRule::Keep(_))
    };
    let left: Vec<_> = found(database)
        .into_iter()
        .filter(|place| !kept(place))
        .collect();
    assert!(
        left.is_empty(),
        "the erasure left {left:?}; see data-inventory.toml"
    );
    for (table, of_table) in &rules {
        if of_table.rows == RowsRule::Delete {
            let condition = of_table.rows_of(user).unwrap();
            let count = database.texts(&format!(
                "SELECT count(*)::text FROM {table} WHERE {condition}"
            ));
            assert_eq!(count, ["0"], "rows of {table} are left");
        }
    }
    assert_eq!(*LOGGED.lock().unwrap(), Vec::<String>::new());
    let proof = found(database);
    assert!(proof.contains(&("consents".to_owned(), "version".to_owned())));
}
