//! Supervision of the database: prepare it with retries, then watch it.

use std::sync::{Arc, OnceLock};

use abu_application::{
    identity::{
        events::IdentityEvent,
        ports::{PasswordHasher, PasswordPolicy},
        sessions::EndedElsewhere,
        setup::Setup,
    },
    platform::{
        backoff::Backoff,
        ports::{Due, Publish},
        system::{SystemClock, SystemIds},
    },
};
use abu_mail::Wake;
use abu_repository::PgStore;
use abu_security::SecretStore;
use secrecy::SecretString;
use tokio::{sync::oneshot, task::spawn_blocking, time::sleep};

use super::{
    StartError,
    watch::{self, Watch},
};
use crate::{
    database::{self, GuardedStore, OwnPostgres, Preparation, PreparationError},
    settings::Settings,
};
use abu_rest::readiness::{Readiness, ServingState};

/// Prepares the database, then watches it until the shutdown.
pub(super) struct DatabaseSupervisor {
    pub(super) settings: Arc<Settings>,
    pub(super) readiness: Readiness,
    pub(super) store: Arc<GuardedStore>,
    pub(super) own_postgres: Arc<OnceLock<OwnPostgres>>,
    pub(super) secrets: SecretStore,
    pub(super) hasher: Arc<dyn PasswordHasher>,
    pub(super) identity_events: Arc<dyn Publish<IdentityEvent>>,
    pub(super) policy: Arc<dyn PasswordPolicy>,
    pub(super) mail: Wake,
}

impl DatabaseSupervisor {
    /// Sends the outcome of the preparation to `done`. Completes when the server drains.
    pub(super) async fn supervise(self, done: oneshot::Sender<Result<(), StartError>>) {
        // Must not be canceled: shutdown has to know a started PostgreSQL.
        let url = match self.url().await {
            Ok(url) => url,
            Err(error) => {
                // The receiver may be gone.
                let _ = done.send(Err(error));
                return;
            }
        };
        tokio::select! {
            () = self.readiness.reaches(ServingState::Draining) => {}
            () = self.set_up_and_watch(url, done) => {}
        }
    }

    async fn set_up_and_watch(
        &self,
        url: SecretString,
        done: oneshot::Sender<Result<(), StartError>>,
    ) {
        let set_up = self.set_up(url).await;
        let store = set_up.as_ref().ok().cloned();
        let _ = done.send(set_up.map(|_store| ()));
        if let Some(store) = store {
            let watch = Watch {
                store: Arc::new(store),
                own: Arc::clone(&self.own_postgres),
                events: Arc::clone(&self.identity_events),
                ended: EndedElsewhere::default(),
            };
            watch::watch_over(watch, &self.readiness).await;
        }
    }

    async fn set_up(&self, url: SecretString) -> Result<PgStore, StartError> {
        let mail = self.mail.clone();
        let readiness = self.readiness.clone();
        let pool_size = self.settings.database.pool_size;
        let store = database::open(url.clone(), pool_size, move || readiness.refused())
            .after_commit(move |due| match due {
                Due::Mail => mail.mail_is_due(),
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
        loop {
            let (preparation, own) = (Arc::clone(preparation), Arc::clone(&self.own_postgres));
            let tried = blocking(move || {
                watch::keep_running(own.get());
                preparation.run()
            });
            match tried.await? {
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
