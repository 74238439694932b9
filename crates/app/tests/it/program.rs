//! Runs the binaries as child processes.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

/// What does not come within this time does not come.
const EVENT_TIMEOUT: Duration = Duration::from_secs(120);

/// A folder that the database's own user may enter too, when tests run as root.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::with_prefix("abu-test-").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A program with nothing of the tests' own environment.
pub(crate) fn isolated(program: impl AsRef<OsStr>, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("ABU_ENV", "test")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// `abu-server`, about to be started in the folder.
pub(crate) fn abu_server(folder: &TempDir) -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_abu-server"), folder);
    command.env("RUST_LOG", "info");
    command
}

/// `abu-admin`, about to be started in the folder.
pub(crate) fn abu_admin(folder: &TempDir) -> Command {
    isolated(env!("CARGO_BIN_EXE_abu-admin"), folder)
}

/// What a program that has ended has said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Standard error without the line that names the database.
    pub(crate) fn complaint(&self) -> String {
        let lines = self.err.split_inclusive('\n');
        lines
            .filter(|line| !line.starts_with("database: "))
            .collect()
    }
}

/// Runs a program to its end.
pub(crate) fn say(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that is running; killed when dropped.
pub(crate) struct Program {
    child: Child,
    log: Receiver<String>,
    banner: Receiver<String>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            log: lines(child.stderr.take().unwrap()),
            banner: lines(child.stdout.take().unwrap()),
            child,
        }
    }

    /// The next line of the log that has this in it.
    pub(crate) fn logs(&self, part: &str) -> String {
        next_with(&self.log, part)
    }

    /// The next line of the banner that has this in it.
    pub(crate) fn prints(&self, part: &str) -> String {
        next_with(&self.banner, part)
    }

    /// Where it listens, once it is ready.
    pub(crate) fn address(&self) -> String {
        let line = self.prints("listens on");
        line.split_whitespace().last().unwrap().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; what is left of its log.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let log: Vec<_> = self.log.iter().collect();
        (self.child.wait().unwrap(), log.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        // A test that has seen enough is gone; the program must not block nevertheless.
        lines.for_each(|line| drop(send.send(line)));
    });
    receive
}

fn next_with(lines: &Receiver<String>, part: &str) -> String {
    let mut before = Vec::new();
    loop {
        match lines.recv_timeout(EVENT_TIMEOUT) {
            Ok(line) if line.contains(part) => return line,
            Ok(line) => before.push(line),
            Err(end) => panic!("no {part:?} ({end}) in:\n{}", before.join("\n")),
        }
    }
}

/// Where the server's own PostgreSQL notes its process.
pub(crate) fn postgres_note(folder: &TempDir) -> PathBuf {
    folder.path().join(".data/postgres/cluster/postmaster.pid")
}

/// The process of the server's own PostgreSQL.
pub(crate) fn postgres_process(folder: &TempDir) -> Pid {
    running_postgres(folder).unwrap()
}

/// The process of the server's own PostgreSQL, unless it is just being started.
pub(crate) fn running_postgres(folder: &TempDir) -> Option<Pid> {
    let note = fs::read_to_string(postgres_note(folder)).ok()?;
    note.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}
