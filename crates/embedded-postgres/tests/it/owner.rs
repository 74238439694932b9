//! Ownership: the server's end after its owner's death, and the user it runs as.

use std::fs;

use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::support::{
    Owner, durable, eventually, home_in, open_folder, processes_of, psql, server_pid, signal, sql,
    succeeded, uid_of, unprivileged_user, watcher_of, without_root,
};

#[test]
fn killed_owner_leaves_no_process_and_no_obstacle() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let mut owner = Owner::start(&[&home]);
    succeeded(
        psql(&home, &owner.url, "CREATE TABLE t AS SELECT 7 AS n")
            .output()
            .unwrap(),
    );

    owner.kill();

    eventually("every process ends", || processes_of(&home).is_empty());
    assert_eq!(sql(&durable(&home), "SELECT n FROM t"), "7");
}

#[test]
fn start_after_the_owners_death_waits_for_its_server_to_end() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let mut owner = Owner::start(&[&home]);
    succeeded(
        psql(&home, &owner.url, "CREATE TABLE t AS SELECT 7 AS n")
            .output()
            .unwrap(),
    );

    owner.kill();

    assert_eq!(sql(&durable(&home), "SELECT n FROM t"), "7");
}

#[test]
fn server_that_lost_both_owner_and_watcher_is_replaced() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let mut owner = Owner::start(&[&home]);
    let old = server_pid(&home);

    signal(watcher_of(&home), Signal::SIGKILL);
    owner.kill();
    assert!(processes_of(&home).contains(&old));

    let postgres = durable(&home);
    assert_ne!(server_pid(&home), old);
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
}

#[test]
fn owner_and_server_killed_together_are_recovered_from() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let mut owner = Owner::start(&[&home]);
    succeeded(
        psql(&home, &owner.url, "CREATE TABLE t AS SELECT 7 AS n")
            .output()
            .unwrap(),
    );

    signal(server_pid(&home), Signal::SIGKILL);
    owner.kill();

    assert_eq!(sql(&durable(&home), "SELECT n FROM t"), "7");
}

#[test]
fn restarted_server_ends_with_its_owner_too() {
    let postgres = durable_in_place();
    signal(server_pid(&postgres.1), Signal::SIGKILL);
    eventually("the server ends", || !postgres.2.is_running());
    postgres.2.ensure_running().unwrap();

    // The first server's watcher is gone, the second's is there.
    eventually("one watcher is left", || {
        processes_of(&postgres.1)
            .iter()
            .filter(|pid| is_shell(**pid))
            .count()
            == 1
    });
    drop(postgres.2);
    eventually("every process ends", || {
        processes_of(&postgres.1).is_empty()
    });
}

fn durable_in_place() -> (
    tempfile::TempDir,
    std::path::PathBuf,
    abu_embedded_postgres::Postgres,
) {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let postgres = durable(&home);
    (dir, home, postgres)
}

fn is_shell(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "sh")
}

#[test]
fn killed_owner_takes_its_throw_away_folder_along() {
    let mut owner = Owner::start(&[]);
    let home = home_in(&owner.url);
    assert!(home.join("cluster").is_dir());

    owner.kill();

    eventually("the folder is removed", || !home.exists());
    eventually("every process ends", || processes_of(&home).is_empty());
}

#[test]
fn ordinary_user_runs_it_as_itself() {
    if without_root("ordinary_user_runs_it_as_itself") {
        return;
    }
    let dir = open_folder();
    let theirs = dir.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    std::os::unix::fs::chown(&theirs, Some(unprivileged_user().uid.as_raw()), None).unwrap();
    let home = theirs.join(".data/postgres");

    for _ in 0..2 {
        let owner = Owner::start_as(&unprivileged_user(), &[&home]);
        assert_eq!(uid_of(server_pid(&home)), unprivileged_user().uid.as_raw());
        owner.finish();
    }
}

#[test]
fn database_of_an_ordinary_user_is_run_by_root_as_that_user() {
    if without_root("database_of_an_ordinary_user_is_run_by_root_as_that_user") {
        return;
    }
    let dir = open_folder();
    let theirs = dir.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    std::os::unix::fs::chown(&theirs, Some(unprivileged_user().uid.as_raw()), None).unwrap();
    let home = theirs.join("postgres");
    Owner::start_as(&unprivileged_user(), &[&home]).finish();

    let postgres = durable(&home);
    assert_eq!(uid_of(server_pid(&home)), unprivileged_user().uid.as_raw());
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    drop(postgres);

    // Root left no file that the folder's owner cannot use.
    Owner::start_as(&unprivileged_user(), &[&home]).finish();
}

#[test]
fn server_is_never_root() {
    let (_dir, home, _postgres) = durable_in_place();
    let uid = uid_of(server_pid(&home));
    assert_ne!(uid, 0);
    assert!(geteuid().is_root() || uid == geteuid().as_raw());
}
