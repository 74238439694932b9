//! Life cycle of the server: start, readiness, and graceful shutdown.
//!
//! It listens before it has a database. Health checks get responses at once; other requests get 503
//! until the database is migrated and seeded.

mod backfills;
mod banner;
mod drain;
mod error;
mod hourly;
mod listener;
mod reload;
mod set_up;
mod signals;
mod start_line;
mod watch;

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use abu_application::{
    alumni::imports::Imports,
    identity::ports::PasswordHasher,
    platform::{
        jobs::{JobRunner, JobTimes, JobWakes, JobWorkers, begin_counters},
        ports::Ids,
        readiness::Readiness,
        system::{SystemClock, SystemIds},
        wake::Wake,
    },
};
use abu_chat::ChatEngine;
use abu_connections::Connections;
use abu_demo::Demo;
use abu_logging::LogHandle;
use abu_mail::MailWorker;
use abu_security::{JwtTokens, SecretStore, StoredSecret};
use abu_settings::Settings;
use actix_web::dev::ServerHandle;
use tokio::{
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
};

use abu_programs::{
    database::{GuardedStore, OwnPostgres},
    synthetic,
};

use crate::{
    metrics::{self, Samples},
    wiring::{Services, Wiring},
};

use hourly::Hourly;
use set_up::SharedLock;

pub use abu_programs::database::PreparationError;
pub use error::StartError;
pub use signals::Received;

/// Of the demonstration's graduates.
const DEMO_SEED: u64 = 1;
/// Allows for a last checkpoint on a slow disk.
const POSTGRES_STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Allows for a heartbeat that is under way.
const LOCK_RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// A listening server. Dropped without [`stop`](Self::stop), it runs until its runtime ends.
pub struct RunningServer {
    address: SocketAddr,
    metrics: Option<(SocketAddr, ServerHandle)>,
    settings: Arc<Settings>,
    secrets: SecretStore,
    store: Arc<GuardedStore>,
    hasher: Arc<dyn PasswordHasher>,
    imports: Imports,
    readiness: Readiness,
    chat: ChatEngine,
    mail: MailWorker,
    jobs: JobWorkers,
    http: ServerHandle,
    connections: Connections,
    listening: JoinHandle<std::io::Result<()>>,
    set_up: oneshot::Receiver<Result<(), StartError>>,
    /// Prepares the database, then watches it.
    supervisor: JoinHandle<()>,
    own_postgres: Arc<OnceLock<OwnPostgres>>,
    lock: SharedLock,
    end_of_watch: oneshot::Sender<()>,
    /// Receives why the server cannot go on.
    lost: oneshot::Receiver<StartError>,
}

/// How a run ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Graceful shutdown.
    Stopped,
    /// Graceful shutdown whose deadline passed before everything was finished.
    WorkLeft,
    /// A second signal cut the shutdown short.
    Interrupted(Received),
}

/// Runs a server until a signal starts a graceful shutdown. A second one ends it at once; the caller
/// must then exit without cleanup. Prints the banner once it is ready.
pub async fn run(settings: Settings, demo: bool, log: LogHandle) -> Result<Ending, StartError> {
    let (mut signals, hangups) = signals::Signals::catch()?;
    tokio::spawn(reload::on_hangup(hangups, log));
    let mut server = start(settings)?;
    let failure = tokio::select! {
        error = server.serve(demo) => Some(error),
        signal = signals.next() => {
            log::info!("received {signal}, stopping");
            None
        }
    };
    let stopping = async {
        match failure {
            None => Ok(server.stop().await),
            Some(error) => {
                server.stop_at_once().await;
                Err(error)
            }
        }
    };
    tokio::select! {
        ending = stopping => ending,
        again = signals.next() => Ok(Ending::Interrupted(again)),
    }
}

/// Starts a server, which listens on return; [`RunningServer::ready`] completes when it serves
/// requests.
///
/// Call it inside a Tokio or Actix runtime.
pub fn start(settings: Settings) -> Result<RunningServer, StartError> {
    let settings = Arc::new(settings);
    // What fails most often comes first, before any thread.
    let socket = listener::bind(&settings)?;
    let metrics_socket = settings
        .metrics
        .listen
        .map(listener::bind_for_metrics)
        .transpose()?;
    let recorder = match metrics_socket {
        Some(_) => Some(metrics::install()?),
        None => None,
    };
    let secrets = SecretStore::new(&settings.data.dir);
    let readiness = Readiness::default();
    let store = Arc::new(GuardedStore::new(readiness.clone()));
    let searches = Arc::new(GuardedStore::new(readiness.clone()));
    let Services {
        chat,
        messaging,
        identity_events,
        rest,
        hasher,
        password_policy,
        link_tokens,
        claim_codes,
        head_sealer,
        log_in_failures,
        job_handlers,
        imports,
    } = wire(
        &settings,
        &secrets,
        &readiness,
        (Arc::clone(&store), Arc::clone(&searches)),
    )?;
    let wake = Wake::default();
    let mail = abu_mail::start(
        &settings.mail,
        settings.data.mail_folder(),
        store.clone(),
        link_tokens,
        claim_codes,
        wake.clone(),
    )?;
    begin_counters(&job_handlers);
    let job_wakes = JobWakes::new(settings.jobs.workers);
    let jobs = JobWorkers::start(JobRunner {
        store: store.clone(),
        ids: Arc::new(SystemIds),
        handlers: job_handlers,
        wakes: job_wakes.clone(),
        poll_interval: settings.jobs.poll_interval,
        times: JobTimes::default(),
    })
    .map_err(StartError::Threads)?;
    let own_postgres = Arc::new(OnceLock::new());
    let samples = Samples::new(
        readiness.clone(),
        messaging,
        Arc::clone(&store),
        Arc::clone(&own_postgres),
    );
    let listener = listener::prepare(&settings, socket, rest, chat.clone())?;
    let metrics = metrics_socket
        .zip(recorder)
        .map(|(socket, recorder)| metrics::listen(socket, recorder, samples))
        .transpose()
        .map_err(StartError::Threads)?;
    // From here on nothing fails.
    start_line::log(
        &settings,
        &listener,
        metrics.as_ref().map(|(address, _server)| *address),
    );
    let server = listener.builder.run();
    tokio::spawn(listener.connections.clone().enforce());
    let lock = SharedLock::default();
    let (tell_lost, lost) = oneshot::channel();
    let (end_of_watch, watch_ends) = oneshot::channel();
    let supervisor = set_up::DatabaseSupervisor {
        settings: Arc::clone(&settings),
        readiness: readiness.clone(),
        store: Arc::clone(&store),
        searches,
        own_postgres: Arc::clone(&own_postgres),
        secrets: secrets.clone(),
        hasher: Arc::clone(&hasher),
        identity_events,
        policy: password_policy,
        mail: wake,
        jobs: job_wakes,
        hourly: Hourly::new(head_sealer, log_in_failures),
        lock: Arc::clone(&lock),
        lost: tell_lost,
    };
    let (done, set_up) = oneshot::channel();
    let metrics = metrics.map(|(address, server)| {
        let handle = server.handle();
        tokio::spawn(server);
        (address, handle)
    });
    Ok(RunningServer {
        metrics,
        store,
        hasher,
        imports,
        address: listener.address,
        http: server.handle(),
        connections: listener.connections,
        listening: tokio::spawn(server),
        supervisor: tokio::spawn(supervisor.supervise(done, watch_ends)),
        end_of_watch,
        settings,
        secrets,
        readiness,
        chat,
        mail,
        jobs,
        set_up,
        own_postgres,
        lock,
        lost,
    })
}

impl RunningServer {
    /// Serves until it cannot go on, and returns why.
    async fn serve(&mut self, demo: bool) -> StartError {
        if let Err(error) = self.ready().await {
            return error;
        }
        if demo && let Err(error) = self.fill_with_demo().await {
            return error;
        }
        banner::print(self, demo);
        self.cannot_go_on().await
    }

    /// The real port, even if the system chose it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(address, _handle)| *address)
    }

    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Completes when the server can serve requests. Await it once. Fails if a retry would not
    /// help.
    pub async fn ready(&mut self) -> Result<(), StartError> {
        match (&mut self.set_up).await {
            Ok(outcome) => outcome,
            Err(_panicked) => Err(StartError::Broken("setting the database up")),
        }
    }

    /// Fills the database with people and conversations to look at, once.
    pub async fn fill_with_demo(&self) -> Result<(), StartError> {
        let demo = Demo {
            store: self.store.clone(),
            hasher: Arc::clone(&self.hasher),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            imports: self.imports.clone(),
            generator: synthetic::generator(DEMO_SEED).map_err(StartError::Synthetic)?,
        };
        spawn_blocking(move || demo.fill())
            .await
            .map_err(|_panicked| StartError::Broken("filling the database"))?
            .map_err(StartError::Demo)
    }

    /// Completes if the listener ends without [`stop`](Self::stop), or if another server took the
    /// database.
    async fn cannot_go_on(&mut self) -> StartError {
        tokio::select! {
            ended = &mut self.listening => match ended {
                Ok(Err(error)) => StartError::Threads(error),
                Ok(Ok(())) | Err(_) => StartError::Broken("listening"),
            },
            lost = &mut self.lost => match lost {
                Ok(error) => error,
                Err(_panicked) => StartError::Broken("the watch over the database"),
            },
        }
    }
}

/// Resolves configured or generated secrets and wires all services on two stores that open later, the second for
/// searches.
fn wire(
    settings: &Settings,
    secrets: &SecretStore,
    readiness: &Readiness,
    (store, searches): (Arc<GuardedStore>, Arc<GuardedStore>),
) -> Result<Services, StartError> {
    let ids: Arc<dyn Ids> = Arc::new(SystemIds);
    let auth = &settings.auth;
    let secret = match &auth.jwt_secret {
        Some(configured) => configured.clone(),
        None => secrets.get_or_make(StoredSecret::JwtSecret, &*ids)?,
    };
    let encryption_key = match &auth.encryption_key {
        Some(configured) => configured.clone(),
        None => secrets.get_or_make(StoredSecret::EncryptionKey, &*ids)?,
    };
    let access_tokens =
        JwtTokens::new(&secret, &auth.issuer, &auth.audience, auth.access_token_ttl)
            .accepting(auth.previous_jwt_secret.as_ref());
    let wiring = Wiring {
        settings,
        secret,
        encryption_key,
        store,
        searches,
        readiness: readiness.clone(),
        clock: Arc::new(SystemClock),
        ids,
        access_tokens: Arc::new(access_tokens),
    };
    wiring.wire().map_err(StartError::Threads)
}

/// A server that starts next need not wait. A hanging connection keeps the lock until the process
/// ends.
fn release(lock: &SharedLock) {
    if let Some(mut lock) = lock.try_lock_for(LOCK_RELEASE_TIMEOUT) {
        *lock = None;
    }
}

fn stop_postgres(own: Option<&OwnPostgres>) {
    if let Some(Err(error)) = own.map(|own| own.stop(POSTGRES_STOP_TIMEOUT)) {
        log::warn!("{error}");
    }
}
