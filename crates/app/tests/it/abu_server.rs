//! `abu-server` as a process: start, signals, exit codes.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use abu_repository::server_lock::ServerLock;
use abu_test_support::TestDatabase;
use nix::sys::signal::{Signal, kill};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, abu_server, folder, postgres_note, postgres_process, say};

fn kept_password(folder: &TempDir) -> String {
    let kept = folder.path().join(".data/secrets/superuser_password");
    fs::read_to_string(kept).unwrap().trim().to_owned()
}

/// The access token.
async fn log_in(address: &str, folder: &TempDir) -> String {
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/api/v1/auth/token"))
        .json(&json!({ "email": "admin@example.com", "password": kept_password(folder) }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn expect_known(address: &str, token: &str) {
    let answer = reqwest::Client::new()
        .get(format!("http://{address}/api/v1/me"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[actix_web::test]
async fn without_settings_it_runs_prints_the_banner_and_stops_gracefully() {
    let folder = folder();
    let server = Program::start(&mut abu_server(&folder));
    let address = server.address();
    assert!(server.prints("API").ends_with("/docs"));
    assert!(server.prints("console").ends_with("/console"));
    assert!(server.prints("admin").contains("admin@example.com"));
    let how = server.prints("password");
    assert!(how.ends_with(".data/secrets/superuser_password"), "{how}");
    assert!(server.prints("data").ends_with(".data/postgres"));
    assert!(server.prints("mail").ends_with(".data/mail"));
    log_in(&address, &folder).await;

    server.signal(Signal::SIGTERM);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("received SIGTERM"), "{log}");
    assert!(!log.contains(&kept_password(&folder)), "{log}");
    assert!(!postgres_note(&folder).exists(), "PostgreSQL was stopped");
}

#[actix_web::test]
async fn killed_with_its_database_it_starts_again_with_all_it_had() {
    let folder = folder();
    let mut server = Program::start(&mut abu_server(&folder));
    let token = log_in(&server.address(), &folder).await;
    server.kill();
    // Its watcher may have been quicker.
    let _ = kill(postgres_process(&folder), Signal::SIGKILL);

    let server = Program::start(&mut abu_server(&folder));
    let address = server.address();
    expect_known(&address, &token).await;
    log_in(&address, &folder).await;
}

#[actix_web::test]
async fn its_own_database_is_started_again_when_it_ends() {
    let folder = folder();
    let server = Program::start(&mut abu_server(&folder));
    let address = server.address();
    let token = log_in(&address, &folder).await;
    server.logs("abu_app::server::set_up: ready");
    kill(postgres_process(&folder), Signal::SIGKILL).unwrap();
    server.logs("PostgreSQL is ready");
    let ready = format!("http://{address}/health/ready");
    while reqwest::get(&ready).await.unwrap().status() != StatusCode::OK {}
    expect_known(&address, &token).await;
}

#[test]
fn stopped_while_its_own_database_starts_it_leaves_none_behind() {
    let folder = folder();
    let server = Program::start(&mut abu_server(&folder));
    server.logs("starting service");
    server.signal(Signal::SIGTERM);
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!postgres_note(&folder).exists(), "{log}");
    let again = Program::start(&mut abu_server(&folder));
    again.address();
}

/// A request that the server has begun to handle, and whose body never comes.
fn unfinished_request(address: &str) -> TcpStream {
    let mut request = TcpStream::connect(address).unwrap();
    let head = "POST /api/v1/auth/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    request.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    request.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    request
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = folder();
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let server = Program::start(&mut abu_server(&folder));
        let _held_up = unfinished_request(&server.address());
        server.signal(signal);
        server.logs(&format!("received {signal}"));
        server.signal(signal);
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(code), "{log}");
    }
}

#[test]
fn an_address_that_is_taken_is_named_and_has_its_exit_code() {
    let folder = folder();
    let server = Program::start(&mut abu_server(&folder));
    let address = server.address();
    let port = address.rsplit(':').next().unwrap();
    let said = say(abu_server(&folder).env("ABU__SERVER__PORT", port));
    assert_eq!(said.code, Some(6), "{}", said.err);
    assert!(
        said.err
            .contains(&format!("cannot listen on {address}: another program")),
        "{}",
        said.err
    );
    assert!(said.err.contains("ABU__SERVER__PORT"), "{}", said.err);
}

#[test]
fn a_data_folder_in_use_is_named_and_has_its_exit_code() {
    let folder = folder();
    let server = Program::start(&mut abu_server(&folder));
    server.address();
    let said = say(&mut abu_server(&folder));
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert!(
        said.err.contains("already in use by process"),
        "{}",
        said.err
    );
    assert!(said.err.contains("ABU__DATABASE__URL"), "{}", said.err);
}

#[test]
fn all_configuration_errors_are_reported_before_anything_starts() {
    let folder = folder();
    let said = say(abu_server(&folder)
        .env("ABU_ENV", "production")
        .env("ABU__SERVER__PORT", "http")
        .env("ABU__AUTH__JWT_SECRET", "hunter2"));
    assert_eq!(said.code, Some(3), "{}", said.err);
    for part in [
        "server.port must be a whole number from 0 to 65535, but is \"http\"",
        "auth.jwt_secret must have at least 32 bytes",
        "database.url must be set in production",
    ] {
        assert!(said.err.contains(part), "{part} is not in {}", said.err);
    }
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

/// `abu-server` as it runs in production.
fn in_production(folder: &TempDir, database: &TestDatabase) -> Command {
    let mut command = abu_server(folder);
    command
        .env("ABU_ENV", "production")
        .env("ABU__SERVER__PORT", "0")
        .env("ABU__SERVER__DRAIN_DELAY", "0")
        .env("ABU__DATABASE__URL", database.url().expose_secret())
        .env("ABU__AUTH__JWT_SECRET", "Zq8rT1vX4mN7bK2wL5pD9sG3hJ6fC0yA")
        .env(
            "ABU__AUTH__ENCRYPTION_KEY",
            "hT5kW9dX2zR7vB4nM1cQ8fL3sJ6gP0yE",
        )
        .env("ABU__MAIL__FROM", "no-reply@example.com")
        .env("ABU__MAIL__SITE_URL", "https://alumni.example.com")
        .env("ABU__SERVER__TRUSTED_PROXIES", "none")
        .env("ABU__MAIL__SMTP_HOST", "smtp.example.com")
        .env("ABU__SUPERUSER__EMAIL", "admin@example.com")
        .env("ABU__SUPERUSER__PASSWORD", "correct horse battery");
    command
}

#[test]
fn production_makes_no_administrator_and_keeps_no_secret_by_itself() {
    let (folder, database) = (folder(), TestDatabase::new());
    let server = Program::start(&mut in_production(&folder, &database));
    server.address();
    let email = abu_domain::platform::text::EmailAddress::parse("admin@example.com").unwrap();
    let account = database.read(|tx| tx.credentials(&email)).unwrap();
    assert!(account.is_none());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn production_says_which_permissions_the_operator_has_still_to_make() {
    let (folder, database) = (folder(), TestDatabase::new());
    let log = || {
        let server = Program::start(&mut in_production(&folder, &database));
        server.address();
        server.signal(Signal::SIGTERM);
        server.end().1
    };
    let advice = "of the permissions that this release asks for";
    let first = log();
    assert!(first.contains(advice), "{first}");
    let outdated = "the reference data of this release are not loaded (faculties, departments, ";
    assert!(first.contains(outdated), "{first}");
    let seeded = database.transaction(|tx| tx.seed_access(chrono::Utc::now()));
    seeded.unwrap();
    assert!(!log().contains(advice));
    // By that name the office has something else.
    database.execute("UPDATE permissions SET is_system = false WHERE name = 'can_approve_job'");
    let log = log();
    assert!(log.contains("lacks 1 of the permissions"), "{log}");
    assert!(log.contains("(can_approve_job); run"), "{log}");
}

#[test]
fn an_automatic_role_that_raises_rights_causes_a_warning() {
    let (folder, database) = (folder(), TestDatabase::new());
    database
        .transaction(|tx| tx.seed_access(chrono::Utc::now()))
        .unwrap();
    let log = || {
        let server = Program::start(&mut on(&database, &folder));
        server.address();
        server.signal(Signal::SIGTERM);
        server.end().1
    };
    assert!(!log().contains("raise rights"));
    database.execute(
        "INSERT INTO permission_role (permission_id, role_id)
         SELECT permissions.id, roles.id FROM permissions, roles
         WHERE permissions.name IN ('can_modify_user', 'can_view_user') AND roles.name = 'member'",
    );
    let log = log();
    assert!(log.contains("raise rights (can_modify_user) by"), "{log}");
}

#[test]
fn an_unknown_group_that_requires_totp_causes_a_warning() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut command = abu_server(&folder);
    command
        .env("ABU__DATABASE__URL", database.url().expose_secret())
        .env(
            "ABU__AUTH__TOTP_REQUIRED_GROUPS",
            "super_admin_group,editors_group",
        );
    let server = Program::start(&mut command);
    server.address();
    server.signal(Signal::SIGTERM);
    let (_, log) = server.end();
    assert!(
        log.contains("auth.totp_required_groups names editors_group"),
        "{log}"
    );
    assert!(!log.contains("names super_admin_group"), "{log}");
}

/// `abu-server` on the database, about to be started in the folder.
fn on(database: &TestDatabase, folder: &TempDir) -> Command {
    let mut command = abu_server(folder);
    command.env("ABU__DATABASE__URL", database.url().expose_secret());
    command
}

async fn expect_ready(address: &str) {
    let ready = reqwest::get(format!("http://{address}/health/ready")).await;
    assert_eq!(ready.unwrap().status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_second_server_on_a_database_exits_and_names_the_first() {
    let (folder, other_folder, database) = (folder(), folder(), TestDatabase::new());
    let first = Program::start(&mut on(&database, &folder));
    let address = first.address();
    let said = say(&mut on(&database, &other_folder));
    assert_eq!(said.code, Some(3), "{}", said.err);
    let named = format!(
        "another server runs on this database: abu-server {} on ",
        first.id()
    );
    assert!(said.err.contains(&named), "{}", said.err);
    expect_ready(&address).await;
}

#[actix_web::test]
async fn a_killed_server_leaves_the_database_to_the_next_at_once() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut first = Program::start(&mut on(&database, &folder));
    first.address();
    first.kill();
    let next = Program::start(&mut on(&database, &folder));
    expect_ready(&next.address()).await;
}

#[test]
fn a_server_that_lost_the_database_to_another_stops() {
    let (folder, database) = (folder(), TestDatabase::new());
    let server = Program::start(&mut on(&database, &folder));
    server.address();
    let mut other = ServerLock::new(database.url(), "the other".to_owned());
    while other.hold().is_err() {
        database.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name LIKE 'abu-server {} on %'",
            server.id()
        ));
    }
    let ended = AtomicBool::new(false);
    let (status, log) = thread::scope(|threads| {
        threads.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                other.hold().unwrap();
            }
        });
        let end = server.end();
        ended.store(true, Ordering::Relaxed);
        end
    });
    assert_eq!(status.code(), Some(3), "{log}");
    assert!(
        log.contains("another server runs on this database: the other"),
        "{log}"
    );
}

#[test]
fn help_names_the_exit_codes() {
    let folder = folder();
    let said = say(abu_server(&folder).arg("--help"));
    assert_eq!(said.code, Some(0));
    assert!(
        said.out
            .contains("6  the address to listen on cannot be had")
    );
    assert_eq!(say(abu_server(&folder).arg("--port=1")).code, Some(2));
}
