//! Supervision of the database: prepare it with retries, then watch it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use abu_application::{
    identity::{
        events::IdentityEvent,
        ports::{PasswordHasher, PasswordPolicy},
        sessions::EndedElsewhere,
        setup::Setup,
    },
    platform::{
        backoff::Backoff,
        jobs::JobWakes,
        ports::{Due, Publish},
        readiness::{Readiness, ServingState},
        system::{SystemClock, SystemIds},
        wake::Wake,
    },
};
use abu_repository::{
    PgStore,
    server_lock::{ServerLock, ServerLockError},
};
use abu_security::SecretStore;
use abu_settings::Settings;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::{sync::oneshot, task::spawn_blocking, time::sleep};

use super::{
    StartError, backfills,
    hourly::Hourly,
    watch::{self, Watch},
};
use abu_programs::database::{self, GuardedStore, OwnPostgres, Preparation, PreparationError};

/// Polling interval while another server holds the database.
const LOCK_PAUSE: Duration = Duration::from_millis(500);

/// Prepares the database, then watches it until the shutdown.
pub(super) struct DatabaseSupervisor {
    pub(super) settings: Arc<Settings>,
    pub(super) readiness: Readiness,
    pub(super) store: Arc<GuardedStore>,
    pub(super) searches: Arc<GuardedStore>,
    pub(super) own_postgres: Arc<OnceLock<OwnPostgres>>,
    pub(super) secrets: SecretStore,
    pub(super) hasher: Arc<dyn PasswordHasher>,
    pub(super) identity_events: Arc<dyn Publish<IdentityEvent>>,
    pub(super) policy: Arc<dyn PasswordPolicy>,
    pub(super) mail: Wake,
    pub(super) jobs: JobWakes,
    pub(super) hourly: Hourly,
    pub(super) lock: SharedLock,
    /// Receives why the server cannot go on.
    pub(super) lost: oneshot::Sender<StartError>,
}

/// Filled once the database's URL is known.
pub(super) type SharedLock = Arc<Mutex<Option<ServerLock>>>;

impl DatabaseSupervisor {
    /// Sends the outcome of the preparation to `done`. Completes after a message on `end`, or when the
    /// server loses the database to another server.
    pub(super) async fn supervise(
        self,
        done: oneshot::Sender<Result<(), StartError>>,
        end: oneshot::Receiver<()>,
    ) {
        // Must not be canceled: shutdown has to know a started PostgreSQL.
        let url = match self.url().await {
            Ok(url) => url,
            Err(error) => {
                // The receiver may be gone.
                let _ = done.send(Err(error));
                return;
            }
        };
        let lock = ServerLock::new(url.clone(), database::server_name(&SystemIds));
        *self.lock.lock() = Some(lock);
        let lost = tokio::select! {
            // A server that is dropped without a stop runs on.
            Ok(()) = end => None,
            lost = self.set_up_and_watch(url, done) => lost,
        };
        if let Some(error) = lost {
            self.store.lose();
            self.searches.lose();
            log::error!("the server stops: {error}");
            let _ = self.lost.send(PreparationError::from(error).into());
        }
    }

    /// Why the database was lost after the preparation, if that succeeded.
    async fn set_up_and_watch(
        &self,
        url: SecretString,
        done: oneshot::Sender<Result<(), StartError>>,
    ) -> Option<ServerLockError> {
        let set_up = self.set_up(url.clone()).await;
        let store = set_up.as_ref().ok().cloned();
        let _ = done.send(set_up.map(|_store| ()));
        let watch = Watch {
            store: Arc::new(store?),
            lock: Arc::clone(&self.lock),
            own: Arc::clone(&self.own_postgres),
            events: Arc::clone(&self.identity_events),
            ended: EndedElsewhere::default(),
            hourly: self.hourly.clone(),
        };
        tokio::spawn(backfills::repeat(url, self.readiness.clone()));
        Some(watch::watch_over(watch, &self.readiness).await)
    }

    async fn set_up(&self, url: SecretString) -> Result<PgStore, StartError> {
        let (mail, jobs) = (self.mail.clone(), self.jobs.clone());
        let workers = self.settings.jobs.workers;
        let readiness = self.readiness.clone();
        let pool_size = self.settings.database.pool_size;
        let store = database::open(url.clone(), pool_size, workers, move || readiness.refused())
            .after_commit(move |due| match due {
                Due::Mail => mail.work_is_due(),
                Due::Jobs => jobs.job_is_due(),
            });
        let readiness = self.readiness.clone();
        let searches =
            database::open_for_searches(url.clone(), &self.settings.directory, move || {
                readiness.refused();
            });
        let preparation = Arc::new(Preparation {
            settings: Arc::clone(&self.settings),
            url,
            setup: Setup {
                store: Arc::new(store.clone()),
                hasher: Arc::clone(&self.hasher),
                policy: Arc::clone(&self.policy),
                clock: Arc::new(SystemClock),
                ids: Arc::new(SystemIds),
            },
            secrets: self.secrets.clone(),
        });
        self.prepare(&preparation).await?;
        self.searches.open(searches);
        self.store.open(store.clone());
        self.readiness.set(ServingState::Ready);
        log::info!("ready");
        Ok(store)
    }

    /// The database's URL; starts the private PostgreSQL if needed.
    async fn url(&self) -> Result<SecretString, StartError> {
        if let Some(configured) = &self.settings.database.url {
            return Ok(configured.clone());
        }
        let data_dir = self.settings.data.dir.clone();
        let own = blocking(move || OwnPostgres::start(&data_dir)).await??;
        Ok(self.own_postgres.get_or_init(|| own).url())
    }

    /// Retries with back-off until success or a permanent error.
    async fn prepare(&self, preparation: &Arc<Preparation>) -> Result<(), StartError> {
        let mut backoff = Backoff::default();
        let mut is_waiting_for_lock = false;
        loop {
            let (preparation, own) = (Arc::clone(preparation), Arc::clone(&self.own_postgres));
            let lock = Arc::clone(&self.lock);
            let tried = blocking(move || {
                watch::keep_running(own.get());
                // Before the migrations: they are no business of a second server.
                watch::hold(&lock)?;
                preparation.run()
            });
            match tried.await? {
                Err(PreparationError::ServerLock(ServerLockError::Busy(holder))) => {
                    if !std::mem::replace(&mut is_waiting_for_lock, true) {
                        log::info!("waiting for the server that held the database: {holder}");
                    }
                    sleep(LOCK_PAUSE).await;
                }
                Err(error) if error.may_pass() => self.wait(error, &mut backoff).await,
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn wait(&self, error: PreparationError, backoff: &mut Backoff) {
        let wait = backoff.next_wait();
        log::warn!(
            seconds:% = format_args!("{:.1}", wait.as_secs_f64());
            "waiting for the database: {error}"
        );
        sleep(wait).await;
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StartError> {
    spawn_blocking(work)
        .await
        .map_err(|_panicked| StartError::Broken("setting the database up"))
}
