//! The server, from its start to its stop.
//!
//! It listens before it has a database: health checks are answered from the first moment, everything
//! else with 503 until the database is there, migrated and set up.

mod banner;
mod error;
mod listener;
mod set_up;
mod signals;
mod watch;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use abu_application::platform::{
    ports::Ids,
    system::{SystemClock, SystemIds},
};
use abu_chat::ChatEngine;
use abu_mail::{MailWorker, Wake};
use abu_rest::readiness::{Readiness, ServingState};
use abu_security::{JwtTokens, SecretStore, StoredSecret};
use actix_web::dev::ServerHandle;
use futures_util::future::join4;
use tokio::{
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::{
    database::{GuardedStore, OwnPostgres},
    settings::Settings,
    wiring::{Services, Wiring},
};

pub use crate::database::PreparationError;
pub use error::StartError;
pub use signals::Received;

/// How long the server's own PostgreSQL may take to stop: a last checkpoint on a slow disk.
const POSTGRES_STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// A server that listens. Dropped without [`stop`](Self::stop) it goes on until its runtime ends.
pub struct RunningServer {
    address: SocketAddr,
    settings: Arc<Settings>,
    secrets: SecretStore,
    readiness: Readiness,
    chat: ChatEngine,
    mail: MailWorker,
    http: ServerHandle,
    listening: JoinHandle<io::Result<()>>,
    set_up: oneshot::Receiver<Result<(), StartError>>,
    /// Sets the database up, then watches over it.
    supervisor: JoinHandle<()>,
    own_postgres: Arc<OnceLock<OwnPostgres>>,
}

/// How a run ended that was not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was finished.
    Stopped,
    /// Somebody could not wait.
    Interrupted(Received),
}

/// Runs a server until a signal stops it: SIGTERM or SIGINT once for an orderly stop, twice to end at
/// once, for which the caller has to exit without further ado. Prints where to find it once it is ready.
pub async fn run(settings: Settings) -> Result<Ending, StartError> {
    let mut signals = signals::Signals::catch()?;
    let mut server = start(settings)?;
    tokio::select! {
        ready = server.ready() => {
            if let Err(error) = ready {
                server.stop().await;
                return Err(error);
            }
            banner::print(&server);
            tokio::select! {
                signal = signals.next() => log::info!("received {signal}, stopping"),
                error = server.listener_ended() => {
                    server.stop().await;
                    return Err(error);
                }
            }
        }
        signal = signals.next() => log::info!("received {signal} while starting, stopping"),
    }
    tokio::select! {
        () = server.stop() => Ok(Ending::Stopped),
        again = signals.next() => Ok(Ending::Interrupted(again)),
    }
}

/// Starts a server. When this returns it listens; [`RunningServer::ready`] tells when it serves.
///
/// To be called inside a Tokio or Actix runtime.
pub fn start(settings: Settings) -> Result<RunningServer, StartError> {
    let settings = Arc::new(settings);
    let secrets = SecretStore::new(&settings.data.dir);
    let readiness = Readiness::default();
    let store = Arc::new(GuardedStore::new(readiness.clone()));
    let Services {
        chat,
        identity_events,
        rest,
        hasher,
        password_policy,
        link_tokens,
    } = wire(&settings, &secrets, &readiness, Arc::clone(&store))?;
    let wake = Wake::default();
    let mail = abu_mail::start(
        &settings.mail,
        settings.data.mail_folder(),
        store.clone(),
        link_tokens,
        wake.clone(),
    )?;
    let listener = listener::listen(&settings, rest, chat.clone())?;
    let own_postgres = Arc::new(OnceLock::new());
    let supervisor = set_up::DatabaseSupervisor {
        settings: Arc::clone(&settings),
        readiness: readiness.clone(),
        store,
        own_postgres: Arc::clone(&own_postgres),
        secrets: secrets.clone(),
        hasher,
        identity_events,
        policy: password_policy,
        mail: wake,
    };
    let (done, set_up) = oneshot::channel();
    Ok(RunningServer {
        address: listener.address,
        http: listener.server.handle(),
        listening: tokio::spawn(listener.server),
        supervisor: tokio::spawn(supervisor.supervise(done)),
        settings,
        secrets,
        readiness,
        chat,
        mail,
        set_up,
        own_postgres,
    })
}

impl RunningServer {
    /// Where it listens: the real port, also where the system chose one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether requests are served.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Ends when the first request can be served. To be awaited once.
    ///
    /// # Errors
    /// [`StartError`] where trying again would not help.
    pub async fn ready(&mut self) -> Result<(), StartError> {
        match (&mut self.set_up).await {
            Ok(outcome) => outcome,
            Err(_panicked) => Err(StartError::Broken("setting the database up")),
        }
    }

    /// Stops in order: no new connections, chat sessions ended with 1001, running requests, accepted
    /// messages and the mail that is being sent finished within `server.shutdown_timeout`, and last the
    /// server's own PostgreSQL. What takes longer is left to end with the process.
    pub async fn stop(self) {
        self.readiness.set(ServingState::Draining);
        let limit = self.settings.server.shutdown_timeout;
        let mail = self.mail;
        let drained = join4(
            self.http.stop(true),
            self.chat.shut_down(limit),
            self.supervisor,
            spawn_blocking(move || mail.stop()),
        );
        if timeout(limit, drained).await.is_err() {
            log::warn!(
                "not everything was finished within {} s",
                limit.as_secs_f64()
            );
        }
        let own_postgres = Arc::clone(&self.own_postgres);
        // A panic in there has been reported, and there is nothing left to stop.
        let _ = spawn_blocking(move || stop_postgres(own_postgres.get())).await;
        log::info!("stopped");
    }

    /// Ends only if listening ends though nobody stopped it.
    async fn listener_ended(&mut self) -> StartError {
        match (&mut self.listening).await {
            Ok(Err(error)) => StartError::Threads(error),
            Ok(Ok(())) | Err(_) => StartError::Broken("listening"),
        }
    }
}

/// The configured secrets, or generated ones that are kept; then everything that requests need, on a store
/// that is not there yet.
fn wire(
    settings: &Settings,
    secrets: &SecretStore,
    readiness: &Readiness,
    store: Arc<GuardedStore>,
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
        JwtTokens::new(&secret, &auth.issuer, &auth.audience, auth.access_token_ttl);
    let wiring = Wiring {
        settings,
        secret,
        encryption_key,
        store,
        readiness: readiness.clone(),
        clock: Arc::new(SystemClock),
        ids,
        access_tokens: Arc::new(access_tokens),
    };
    wiring.wire().map_err(StartError::Threads)
}

fn stop_postgres(own: Option<&OwnPostgres>) {
    if let Some(Err(error)) = own.map(|own| own.stop(POSTGRES_STOP_TIMEOUT)) {
        log::warn!("{error}");
    }
}
