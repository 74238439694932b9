//! Data folders with long paths, odd names and closed parents.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use abu_embedded_postgres::{Postgres, PostgresOptions};
use tempfile::TempDir;

use crate::support::{
    STOP, open_folder, private_folder, server_pid, sql, status_of, uid_of, without_root,
};

fn works_twice(options: &PostgresOptions) -> Postgres {
    let first = Postgres::start(options.clone()).unwrap();
    sql(&first, "CREATE TABLE t AS SELECT 7 AS n");
    first.stop(STOP).unwrap();
    let second = Postgres::start(options.clone()).unwrap();
    assert_eq!(second.data_dir(), first.data_dir());
    assert_eq!(second.url(), first.url());
    assert_eq!(sql(&second, "SELECT n FROM t"), "7");
    second
}

#[test]
fn path_too_long_for_a_socket_moves_only_the_socket() {
    let dir = open_folder();
    let data_dir = dir.path().join("x".repeat(120)).join("postgres");
    let postgres = works_twice(&PostgresOptions::durable(&data_dir));
    assert_eq!(postgres.data_dir(), data_dir);
    let socket = socket_folder(&postgres);
    assert!(!socket.starts_with(&data_dir));
    drop(postgres);
    assert!(!socket.exists());
}

fn socket_folder(postgres: &Postgres) -> PathBuf {
    PathBuf::from(sql(postgres, "SHOW unix_socket_directories").trim_matches('"'))
}

#[test]
fn two_long_paths_have_two_sockets() {
    let dir = open_folder();
    let long = dir.path().join("x".repeat(120));
    let one = Postgres::start(PostgresOptions::durable(long.join("one"))).unwrap();
    let two = Postgres::start(PostgresOptions::durable(long.join("two"))).unwrap();
    assert_ne!(one.url(), two.url());
    assert_eq!(
        sql(&one, "SHOW data_directory"),
        long.join("one/cluster").to_str().unwrap()
    );
    assert_eq!(
        sql(&two, "SHOW data_directory"),
        long.join("two/cluster").to_str().unwrap()
    );
}

#[test]
fn path_with_odd_characters_works() {
    for name in ["a b 'c' \"d\" $e %41 é", "a,b"] {
        let dir = open_folder();
        let data_dir = dir.path().join(name);
        assert_eq!(
            works_twice(&PostgresOptions::durable(&data_dir)).data_dir(),
            data_dir
        );
    }
}

#[test]
fn database_of_root_lies_in_place_where_the_server_can_enter() {
    if without_root("database_of_root_lies_in_place_where_the_server_can_enter") {
        return;
    }
    let dir = open_folder();
    let data_dir = dir.path().join("clone/.data/postgres");
    let postgres = works_twice(&PostgresOptions::durable(&data_dir));
    assert_eq!(postgres.data_dir(), data_dir);
    assert_eq!(
        status_of(server_pid(&data_dir), "Groups"),
        "",
        "root's groups are left behind"
    );
    assert_eq!(fs::metadata(&data_dir).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn private_folder_of_root_becomes_a_link_into_the_shelter() {
    if without_root("private_folder_of_root_becomes_a_link_into_the_shelter") {
        return;
    }
    for private in [private_folder(), TempDir::new_in("/root").unwrap()] {
        let shelter = open_folder();
        let data_dir = private.path().join("clone/.data/postgres");
        let options =
            PostgresOptions::durable(&data_dir).shelter(shelter.path().join("made/when/needed"));

        let postgres = works_twice(&options);

        assert!(postgres.data_dir().starts_with(shelter.path()));
        assert_eq!(fs::read_link(&data_dir).unwrap(), postgres.data_dir());
        assert_ne!(uid_of(server_pid(postgres.data_dir())), 0);
    }
}

#[test]
fn empty_private_folder_of_root_is_replaced_by_the_link() {
    if without_root("empty_private_folder_of_root_is_replaced_by_the_link") {
        return;
    }
    let (private, shelter) = (private_folder(), open_folder());
    let data_dir = private.path().join("postgres");
    fs::create_dir(&data_dir).unwrap();
    let postgres = works_twice(&PostgresOptions::durable(&data_dir).shelter(shelter.path()));
    assert!(postgres.data_dir().starts_with(shelter.path()));
}

#[test]
fn removed_link_starts_afresh() {
    if without_root("removed_link_starts_afresh") {
        return;
    }
    let (private, shelter) = (private_folder(), open_folder());
    let data_dir = private.path().join("postgres");
    let options = PostgresOptions::durable(&data_dir).shelter(shelter.path());
    drop(works_twice(&options));
    fs::remove_file(&data_dir).unwrap();

    let postgres = Postgres::start(options).unwrap();
    assert_eq!(
        sql(
            &postgres,
            "SELECT count(*) FROM pg_tables WHERE tablename = 't'"
        ),
        "0"
    );
}

#[test]
fn default_shelter_serves_a_clone_in_the_home_of_root() {
    if without_root("default_shelter_serves_a_clone_in_the_home_of_root") {
        return;
    }
    let private = TempDir::new_in("/root").unwrap();
    let postgres = works_twice(&PostgresOptions::durable(
        private.path().join(".data/postgres"),
    ));
    let real = postgres.data_dir().to_owned();
    assert_eq!(
        real.parent(),
        Some(Path::new("/var/lib/abu-alumni-connect"))
    );
    drop(postgres);
    fs::remove_dir_all(real).unwrap();
}
