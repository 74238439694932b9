//! Recovery: a start after an interrupted or killed run.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use nix::sys::signal::Signal;

use crate::support::{
    Owner, STOP, durable, eventually, open_folder, processes_of, psql, server_pid, signal, sql,
};

#[test]
fn interrupted_initdb_does_not_stop_the_next_start() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let mut owner = Owner::spawn(&[&home], None);
    eventually("initdb is at work", || {
        unfinished(&home)
            .iter()
            .any(|path| path.join("PG_VERSION").exists())
    });
    owner.kill();
    for pid in processes_of(&home) {
        // Some processes may have ended by themselves.
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid.cast_signed()),
            Signal::SIGKILL,
        );
    }
    assert!(!home.join("cluster").exists());

    let postgres = durable(&home);
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
    assert!(unfinished(&home).is_empty());
}

fn unfinished(home: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(home).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("staging")
        })
        .collect()
}

#[test]
fn pid_file_with_a_reused_process_id_does_not_stop_the_start() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    durable(&home).stop(STOP).unwrap();
    let pid_file = format!("{}\n{}\n", std::process::id(), home.display());
    fs::write(home.join("cluster/postmaster.pid"), &pid_file).unwrap();
    fs::write(home.join("socket/.s.PGSQL.5432.lock"), &pid_file).unwrap();
    fs::write(home.join("socket/.s.PGSQL.5432"), "").unwrap();

    assert_eq!(sql(&durable(&home), "SELECT 1"), "1");
}

#[test]
fn empty_pid_file_does_not_stop_the_start() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    durable(&home).stop(STOP).unwrap();
    File::create(home.join("cluster/postmaster.pid")).unwrap();

    assert_eq!(sql(&durable(&home), "SELECT 1"), "1");
}

#[test]
fn restart_waits_for_the_last_process_of_a_killed_server() {
    let dir = open_folder();
    let postgres = durable(&dir.path().join("postgres"));
    let session = psql(
        postgres.data_dir(),
        &postgres.url(),
        "SELECT pg_backend_pid(); SELECT pg_sleep(600)",
    )
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn();
    let mut session = session.unwrap();
    let find = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
    let mut backend = String::new();
    eventually("the session is at work", || {
        backend = sql(&postgres, find);
        !backend.is_empty()
    });
    let backend = backend.parse().unwrap();

    // A stopped process cannot notice that its server has gone.
    signal(backend, Signal::SIGSTOP);
    signal(server_pid(postgres.data_dir()), Signal::SIGKILL);
    eventually("the server ends", || !postgres.is_running());
    thread::scope(|scope| {
        let restart = scope.spawn(|| postgres.ensure_running());
        eventually("a start finds the data in use", || {
            fs::read_to_string(postgres.log_file())
                .unwrap()
                .contains("pre-existing shared memory block")
        });
        signal(backend, Signal::SIGCONT);
        assert!(restart.join().unwrap().unwrap());
    });

    session.wait().unwrap();
    assert_eq!(sql(&postgres, "SELECT 1"), "1");
}

#[test]
fn large_log_is_put_aside() {
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let first = durable(&home);
    first.stop(STOP).unwrap();
    File::options()
        .write(true)
        .open(first.log_file())
        .unwrap()
        .set_len(17 * 1024 * 1024)
        .unwrap();

    let second = durable(&home);
    assert!(fs::metadata(second.log_file()).unwrap().len() < 1024 * 1024);
    assert_eq!(
        fs::metadata(home.join("postgres.log.1")).unwrap().len(),
        17 * 1024 * 1024
    );
    assert_eq!(
        fs::metadata(second.log_file())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
}
