//! Throw-away storage.

use std::thread;

use abu_embedded_postgres::{Postgres, PostgresOptions};
use nix::sys::signal::Signal;

use crate::support::{STOP, eventually, processes_of, server_pid, signal, sql};

#[test]
fn folder_is_removed_at_stop() {
    let postgres = Postgres::start(PostgresOptions::throwaway()).unwrap();
    assert_eq!(
        sql(&postgres, "SELECT current_database(), current_user"),
        "abu|abu"
    );
    postgres.stop(STOP).unwrap();
    assert!(!postgres.data_dir().exists());
}

#[test]
fn folder_and_processes_go_with_the_handle() {
    let postgres = Postgres::start(PostgresOptions::throwaway()).unwrap();
    let home = postgres.data_dir().to_owned();
    drop(postgres);
    assert!(!home.exists());
    eventually("every process ends", || processes_of(&home).is_empty());
}

#[test]
fn folder_of_a_server_that_did_not_start_is_removed() {
    let marked = || {
        let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
        let homes = entries.filter_map(|entry| Some(entry.ok()?.path().join("postgres.log")));
        homes
            .filter(|log| {
                std::fs::read_to_string(log).is_ok_and(|said| said.contains("a-mark-of-this-test"))
            })
            .count()
    };
    let options = PostgresOptions::throwaway().setting("shared_buffers", "a-mark-of-this-test");
    let error = Postgres::start(options).map(drop).unwrap_err();
    assert!(error.to_string().contains("a-mark-of-this-test"), "{error}");
    assert_eq!(marked(), 0);
}

#[test]
fn killed_server_comes_back() {
    let postgres = Postgres::start(PostgresOptions::throwaway()).unwrap();
    signal(server_pid(postgres.data_dir()), Signal::SIGKILL);
    eventually("the server ends", || !postgres.is_running());
    assert!(postgres.ensure_running().unwrap());
    assert_eq!(sql(&postgres, "SHOW fsync"), "off");
}

#[test]
fn threads_can_share_it() {
    let postgres = Postgres::start(PostgresOptions::throwaway()).unwrap();
    assert_eq!(sql(&postgres, "SHOW max_connections"), "1000");
    thread::scope(|scope| {
        for n in 0..8 {
            let postgres = &postgres;
            scope.spawn(move || assert_eq!(sql(postgres, &format!("SELECT {n}")), n.to_string()));
        }
    });
}
