//! Refused starts and their error messages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;

use abu_embedded_postgres::{Postgres, PostgresOptions, StartError};

use crate::support::{STOP, durable, open_folder, private_folder};

fn refused(options: PostgresOptions) -> StartError {
    Postgres::start(options).map(drop).unwrap_err()
}

fn refused_in(data_dir: &Path) -> StartError {
    refused(PostgresOptions::durable(data_dir))
}

#[test]
fn second_owner_is_refused_with_the_process_id_of_the_first() {
    let dir = open_folder();
    let data_dir = dir.path().join("postgres");
    let first = durable(&data_dir);

    let error = refused_in(&data_dir);
    assert!(matches!(error, StartError::InUse { .. }));
    assert!(
        error
            .to_string()
            .ends_with(&format!("already in use by process {}", std::process::id())),
        "{error}"
    );
    assert!(first.is_running());

    first.stop(STOP).unwrap();
    durable(&data_dir);
}

#[test]
fn one_of_several_concurrent_first_starts_succeeds() {
    for (dir, shelter) in [
        (open_folder(), open_folder()),
        (private_folder(), open_folder()),
    ] {
        let options = PostgresOptions::durable(dir.path().join("postgres")).shelter(shelter.path());
        let started = thread::scope(|scope| {
            let starts: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| Postgres::start(options.clone())))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect::<Vec<_>>()
        });
        let (winners, losers): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
        assert_eq!(winners.len(), 1, "{losers:?}");
        assert!(
            losers
                .iter()
                .all(|loser| matches!(loser, Err(StartError::InUse { .. }))),
            "{losers:?}"
        );
    }
}

#[test]
fn folder_with_other_files_is_refused_and_left_as_it_is() {
    let dir = open_folder();
    fs::write(dir.path().join("letter.txt"), "dear").unwrap();

    let error = refused_in(dir.path());
    assert!(matches!(error, StartError::Folder { .. }));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn link_to_data_that_are_gone_is_refused() {
    let dir = open_folder();
    let link = dir.path().join("postgres");
    symlink(dir.path().join("gone"), &link).unwrap();

    let error = refused_in(&link).to_string();
    assert!(error.contains("what it points to is gone"), "{error}");
}

#[test]
fn file_in_the_place_of_the_folder_is_refused() {
    let dir = open_folder();
    let file = dir.path().join("postgres");
    fs::write(&file, "").unwrap();
    assert!(refused_in(&file).to_string().contains("not a folder"));
}

#[test]
fn data_of_another_version_are_refused_and_both_versions_named() {
    let dir = open_folder();
    let data_dir = dir.path().join("postgres");
    durable(&data_dir).stop(STOP).unwrap();
    fs::write(data_dir.join("cluster/PG_VERSION"), "9\n").unwrap();

    let error = refused_in(&data_dir);
    assert!(matches!(error, StartError::Version { needed: 9, .. }));
    assert!(
        error.to_string().contains("this machine has only 1"),
        "{error}"
    );
}

#[test]
fn server_that_ends_while_starting_is_reported_with_its_last_words() {
    let dir = open_folder();
    let options =
        PostgresOptions::durable(dir.path().join("postgres")).setting("shared_buffers", "plenty");

    let error = refused(options);
    assert!(matches!(error, StartError::Ended { .. }));
    assert!(
        error
            .to_string()
            .contains("invalid value for parameter \"shared_buffers\""),
        "{error}"
    );

    // The failed start left no obstacle.
    durable(&dir.path().join("postgres"));
}

#[test]
fn folder_without_server_programs_is_refused() {
    let dir = open_folder();
    let options = PostgresOptions::durable(dir.path().join("postgres")).bin_dir(dir.path());
    assert!(matches!(refused(options), StartError::NotInstalled { .. }));
}

#[test]
fn name_that_the_server_would_cut_is_refused() {
    let dir = open_folder();
    for name in [String::new(), "x".repeat(64), "a\0b".to_owned()] {
        let options = PostgresOptions::durable(dir.path().join("postgres")).database(name);
        assert!(matches!(refused(options), StartError::Database { .. }));
    }
}
