//! A PostgreSQL for fault injection by one test: stop, crash, freeze.

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

/// A PostgreSQL that a test can stop, crash, freeze and restart. URL and data stay the same.
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

    /// Starts a server with these settings, as in `postgresql.conf`. `fsync` is off by default: committed data
    /// survive a crash of the server, but not of the machine.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::with_prefix("abu-test-").expect("a temporary folder can be made");
        // The server may run as another user, who must be able to enter the folder.
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

    /// Shuts the server down in order; it ends its sessions with an error message.
    pub fn stop(&self) {
        self.postgres
            .stop(STOP_TIMEOUT)
            .expect("PostgreSQL stops in time");
    }

    pub fn start_again(&mut self) {
        self.postgres = Postgres::start(self.options.clone()).expect("PostgreSQL starts again");
    }

    /// Kills the server with `SIGKILL`, and restarts it.
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

/// A server with all processes stopped (`SIGSTOP`): connections stay open without an answer, as when a disk
/// hangs. A drop resumes it.
#[derive(Debug)]
#[must_use]
pub struct Frozen(Vec<Pid>);

impl PrivateCluster {
    pub fn freeze(&self) -> Frozen {
        let server = server_process(self.postgres.data_dir());
        // The server first, so that it starts no further processes.
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
            // A process may have ended meanwhile.
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
    // The name is in parentheses and may hold any text; the state and the parent follow.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn server_process(data_dir: &Path) -> Pid {
    let pid_file = fs::read_to_string(data_dir.join("cluster/postmaster.pid"))
        .expect("a running server has a pid file");
    let id = pid_file
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    Pid::from_raw(id.expect("the pid file starts with the process id"))
}
