//! Durable storage: data, settings and isolation of a server with a folder of its own.

use abu_embedded_postgres::{Postgres, PostgresOptions, StartError};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpgid, getpgrp};

use crate::support::{
    STOP, durable, eventually, open_folder, psql, server_pid, signal, sql, status_of, without_root,
};

#[test]
fn data_are_kept_over_stop_and_start() {
    let dir = open_folder();
    let data_dir = dir.path().join("postgres");

    let first = durable(&data_dir);
    sql(&first, "CREATE TABLE t AS SELECT 'Ọlá' AS name");
    first.stop(STOP).unwrap();

    let second = durable(&data_dir);
    assert_eq!(sql(&second, "SELECT name, lower(name) FROM t"), "Ọlá|ọlá");
    assert_eq!(first.url(), second.url());
}

#[test]
fn committed_data_are_on_disk_before_they_are_acknowledged() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    for setting in [
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "data_checksums",
    ] {
        assert_eq!(
            sql(&postgres, &format!("SHOW {setting}")),
            "on",
            "{setting}"
        );
    }
}

#[test]
fn killed_server_comes_back_with_its_data_under_the_same_url() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let url = postgres.url();
    sql(&postgres, "CREATE TABLE t AS SELECT 7 AS n");

    signal(server_pid(postgres.data_dir()), Signal::SIGKILL);
    eventually("the server ends", || !postgres.is_running());

    assert!(postgres.ensure_running().unwrap());
    assert_eq!(postgres.url(), url);
    assert_eq!(sql(&postgres, "SELECT n FROM t"), "7");
}

#[test]
fn running_server_is_left_alone() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let pid = server_pid(postgres.data_dir());

    assert!(!postgres.ensure_running().unwrap());
    assert_eq!(server_pid(postgres.data_dir()), pid);
}

#[test]
fn stopped_server_stays_stopped() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));

    postgres.stop(STOP).unwrap();
    postgres.stop(STOP).unwrap();

    assert!(!postgres.is_running());
    assert!(matches!(
        postgres.ensure_running(),
        Err(StartError::Stopped)
    ));
}

#[test]
fn two_databases_run_side_by_side() {
    let (one, two) = (open_folder(), open_folder());
    let (one, two) = (
        durable(&one.path().join("postgres")),
        durable(&two.path().join("postgres")),
    );
    sql(&one, "CREATE TABLE only_here (n int)");

    assert_ne!(one.url(), two.url());
    assert_eq!(
        sql(
            &two,
            "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'"
        ),
        "0"
    );
}

#[test]
fn server_listens_on_no_port() {
    let dir = open_folder();
    let options =
        PostgresOptions::durable(dir.path().join("postgres")).setting("listen_addresses", "*");
    let postgres = Postgres::start(options).unwrap();
    assert_eq!(sql(&postgres, "SHOW listen_addresses"), "");
}

#[test]
fn other_users_cannot_connect() {
    if without_root("other_users_cannot_connect") {
        return;
    }
    use std::os::unix::process::CommandExt;

    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let mut stranger = psql(postgres.data_dir(), &postgres.url(), "SELECT 1");
    // Neither root nor an account of the server.
    let output = stranger.uid(54_321).gid(54_321).output().unwrap();
    assert!(!output.status.success());
}

#[test]
fn interrupt_from_the_terminal_does_not_reach_the_server() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let server = Pid::from_raw(server_pid(postgres.data_dir()).cast_signed());
    assert_ne!(getpgid(Some(server)).unwrap(), getpgrp());
}

#[test]
fn server_sees_none_of_our_environment() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let pid = server_pid(postgres.data_dir());
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let names: Vec<_> = environment
        .split(|&byte| byte == 0)
        .filter_map(|variable| String::from_utf8_lossy(variable).split_once('=').map(|(name, _)| name.to_owned()))
        .filter(|name| !["PATH", "TZ", "LD_LIBRARY_PATH", "LC_ALL", "PWD"].contains(&name.as_str()))
        // Variables that the server sets for its children.
        .filter(|name| !name.starts_with("PG"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    assert!(!status_of(pid, "Uid").starts_with("0\t"));
}

#[test]
fn values_of_a_failed_statement_stay_out_of_the_log() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    sql(&postgres, "CREATE TABLE t (mail text PRIMARY KEY)");
    sql(&postgres, "INSERT INTO t VALUES ('ada@example.org')");

    let again = psql(
        postgres.data_dir(),
        &postgres.url(),
        "INSERT INTO t VALUES ('ada@example.org')",
    )
    .output();
    assert!(!again.unwrap().status.success());

    let log = std::fs::read_to_string(postgres.log_file()).unwrap();
    assert!(log.contains("duplicate key"), "{log}");
    assert!(!log.contains("ada@example.org"), "{log}");
}

#[test]
fn database_with_an_odd_name_is_created_and_found_again() {
    let dir = open_folder();
    let options =
        PostgresOptions::durable(dir.path().join("postgres")).database("a \"b\" 'c'/d;--é");
    for _ in 0..2 {
        let postgres = Postgres::start(options.clone()).unwrap();
        assert_eq!(
            sql(&postgres, "SELECT current_database()"),
            "a \"b\" 'c'/d;--é"
        );
    }
}

#[test]
fn chosen_setting_replaces_a_default() {
    let dir = open_folder();
    let options =
        PostgresOptions::durable(dir.path().join("postgres")).setting("max_connections", "17");
    let postgres = Postgres::start(options).unwrap();
    assert_eq!(sql(&postgres, "SHOW max_connections"), "17");
}
