//! The server under test: the product with its own database, or a baseline server. A drop stops its processes.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::Serialize;
use tempfile::TempDir;

use crate::{
    community::{Community, Place},
    connection::upgrade_request,
    database::Database,
    tokens::{ISSUER, Signer, new_secret},
    usage::{self, Usage},
};

/// Generous, because each start runs `initdb`, which is slow on a busy disk.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// The prefix of the line with a server's address.
const LISTENS: &str = "listens on";
/// The server's log file, in its data folder.
pub(crate) const LOG: &str = "server.log";
/// The number of log lines in the error of a server that ended.
const LAST_LINES: usize = 10;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The product.
    Server,
    /// actix-ws, each member's session handed the text, no accounts, no database.
    FloorA,
    /// Plain sockets, a frame encoded once and written along with all that waits.
    FloorB,
}

impl Kind {
    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::FloorA => "floor-a",
            Self::FloorB => "floor-b",
        }
    }
}

/// Why there is no server under test.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("the server did not say where it listens; it said: {0}")]
    Silent(String),
    #[error("the server's database: {0}")]
    Database(#[from] postgres::Error),
    #[error("commits of the server's database do not wait for the disk")]
    NotDurable,
    #[error("a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("the server ended with {status}; the last it said: {said}")]
    Ended { status: ExitStatus, said: String },
    #[error("the server's process: {0}")]
    Process(io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) database: Option<Database>,
    pub(crate) postgres_version: Option<String>,
    community: Community,
    signer: Signer,
    postmaster: Option<u32>,
    // The fields drop in this order: the process ends before its folder goes.
    process: Process,
    data: TempDir,
}

/// What the server and its database have used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetUsage {
    pub(crate) server: Usage,
    pub(crate) postgres: Usage,
}

impl Target {
    /// Starts a server and seeds it with `community`. `binary` is the product's; `scratch` holds the data.
    pub(crate) fn start(
        kind: Kind,
        community: Community,
        binary: &Path,
        scratch: &Path,
    ) -> Result<Self, TargetError> {
        fs::create_dir_all(scratch)?;
        let data = TempDir::with_prefix_in("abu-loadtest-", scratch)?;
        let secret = new_secret();
        let (process, address) = match kind {
            Kind::Server => {
                let mut command = Command::new(binary);
                configure(&mut command, data.path(), &secret);
                Process::start(&mut command, data.path())?
            }
            floor => Process::start(
                Command::new(env::current_exe()?).arg(floor.name()),
                data.path(),
            )?,
        };
        let mut target = Self {
            kind,
            address,
            database: None,
            postgres_version: None,
            community,
            signer: Signer::new(&secret),
            postmaster: None,
            process,
            data,
        };
        if kind == Kind::Server {
            target.opendatabase()?;
        }
        Ok(target)
    }

    fn opendatabase(&mut self) -> Result<(), TargetError> {
        let folder = self.data.path();
        let url = fs::read_to_string(folder.join("postgres.url"))?;
        let mut database = Database::connect(&url)?;
        let (version, durable) = database.describe()?;
        if !durable {
            return Err(TargetError::NotDurable);
        }
        database.found(self.community)?;
        self.postmaster = usage::postmaster(folder);
        self.postgres_version = Some(version);
        self.database = Some(database);
        Ok(())
    }

    pub(crate) fn handshake(&self, place: Place) -> Result<Vec<u8>, TargetError> {
        let user = self.community.user(place);
        let path = match self.kind {
            Kind::Server => format!("/chat?token={}", self.signer.token(user)?),
            Kind::FloorA | Kind::FloorB => format!("/chat?room={}&user={user}", place.room),
        };
        Ok(upgrade_request(self.address, &path))
    }

    /// An access token of the user with this number.
    pub(crate) fn token(&self, user: u32) -> Result<String, TargetError> {
        Ok(self.signer.token(user)?)
    }

    pub(crate) fn usage(&mut self) -> Result<TargetUsage, TargetError> {
        self.process.expect_to_run(self.data.path())?;
        let server = usage::of_process(self.process.0.id()).map_err(TargetError::Process)?;
        let postgres = self.postmaster.map(usage::of_family).transpose();
        Ok(TargetUsage {
            server,
            postgres: postgres.map_err(TargetError::Process)?.unwrap_or_default(),
        })
    }
}

/// The product with default settings, but without rate limits: one generator stands for thousands of users.
pub(crate) fn configure(command: &mut Command, data: &Path, secret: &str) {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("ABU_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(data) // away from any .env and config
        .env("ABU_ENV", "development")
        .env("ABU__DATA__DIR", data)
        .env("ABU__SERVER__HOST", "127.0.0.1")
        .env("ABU__SERVER__PORT", "0")
        .env("ABU__RATE_LIMITS__ENABLED", "false")
        .env("ABU__AUTH__JWT_SECRET", secret)
        .env("ABU__AUTH__ISSUER", ISSUER)
        .env("ABU__AUTH__AUDIENCE", ISSUER)
        .env("ABU__LOG__FILTER", "warn")
        .env_remove("RUST_LOG");
}

/// A child process; a drop stops it.
pub(crate) struct Process(Child);

impl Process {
    /// Starts the process, and waits until it prints its address. Appends its log to the one in `folder`.
    pub(crate) fn start(
        command: &mut Command,
        folder: &Path,
    ) -> Result<(Self, SocketAddr), TargetError> {
        let log = folder.join(LOG);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(OpenOptions::new().create(true).append(true).open(&log)?)
            // Ctrl-C must reach only the generator, which then stops its servers.
            .process_group(0)
            .spawn();
        let mut process = child.map(Self).map_err(|source| TargetError::Start {
            program: command.get_program().into(),
            source,
        })?;
        let found = process.address();
        let address = found
            .ok_or_else(|| TargetError::Silent(fs::read_to_string(&log).unwrap_or_default()))?;
        Ok((process, address))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The process may have ended already.
        let _ = kill(Pid::from_raw(self.0.id() as i32), signal);
    }

    /// Ends the process without a chance to clean up.
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    fn expect_to_run(&mut self, folder: &Path) -> Result<(), TargetError> {
        let Some(status) = self.0.try_wait().map_err(TargetError::Process)? else {
            return Ok(());
        };
        let log = fs::read_to_string(folder.join(LOG)).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let said = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        Err(TargetError::Ended { status, said })
    }

    fn address(&mut self) -> Option<SocketAddr> {
        let lines = BufReader::new(self.0.stdout.take()?).lines();
        let (found, address) = mpsc::channel();
        // Reads to the end: a full pipe would block the server.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(text) = line.trim_start().strip_prefix(LISTENS)
                    && let Ok(address) = text.trim().parse()
                {
                    // The receiver takes only the first address.
                    let _ = found.send(address);
                }
            }
        });
        address.recv_timeout(START_TIMEOUT).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::SIGTERM);
        let until = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < until {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The line with a baseline's address, in the format of the product's banner.
pub(crate) fn listens_on(address: SocketAddr) -> String {
    format!("{LISTENS} {address}")
}
