//! From a server that listens to one that serves: gets at the database, however long that takes.

use std::sync::{Arc, OnceLock};

use abu_application::{
    ports::PasswordHasher,
    setup::Setup,
    system::{SystemClock, SystemIds},
};
use abu_repository::PgStore;
use secrecy::SecretString;
use tokio::{sync::oneshot, task::spawn_blocking, time::sleep};

use super::{StartError, watch};
use crate::{
    backoff::Backoff,
    database::{self, GuardedStore, OwnPostgres, Preparation, PreparationError},
    kept_secrets::KeptSecrets,
    readiness::{Readiness, ServingState},
    settings::Settings,
};

/// Sets the database up, then watches over it for as long as the server runs.
pub(super) struct Keeper {
    pub(super) settings: Arc<Settings>,
    pub(super) readiness: Readiness,
    pub(super) store: Arc<GuardedStore>,
    pub(super) own_postgres: Arc<OnceLock<OwnPostgres>>,
    pub(super) secrets: KeptSecrets,
    pub(super) hasher: Arc<dyn PasswordHasher>,
}

impl Keeper {
    /// Tells `done` how setting up went.
    pub(super) async fn keep(self, done: oneshot::Sender<Result<(), StartError>>) {
        let store = match self.set_up().await {
            Ok(store) => store,
            Err(error) => {
                // Nobody waits any more where the server is stopping.
                let _ = done.send(Err(error));
                return;
            }
        };
        let _ = done.send(Ok(()));
        watch::watch_over(Arc::new(store), self.own_postgres, &self.readiness).await;
    }

    async fn set_up(&self) -> Result<PgStore, StartError> {
        let url = self.url().await?;
        let store = database::open(url.clone(), self.settings.database.pool_size);
        let preparation = Arc::new(Preparation {
            settings: Arc::clone(&self.settings),
            url,
            setup: Setup {
                store: Arc::new(store.clone()),
                hasher: Arc::clone(&self.hasher),
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

    /// Where the database is, which may take starting it.
    async fn url(&self) -> Result<SecretString, StartError> {
        if let Some(configured) = &self.settings.database.url {
            return Ok(configured.clone());
        }
        let data_dir = self.settings.data.dir.clone();
        let own = blocking(move || OwnPostgres::start(&data_dir)).await??;
        Ok(self.own_postgres.get_or_init(|| own).url())
    }

    /// Tries until it works, or can never work.
    async fn prepare(&self, preparation: &Arc<Preparation>) -> Result<(), StartError> {
        let mut backoff = Backoff::new();
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
        let wait = backoff.next();
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
