//! A PostgreSQL that one test may break.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use abu_embedded_postgres::{Postgres, PostgresOptions};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::TestDatabase;

/// Far longer than a stop takes on any machine.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A PostgreSQL of one's own, to be stopped, killed and started again. Its URL and its data stay
/// the same through all of that.
#[derive(Debug)]
pub struct PrivateCluster {
    postgres: Postgres,
    options: PostgresOptions,
    /// Dropped last: it holds the server's data.
    _folder: TempDir,
}

impl PrivateCluster {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with settings of its own, as in `postgresql.conf`. Unless they say otherwise,
    /// nothing is flushed to disk: what is committed survives the server, but not the machine.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::with_prefix("abu-test-").expect("a temporary folder can be made");
        // The server may run as another user, who must be able to enter.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("the folder is ours");
        let options = [("fsync", "off")].iter().chain(settings).fold(
            PostgresOptions::durable(folder.path().join("postgres")),
            |options, (name, value)| options.setting(*name, *value),
        );
        Self {
            postgres: Postgres::start(options.clone()).expect("PostgreSQL starts"),
            options,
            _folder: folder,
        }
    }

    /// A database with all migrations.
    pub fn database(&self) -> TestDatabase {
        TestDatabase::on(&self.postgres)
    }

    pub fn log_file(&self) -> PathBuf {
        self.postgres.log_file()
    }

    /// Stops the server in good order: its sessions are told, and ended.
    pub fn stop(&self) {
        self.postgres
            .stop(STOP_TIMEOUT)
            .expect("PostgreSQL stops in time");
    }

    pub fn start_again(&mut self) {
        self.postgres = Postgres::start(self.options.clone()).expect("PostgreSQL starts again");
    }

    /// Kills the server as a crash would, without a word to its sessions, and starts it again.
    pub fn crash(&self) {
        kill(server_process(self.postgres.data_dir()), Signal::SIGKILL).expect("the server runs");
        while !self
            .postgres
            .ensure_running()
            .expect("PostgreSQL recovers from a crash")
        {
            std::thread::yield_now();
        }
    }
}

/// A server whose processes are all stopped in the middle of what they do: connections stay open and
/// are not answered, as when a disk hangs. It goes on when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Frozen(Vec<Pid>);

impl PrivateCluster {
    /// Stops every process of the server where it is.
    pub fn freeze(&self) -> Frozen {
        let server = server_process(self.postgres.data_dir());
        // The server first: it starts no more of them then.
        let mut frozen = Frozen(vec![server]);
        frozen.signal(Signal::SIGSTOP);
        frozen.0.extend(children(server));
        frozen.signal(Signal::SIGSTOP);
        frozen
    }
}

impl Frozen {
    fn signal(&self, signal: Signal) {
        for process in &self.0 {
            // One that ended meanwhile needs none.
            let _ = kill(*process, signal);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").expect("the system tells its processes");
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process| parent_of(*process) == Some(parent.as_raw()))
        .map(Pid::from_raw)
        .collect()
}

fn parent_of(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name, which is in brackets and may hold anything: the state, then the parent.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn server_process(data_dir: &Path) -> Pid {
    let note = fs::read_to_string(data_dir.join("cluster/postmaster.pid"))
        .expect("a running server has a note of its process");
    let id = note
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    Pid::from_raw(id.expect("the note begins with the process id"))
}
