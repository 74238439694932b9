//! Shared helpers.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use abu_embedded_postgres::{Postgres, PostgresOptions};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

/// Far longer than any awaited event takes.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The poll interval for other processes, which send no event.
const GLANCE: Duration = Duration::from_millis(2);

pub(crate) const STOP: Duration = Duration::from_secs(30);

/// A temporary folder that every user can enter.
pub(crate) fn open_folder() -> TempDir {
    folder(0o755)
}

/// A temporary folder that only the current user can enter.
pub(crate) fn private_folder() -> TempDir {
    folder(0o700)
}

fn folder(mode: u32) -> TempDir {
    tempfile::Builder::new()
        .permissions(PermissionsExt::from_mode(mode))
        .tempdir()
        .unwrap()
}

pub(crate) fn durable(data_dir: &Path) -> Postgres {
    Postgres::start(PostgresOptions::durable(data_dir)).unwrap()
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONGEST_WAIT, "waited in vain: {what}");
        thread::park_timeout(GLANCE);
    }
}

/// Returns true, after a line of output, where the test lacks root.
pub(crate) fn without_root(test: &str) -> bool {
    let without = !geteuid().is_root();
    if without {
        eprintln!("{test}: passed over, it needs root");
    }
    without
}

/// The process id that the pid file of this folder names.
pub(crate) fn server_pid(home: &Path) -> u32 {
    let pid_file = fs::read_to_string(home.join("cluster/postmaster.pid")).unwrap();
    pid_file.lines().next().unwrap().parse().unwrap()
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

pub(crate) fn uid_of(pid: u32) -> u32 {
    fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

/// The value of one line of a process's status.
pub(crate) fn status_of(pid: u32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap().trim().to_owned()
}

pub(crate) fn unprivileged_user() -> User {
    User::from_name("nobody").unwrap().unwrap()
}

/// Every process that works in this folder or was started for it.
pub(crate) fn processes_of(home: &Path) -> Vec<u32> {
    let pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != std::process::id() && belongs(*pid, home))
        .collect()
}

fn belongs(pid: u32, home: &Path) -> bool {
    let name = home.as_os_str().as_encoded_bytes();
    let works_there =
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(home));
    let named = fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|arguments| arguments.windows(name.len()).any(|part| part == name));
    works_there || named
}

/// The shell that waits for the owner of this folder's server to die.
pub(crate) fn watcher_of(home: &Path) -> u32 {
    let is_shell = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "sh")
    };
    let found: Vec<_> = processes_of(home).into_iter().filter(is_shell).collect();
    assert_eq!(found.len(), 1, "one watcher for {}", home.display());
    found[0]
}

/// Runs a statement with the client that belongs to the server and returns what it prints.
pub(crate) fn sql(postgres: &Postgres, statement: &str) -> String {
    let output = psql(postgres.data_dir(), &postgres.url(), statement)
        .output()
        .unwrap();
    succeeded(output)
}

pub(crate) fn succeeded(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

pub(crate) fn psql(home: &Path, url: &str, statement: &str) -> Command {
    let server = fs::read_link(format!("/proc/{}/exe", server_pid(home))).unwrap();
    let mut command = Command::new(server.with_file_name("psql"));
    command.args([
        "-X",
        "-A",
        "-t",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        url,
        "-c",
        statement,
    ]);
    command.current_dir("/");
    command
}

/// Another process that owns a database.
pub(crate) struct Owner {
    pub(crate) child: Child,
    pub(crate) url: String,
    _program: TempDir,
}

impl Owner {
    pub(crate) fn start(arguments: &[&Path]) -> Self {
        Self::spawn(arguments, None).ready()
    }

    pub(crate) fn start_as(user: &User, arguments: &[&Path]) -> Self {
        Self::spawn(arguments, Some(user)).ready()
    }

    /// Starts it and does not wait. The program is copied to where every user can run it.
    pub(crate) fn spawn(arguments: &[&Path], user: Option<&User>) -> Self {
        let dir = open_folder();
        let program = dir.path().join("abu-postgres");
        // `cp` copies it, because a descriptor open for writing here would leak into a child of another test. The
        // system refuses to run a file that is open for writing (ETXTBSY).
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_abu-postgres"))
            .arg(&program)
            .status();
        assert!(copied.unwrap().success());
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        Self {
            child: command.spawn().unwrap(),
            url: String::new(),
            _program: dir,
        }
    }

    fn ready(mut self) -> Self {
        let output = self.child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut self.url).unwrap();
        self.url.truncate(self.url.trim_end().len());
        if self.url.is_empty() {
            let mut said = String::new();
            self.child
                .stderr
                .as_mut()
                .unwrap()
                .read_to_string(&mut said)
                .unwrap();
            panic!("the owner did not start: {said}");
        }
        self
    }

    /// Sends `SIGKILL`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Closes its standard input, which stops its server, and waits for its end.
    pub(crate) fn finish(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder in which a throw-away database's socket folder lies.
pub(crate) fn home_in(url: &str) -> PathBuf {
    let host = url.split_once('@').unwrap().1.split_once(':').unwrap().0;
    PathBuf::from(host.replace("%2F", "/"))
        .parent()
        .unwrap()
        .to_owned()
}
