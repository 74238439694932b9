//! The test bed of a row: a private PostgreSQL, the server, verifying clients, and an observer.

use std::{
    fs,
    net::SocketAddr,
    ops::Range,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use abu_embedded_postgres::{Postgres, PostgresOptions};
use nix::sys::signal::Signal;
use postgres::{Client, Config, NoTls};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    FaultError,
    disk::Disk,
    endpoint::{Endpoint, Place},
    observer::{Observations, Observer},
    person::{Controls, Notes, Person, Standing},
    server_log::ServerLog,
    socket::Socket,
};
use crate::{
    community::{self, Community},
    database::Database,
    target::{LOG, Process, configure},
    tokens::{Signer, new_secret},
};

const ROOMS: u32 = 3;
/// Of each room: the members who chat.
const PEOPLE: u32 = 10;
/// Of each room: further members, as whom a row connects clients of its own.
const GUESTS: u32 = 4;
const COMMUNITY: Community = Community {
    rooms: ROOMS,
    members: PEOPLE + GUESTS,
};
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Of the log behind the server.
const LOG_TIMEOUT: Duration = Duration::from_secs(10);
const START_TIMEOUT: Duration = Duration::from_secs(60);
const LOOK_PERIOD: Duration = Duration::from_millis(50);
/// The writer answers within five seconds; a slow machine has twice as long.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Names the connections that are not the server's.
pub(super) const APPLICATION: &str = "abu-loadtest";
/// The field of the start line with the address of the metrics.
const METRICS: &str = " metrics=";

/// What a row changes of the bed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tuning {
    /// Settings of PostgreSQL.
    pub(super) postgres: &'static [(&'static str, &'static str)],
    /// Environment of the server.
    pub(super) server: &'static [(&'static str, &'static str)],
    /// The server's limit of open files.
    pub(super) files: Option<u32>,
    /// Characters of a message.
    pub(super) text_length: usize,
    /// PostgreSQL has a small disk of its own.
    pub(super) small_disk: bool,
}

pub(super) struct Bed {
    pub(super) controls: Arc<Controls>,
    people: Vec<JoinHandle<Notes>>,
    observer: Observer,
    pub(super) endpoint: Endpoint,
    pub(super) log: ServerLog,
    absences: Vec<Range<Instant>>,
    absent_since: Option<Instant>,
    launch: Launch,
    signer: Signer,
    options: PostgresOptions,
    // The fields drop in this order: the server, its database, the disk below it, the folder.
    server: Option<Process>,
    postgres: Postgres,
    pub(super) disk: Option<Disk>,
    _folder: TempDir,
}

/// How to start the server.
struct Launch {
    binary: PathBuf,
    data: PathBuf,
    database_url: String,
    secret: String,
    tuning: Tuning,
}

impl Launch {
    /// Starts the server, and waits until it is ready.
    fn start(&self, log: &ServerLog) -> Result<(Process, Place), FaultError> {
        let mut command = match self.tuning.files {
            Some(files) => {
                let mut command = Command::new("prlimit");
                command.arg(format!("--nofile={files}:{files}"));
                command.arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        configure(&mut command, &self.data, &self.secret);
        command
            .env("ABU__DATABASE__URL", &self.database_url)
            .env("ABU__METRICS__LISTEN", "127.0.0.1:0")
            .env_remove("ABU__LOG__FILTER")
            .env("ABU__AUTH__BCRYPT_COST", "4")
            .envs(self.tuning.server.iter().copied());
        let before = log.length();
        let (process, http) = Process::start(&mut command, &self.data)?;
        let place = Place {
            http,
            metrics: wait_for_metrics(log, before)?,
            pid: process.id(),
        };
        Ok((process, place))
    }
}

/// The server writes its log in the background, so the line may come after the banner.
fn wait_for_metrics(log: &ServerLog, offset: u64) -> Result<SocketAddr, FaultError> {
    let until = Instant::now() + LOG_TIMEOUT;
    while Instant::now() < until {
        if let Some(address) = metrics_address(&log.since(offset)?) {
            return Ok(address);
        }
        thread::sleep(LOOK_PERIOD);
    }
    Err(FaultError::NoMetrics)
}

fn metrics_address(log: &str) -> Option<SocketAddr> {
    let (_, address) = log.split_once(METRICS)?;
    address.split_whitespace().next()?.parse().ok()
}

impl Bed {
    /// Starts everything, and waits until each client has an acknowledged message. `None` where the row needs a
    /// disk that this user may not mount.
    pub(super) fn start(
        tuning: Tuning,
        server: &Path,
        scratch: &Path,
    ) -> Result<Option<Self>, FaultError> {
        fs::create_dir_all(scratch)?;
        let folder = TempDir::with_prefix_in("abu-faults-", scratch)?;
        // PostgreSQL may run as another user, who must be able to enter the folder.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let disk = match tuning.small_disk {
            true => match Disk::mount(folder.path().join("disk"))? {
                Some(disk) => Some(disk),
                None => return Ok(None),
            },
            false => None,
        };
        let home = disk.as_ref().map_or(folder.path(), Disk::path);
        let options = options(home, tuning);
        let postgres = Postgres::start(options.clone())?;
        let data = folder.path().join("server");
        fs::create_dir(&data)?;
        let log = ServerLog(data.join(LOG));
        let launch = Launch {
            binary: server.to_owned(),
            data,
            database_url: postgres.url(),
            secret: new_secret(),
            tuning,
        };
        let (process, place) = launch.start(&log)?;
        Database::connect(&launch.database_url)?.found(COMMUNITY)?;
        let endpoint = Endpoint::new(place);
        let mut bed = Self {
            controls: Arc::default(),
            people: Vec::new(),
            observer: Observer::start(&endpoint),
            endpoint,
            log,
            absences: Vec::new(),
            absent_since: None,
            signer: Signer::new(&launch.secret),
            launch,
            options,
            server: Some(process),
            postgres,
            disk,
            _folder: folder,
        };
        let begun = Instant::now();
        bed.start_people(tuning.text_length);
        match bed.wait(START_TIMEOUT, |bed| bed.all_chat_since(begun)) {
            true => Ok(Some(bed)),
            false => Err(FaultError::NoChat),
        }
    }

    fn start_people(&mut self, text_length: usize) {
        let places: Vec<_> = COMMUNITY.places(0..PEOPLE).collect();
        *self.controls.standings.lock() = vec![Standing::default(); places.len()];
        for (number, place) in places.into_iter().enumerate() {
            let person = Person {
                number,
                place,
                user: COMMUNITY.user(place),
                text_length,
                endpoint: self.endpoint.clone(),
                signer: self.signer.clone(),
                controls: Arc::clone(&self.controls),
            };
            self.people.push(thread::spawn(move || person.run()));
        }
    }

    fn all_chat_since(&self, since: Instant) -> bool {
        let standings = self.controls.standings.lock();
        let mut sent = standings.iter().map(|standing| standing.acknowledged);
        sent.all(|sent| sent.is_some_and(|sent| sent > since))
    }

    fn wait(&self, timeout: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let until = Instant::now() + timeout;
        while !holds(self) {
            if Instant::now() >= until {
                return false;
            }
            thread::sleep(LOOK_PERIOD);
        }
        true
    }

    /// Waits until the server is ready, and each client has a message acknowledged that it sent after `since`.
    pub(super) fn recovers(&self, since: Instant, timeout: Duration) -> bool {
        self.wait(timeout, |bed| {
            bed.observer.is_ready_since(since) && bed.all_chat_since(since)
        })
    }

    /// Ends the chat, and collects what clients and observer noted.
    pub(super) fn finish(mut self) -> (Vec<Notes>, Observations, Vec<Range<Instant>>) {
        self.controls.silent.store(true, Ordering::Relaxed);
        self.wait(ANSWER_TIMEOUT, |bed| {
            let standings = bed.controls.standings.lock();
            standings.iter().all(|standing| !standing.waits)
        });
        let seen = self.observer.finish();
        self.controls.over.store(true, Ordering::Relaxed);
        // A client that panicked has left a message, and no history: the verifier complains of it.
        let people = self.people.drain(..).map(|person| person.join());
        let notes = people.map(Result::unwrap_or_default).collect();
        (notes, seen, std::mem::take(&mut self.absences))
    }

    /// A connection to the database that is not the server's.
    pub(super) fn database(&self) -> Result<Client, FaultError> {
        let mut config: Config = self.launch.database_url.parse()?;
        Ok(config.application_name(APPLICATION).connect(NoTls)?)
    }

    pub(super) fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Restarts PostgreSQL after `change` of its stopped cluster.
    pub(super) fn restart_postgres(
        &mut self,
        change: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<(), FaultError> {
        self.postgres.stop(STOP_TIMEOUT)?;
        change(&self.postgres.data_dir().join("cluster"))?;
        self.postgres = Postgres::start(self.options.clone())?;
        Ok(())
    }

    pub(super) fn kill_server(&mut self) -> Result<(), FaultError> {
        self.absent_since = Some(Instant::now());
        match self.server.take() {
            Some(server) => Ok(server.kill()?),
            None => Ok(()),
        }
    }

    pub(super) fn start_server(&mut self) -> Result<(), FaultError> {
        let (process, place) = self.launch.start(&self.log)?;
        self.server = Some(process);
        self.endpoint.move_to(place);
        self.end_absence();
        Ok(())
    }

    pub(super) fn suspend_server(&mut self) {
        self.absent_since = Some(Instant::now());
        self.signal_server(Signal::SIGSTOP);
    }

    pub(super) fn resume_server(&mut self) {
        self.signal_server(Signal::SIGCONT);
        self.end_absence();
    }

    fn signal_server(&self, signal: Signal) {
        if let Some(server) = &self.server {
            server.signal(signal);
        }
    }

    fn end_absence(&mut self) {
        if let Some(since) = self.absent_since.take() {
            self.absences.push(since..Instant::now());
        }
    }

    /// One connection for each guest.
    pub(super) fn guests(&self, receive_buffer: Option<usize>) -> Result<Vec<Socket>, FaultError> {
        let places = COMMUNITY.places(PEOPLE..PEOPLE + GUESTS);
        let connect = |place| {
            let token = self.guest_token(place)?;
            Ok(Socket::connect(
                self.endpoint.http(),
                &token,
                receive_buffer,
            )?)
        };
        places.map(connect).collect()
    }

    fn guest_token(&self, place: community::Place) -> Result<String, FaultError> {
        Ok(self.signer.token(COMMUNITY.user(place))?)
    }

    /// What connects one guest again and again, also from another thread.
    pub(super) fn guest(&self) -> Result<Guest, FaultError> {
        let place = COMMUNITY.places(PEOPLE..PEOPLE + 1).next();
        let place = place.ok_or(FaultError::NoChat)?;
        Ok(Guest {
            endpoint: self.endpoint.clone(),
            token: self.guest_token(place)?,
            room: community::room_id(place.room),
        })
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // A stopped server could not end.
        self.signal_server(Signal::SIGCONT);
        self.controls.over.store(true, Ordering::Relaxed);
    }
}

pub(super) struct Guest {
    pub(super) endpoint: Endpoint,
    pub(super) room: Uuid,
    token: String,
}

impl Guest {
    pub(super) fn connect(&self) -> std::io::Result<Socket> {
        Socket::connect(self.endpoint.http(), &self.token, None)
    }
}

fn options(home: &Path, tuning: Tuning) -> PostgresOptions {
    // Without fsync commits survive the end of PostgreSQL, but not of the machine.
    let settings = [("fsync", "off")].iter().chain(tuning.postgres);
    settings.fold(
        PostgresOptions::durable(home.join("postgres")),
        |options, (name, value)| options.setting(*name, *value),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_metrics_is_read_from_the_log() {
        let log = "T INFO  abu_app::server: listening metrics=127.0.0.1:9464 workers=2\n";
        assert_eq!(metrics_address(log), "127.0.0.1:9464".parse().ok());
        assert_eq!(metrics_address("T INFO  abu_app::server: ready"), None);
    }
}
