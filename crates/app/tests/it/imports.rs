//! Imports whose process is killed: the register has all lines or none.

use std::{fmt::Write, fs, process::Command, time::Duration};

use abu_test_support::TestDatabase;
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::program::{Program, abu_admin, abu_server, folder, say};

const MAPPING: &str = "
[surname]
column = 'Surname'
[given_names]
columns = ['Given']
[matric]
column = 'Matric'
[degree]
value = 'bsc'
[year]
column = 'Year'
";
const DEGREE: &str = "INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
    VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now()) ON CONFLICT DO NOTHING";
const LINES: usize = 500;

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a password for tests";

/// Where a process is killed: it waits to write to this table.
const MOMENTS: [&str; 5] = [
    "import_rows",
    "import_verdicts",
    "alumni_records",
    "awards",
    "audit_log_head",
];

fn write_files(folder: &TempDir) {
    let rows = (0..LINES).map(|n| format!("Bello,Amina,U15CS{n:04},2015\n"));
    let file = format!("Surname,Given,Matric,Year\n{}", rows.collect::<String>());
    fs::write(folder.path().join("register.csv"), file).unwrap();
    fs::write(folder.path().join("mapping.toml"), MAPPING).unwrap();
}

fn import(database: &TestDatabase, folder: &TempDir) -> Command {
    let mut command = abu_admin(folder);
    command
        .env("ABU__DATABASE__URL", database.url().expose_secret())
        .args([
            "import-alumni",
            "register.csv",
            "--mapping",
            "mapping.toml",
            "--commit",
        ]);
    command
}

fn count(database: &TestDatabase, table: &str) -> usize {
    let counted = database.texts(&format!("SELECT count(*)::text FROM {table}"));
    counted[0].parse().unwrap()
}

/// As if a minute had passed since the process died.
fn forget_the_dead(database: &TestDatabase) {
    database.execute(
        "UPDATE imports SET heartbeat_at = heartbeat_at - interval '61 s' WHERE run_id IS NOT NULL",
    );
}

#[test]
fn an_import_at_the_machine_is_killed_at_each_step_and_leaves_nothing() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute(DEGREE);
    write_files(&folder);
    for table in MOMENTS {
        let held = database.hold(table);
        let mut program = Program::start(&mut import(&database, &folder));
        database.wait_for_blocked(1);
        program.kill();
        drop(held);
        // PostgreSQL ends the statement of a dead client only when it next writes to it.
        database.end_sessions();
        let stored = || {
            (
                count(&database, "alumni_records"),
                count(&database, "awards"),
            )
        };
        assert_eq!(stored(), (0, 0), "{table}");
        forget_the_dead(&database);
    }
    let said = say(&mut import(&database, &folder));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.out.contains("committed: 500 records and 500 awards"),
        "{}",
        said.out
    );
    assert_eq!(count(&database, "alumni_records"), LINES);
    let again = say(&mut import(&database, &folder));
    assert!(again.out.contains("was imported before"), "{}", again.out);
    let anew = say(import(&database, &folder).arg("--again"));
    assert!(anew.out.contains("500 unchanged"), "{}", anew.out);
}

#[test]
fn a_mapping_is_proposed_and_wrong_ones_are_refused() {
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute(DEGREE);
    write_files(&folder);
    let admin = |arguments: &[&str]| {
        let mut command = abu_admin(&folder);
        command.env("ABU__DATABASE__URL", database.url().expose_secret());
        say(command.args(arguments))
    };
    let proposed = admin(&["import-alumni", "register.csv"]);
    assert_eq!(proposed.code, Some(0), "{}", proposed.err);
    assert!(
        proposed.out.contains("[surname]\ncolumn = \"Surname\""),
        "{}",
        proposed.out
    );
    assert_eq!(count(&database, "imports"), 0);

    fs::write(folder.path().join("wrong.toml"), "[color]\ncolumn = 'x'").unwrap();
    let wrong = admin(&["import-alumni", "register.csv", "--mapping", "wrong.toml"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    let missing = admin(&["import-alumni", "nothing.csv"]);
    assert_eq!(missing.code, Some(1), "{}", missing.err);

    let judged = admin(&["import-alumni", "register.csv", "--mapping", "mapping.toml"]);
    assert!(judged.out.contains("500 ready"), "{}", judged.out);
    assert_eq!(count(&database, "alumni_records"), 0);
    let list = admin(&["imports", "list"]);
    let id = list.out.split_whitespace().next().unwrap().to_owned();
    assert!(
        list.out.contains(" judged 500 lines register.csv"),
        "{}",
        list.out
    );
    let committed = admin(&["imports", "commit", &id]);
    assert!(committed.out.contains("500 records"), "{}", committed.out);
    let shown = admin(&["imports", "show", &id, "--errors", "errors.csv"]);
    assert!(shown.out.contains("committed"), "{}", shown.out);
    let errors = fs::read_to_string(folder.path().join("errors.csv")).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let undone = admin(&["imports", "rollback", &id]);
    assert!(
        undone.out.contains("500 records were deleted"),
        "{}",
        undone.out
    );
    assert_eq!(count(&database, "alumni_records"), 0);
}

fn server(database: &TestDatabase, folder: &TempDir) -> Program {
    let mut command = abu_server(folder);
    command
        .env("ABU__DATABASE__URL", database.url().expose_secret())
        .env("ABU__SUPERUSER__EMAIL", EMAIL)
        .env("ABU__SUPERUSER__PASSWORD", PASSWORD)
        .env("ABU__RATE_LIMITS__ENABLED", "false");
    Program::start(&mut command)
}

async fn upload(address: &str, token: &str, file: String) -> Value {
    let mapping: toml::Value = toml::from_str(MAPPING).unwrap();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("mapping", &serde_json::to_string(&mapping).unwrap())
        .append_pair("legal_basis", "Public task")
        .append_pair("dry_run", "false")
        .finish();
    let request = reqwest::Client::new()
        .post(format!("http://{address}/api/v1/admin/imports?{query}"))
        .bearer_auth(token)
        .header("idempotency-key", Uuid::new_v4().to_string())
        .header("content-type", "text/csv")
        .body(file);
    request.send().await.unwrap().json().await.unwrap()
}

/// Polls the database: the server that would tell is killed again and again.
async fn wait_for(database: &TestDatabase, query: &str) {
    while database.texts(query) != ["true"] {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_by_a_job_survives_kills_of_its_server_at_each_step() {
    let (folder, database) = (folder(), TestDatabase::new());
    write_files(&folder);
    database.execute(DEGREE);
    let file = fs::read_to_string(folder.path().join("register.csv")).unwrap();
    let mut program = server(&database, &folder);
    let address = program.address();
    let token = crate::crash::log_in(&address, EMAIL, PASSWORD).await;
    let mut held = database.hold(MOMENTS[0]);
    let import = upload(&address, &token, file).await;
    assert!(import["uuid"].is_string(), "{import}");
    for next in MOMENTS[1..].iter().map(Some).chain([None]) {
        database.wait_for_blocked(1);
        program.kill();
        drop(held);
        database.end_sessions();
        let following = next.map(|table| database.hold(table));
        assert_eq!(count(&database, "alumni_records"), 0);
        forget_the_dead(&database);
        // The lease of the dead server is over too.
        database.execute(
            "UPDATE jobs SET leased_until = now() - interval '1 s', next_attempt_at = now()",
        );
        program = server(&database, &folder);
        let _ = program.address();
        match following {
            Some(following) => held = following,
            None => break,
        }
    }
    wait_for(
        &database,
        "SELECT (count(*) = 1)::text FROM imports WHERE state = 'committed'",
    )
    .await;
    assert_eq!(count(&database, "alumni_records"), LINES);
    assert_eq!(count(&database, "awards"), LINES);
}

/// The most memory that the process has had, in kilobytes.
fn peak_memory(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_shows_its_progress_and_takes_little_memory() {
    const ROWS: usize = 60_000;
    /// The file has twice as many: all of it in memory would show.
    const MOST_KILOBYTES: usize = 24 * 1024;
    let (folder, database) = (folder(), TestDatabase::new());
    database.execute(DEGREE);
    let padding = "x".repeat(800);
    let mut file = String::from("Surname,Given,Matric,Year,Remarks\n");
    for number in 0..ROWS {
        writeln!(file, "Bello,Amina,U15CS{number:05},2015,{padding}").unwrap();
    }
    assert!(file.len() / 1024 > 2 * MOST_KILOBYTES - 1024);
    let program = server(&database, &folder);
    let address = program.address();
    let token = crate::crash::log_in(&address, EMAIL, PASSWORD).await;
    let before = peak_memory(&program);
    let held = database.hold("alumni_records");
    let import = upload(&address, &token, file).await;
    assert!(import["uuid"].is_string(), "{import}");
    let task = database
        .texts("SELECT task_id::text FROM imports")
        .remove(0);
    let task = format!("http://{address}/api/v1/tasks/{task}");
    let mut shown = Value::Null;
    while !(shown["done"].is_u64() && shown["total"].is_u64()) {
        let asked = reqwest::Client::new().get(&task).bearer_auth(&token).send();
        shown = asked.await.unwrap().json().await.unwrap();
        assert!(
            ["queued", "running"].contains(&shown["state"].as_str().unwrap()),
            "{shown}"
        );
    }
    drop(held);
    wait_for(
        &database,
        "SELECT (count(*) = 1)::text FROM imports WHERE state = 'committed'",
    )
    .await;
    assert_eq!(count(&database, "alumni_records"), ROWS);
    let grown = peak_memory(&program) - before;
    assert!(grown < MOST_KILOBYTES, "{grown} kB");
}
