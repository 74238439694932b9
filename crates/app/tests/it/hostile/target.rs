//! A server process under attack, watched from outside.

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use abu_application::{
    identity::ports::AccessTokens,
    platform::{ports::Clock, system::SystemClock},
};
use abu_domain::UserId;
use abu_security::JwtTokens;
use abu_test_support::{SECRET, TestDatabase, session_of};
use nix::sys::signal::Signal;
use secrecy::ExposeSecret;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use uuid::Uuid;

use crate::program::{Program, folder, isolated};

/// Longer than any deadline in these tests.
pub(super) const EVENT_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections to the database that the server's own threads open when they first need one: the workers of
/// the jobs, the mail, the watch.
const OWN_CONNECTIONS: usize = 8;

const MAX_GROWTH: u64 = 64 * 1024 * 1024;
const MAX_HEALTH_LATENCY: Duration = Duration::from_secs(1);

pub(super) struct Target {
    program: Program,
    address: SocketAddr,
    database: TestDatabase,
    _folder: TempDir,
}

impl Target {
    /// A server with these settings, such as `SERVER__REQUEST_TIMEOUT`.
    pub(super) fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_with_files(None, settings)
    }

    /// A server that may open so many files.
    pub(super) fn with_files(files: usize) -> Self {
        Self::start_with_files(Some(files), &[])
    }

    fn start_with_files(files: Option<usize>, settings: &[(&str, &str)]) -> Self {
        let (folder, database) = (folder(), TestDatabase::new());
        let server = env!("CARGO_BIN_EXE_abu-server");
        let mut command = match files {
            None => isolated(server, &folder),
            Some(files) => limited(files, server, &folder),
        };
        command
            .env("RUST_LOG", "info,abu_app::access=off")
            .env("ABU__DATABASE__URL", database.url().expose_secret())
            .env("ABU__SERVER__WORKERS", "2")
            .env("ABU__AUTH__JWT_SECRET", SECRET);
        for (name, value) in settings {
            command.env(format!("ABU__{name}"), value);
        }
        let program = Program::start(&mut command);
        let address = program.address().parse().unwrap();
        // It listens before it has its database.
        within(EVENT_TIMEOUT, || {
            answer(connect(address, 0), "/health/ready").starts_with(b"HTTP/1.1 200")
        });
        Self {
            program,
            address,
            database,
            _folder: folder,
        }
    }

    pub(super) fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// An access token of a log-in session of this user.
    pub(super) fn token(&self, user: UserId) -> String {
        let session = session_of(user);
        self.database.execute(&format!(
            "INSERT INTO sessions (id, user_id, created_at, last_used_at, refreshed_at, expires_at)
             VALUES ('{session}', '{user}', now(), now(), now(), now() + interval '1 day')
             ON CONFLICT DO NOTHING"
        ));
        let issuer = "abu-alumni-connect";
        let tokens = JwtTokens::new(&SECRET.into(), issuer, issuer, Duration::from_secs(900));
        let issued = tokens.issue(user, session, Uuid::new_v4(), SystemClock.now());
        issued.unwrap().token
    }

    /// The address of a chat session of this user.
    pub(super) fn chat(&self, user: UserId) -> String {
        format!("ws://{}/chat?token={}", self.address, self.token(user))
    }

    /// A connection from a network of its own.
    pub(super) fn connect_from_network(&self, network: u8) -> TcpStream {
        connect_from(self.address, Ipv4Addr::new(127, 1, network, 1))
    }

    /// A connection from an address of this machine: 0 for 127.0.0.1, 1 for 127.0.0.2 and so on.
    pub(super) fn connect(&self, from: u8) -> TcpStream {
        connect(self.address, from)
    }

    /// A connection that has sent this.
    pub(super) fn send(&self, from: u8, request: &[u8]) -> TcpStream {
        let mut socket = self.connect(from);
        // Where the server ends the connection at once, the rest of the request does not arrive.
        let _ = socket.write_all(request);
        socket
    }

    /// How many sockets the server has open.
    pub(super) fn sockets(&self) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.program.id())).unwrap();
        let is_socket = |file: &io::Result<fs::DirEntry>| {
            let target = file.as_ref().map(|file| fs::read_link(file.path()));
            matches!(target, Ok(Ok(target)) if target.to_string_lossy().starts_with("socket:"))
        };
        files.filter(is_socket).count()
    }

    /// Waits until the server has at most so many sockets open, besides [`OWN_CONNECTIONS`].
    pub(super) fn reaches_sockets(&self, most: usize) {
        within(EVENT_TIMEOUT, || self.sockets() <= most + OWN_CONNECTIONS);
    }

    /// Attacks the server while it is watched: its memory stays bounded, and it answers health checks.
    #[expect(
        clippy::print_stdout,
        reason = "the figures, for a run with --nocapture"
    )]
    pub(super) fn withstands(&self, attack: impl FnOnce()) {
        get(self.connect(0), "/health/live");
        let (address, process) = (self.address, self.program.id());
        let (before, over) = (memory_of(process), AtomicBool::new(false));
        thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let (mut slowest, mut most) = (Duration::ZERO, before);
                while !over.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    get(connect(address, 200), "/health/live");
                    slowest = slowest.max(asked.elapsed());
                    most = most.max(memory_of(process));
                }
                (slowest, most)
            });
            // The watch ends even where the attack fails the test.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
            over.store(true, Ordering::Relaxed);
            let (slowest, most) = watch.join().unwrap();
            if let Err(failed) = outcome {
                std::panic::resume_unwind(failed);
            }
            let growth = (most - before) / 1024;
            println!("memory grew by {growth} KB, the slowest health check took {slowest:?}");
            assert!(growth <= MAX_GROWTH / 1024, "grew by {growth} KB");
            assert!(slowest <= MAX_HEALTH_LATENCY, "answered after {slowest:?}");
        });
    }

    /// Sends SIGTERM; its log, and how long it took to end.
    pub(super) fn stop(self) -> (String, Duration) {
        let asked = Instant::now();
        self.program.signal(Signal::SIGTERM);
        let (status, log) = self.program.end();
        assert_eq!(status.code(), Some(0), "{log}");
        (log, asked.elapsed())
    }
}

fn connect(address: SocketAddr, from: u8) -> TcpStream {
    connect_from(address, Ipv4Addr::new(127, 0, 0, from + 1))
}

fn connect_from(address: SocketAddr, from: Ipv4Addr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

/// The resident memory of a process.
fn memory_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

fn limited(files: usize, server: &str, folder: &TempDir) -> Command {
    let mut command = isolated("sh", folder);
    command
        .arg("-c")
        .arg(format!("ulimit -n {files} && exec {server}"));
    command
}

/// Polls until the condition holds.
#[track_caller]
pub(super) fn within(limit: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < limit, "not within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The whole answer to a GET, which is 200.
pub(super) fn get(socket: TcpStream, path: &str) -> Vec<u8> {
    let answer = answer(socket, path);
    let status = String::from_utf8_lossy(&answer[..12]).into_owned();
    assert_eq!(status, "HTTP/1.1 200", "{path}");
    answer
}

fn answer(mut socket: TcpStream, path: &str) -> Vec<u8> {
    socket.set_read_timeout(Some(EVENT_TIMEOUT)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    answer
}

/// Whether the server has ended the connection. Reads what it sent before.
pub(super) fn has_ended(socket: &mut TcpStream) -> bool {
    socket.set_nonblocking(true).unwrap();
    let mut bytes = [0; 4096];
    loop {
        match socket.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(_reset) => return true,
        }
    }
}
