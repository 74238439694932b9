//! Health watch over the database: readiness, and restarts of the private PostgreSQL.
//!
//! It also closes chat connections of sessions that other processes ended.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use abu_application::{
    identity::{events::IdentityEvent, sessions::EndedElsewhere},
    platform::{
        error_chain::{error_chain, log_failure},
        ports::{Clock, Publish, StoreError},
        readiness::{Readiness, ServingState},
        system::SystemClock,
    },
    store::Store,
};
use abu_repository::server_lock::ServerLockError;
use parking_lot::Mutex;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::{sleep, timeout},
};

use super::{hourly::Hourly, set_up::SharedLock};
use abu_programs::database::OwnPostgres;

const INTERVAL: Duration = Duration::from_secs(1);
/// A slower response counts as an outage.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

pub(super) struct Watch {
    pub(super) store: Arc<dyn Store>,
    pub(super) lock: SharedLock,
    pub(super) own: Arc<OnceLock<OwnPostgres>>,
    pub(super) events: Arc<dyn Publish<IdentityEvent>>,
    pub(super) ended: EndedElsewhere,
    pub(super) hourly: Hourly,
}

impl Watch {
    /// One check. Blocks. Without the lock the database counts as unavailable, so nothing is
    /// written.
    fn look(&mut self) -> Result<(), LookError> {
        keep_running(self.own.get());
        hold(&self.lock)?;
        self.store.ping()?;
        self.hourly.write_if_due(&*self.store, Instant::now());
        let now = SystemClock.now();
        match self.ended.look(&*self.store, &*self.events, now) {
            Err(error @ StoreError::Unavailable(_)) => Err(error.into()),
            Err(error) => {
                log_failure("seeing the sessions that ended", &error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Lock(#[from] ServerLockError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Completes only if another server holds the database.
pub(super) async fn watch_over(watch: Watch, readiness: &Readiness) -> ServerLockError {
    let watch = Arc::new(Mutex::new(watch));
    let mut report = Report {
        readiness,
        last_problem: None,
    };
    loop {
        sleep(INTERVAL).await;
        let watch = Arc::clone(&watch);
        let mut look = spawn_blocking(move || watch.lock().look());
        // One check at a time: the next starts after this one, however long it takes.
        let looked = loop {
            match timeout(LONGEST_LOOK, &mut look).await {
                Ok(looked) => break looked,
                Err(_elapsed) => report.away("it takes too long to answer".to_owned()),
            }
        };
        match looked {
            Ok(Ok(())) => report.answers(),
            Ok(Err(LookError::Lock(held @ ServerLockError::Held(_)))) => return held,
            Ok(Err(error)) => report.away(error_chain(&error)),
            Err(panicked) => report.away(JoinError::to_string(&panicked)),
        }
    }
}

/// Takes the server's lock, or shows that this server holds it. Blocks.
pub(super) fn hold(lock: &SharedLock) -> Result<(), ServerLockError> {
    match &mut *lock.lock() {
        Some(lock) => lock.hold(),
        // Released by the shutdown, which this check outlived.
        None => Err(ServerLockError::Unavailable("the server stops".into())),
    }
}

/// Restarts the private PostgreSQL if it has ended. Blocks only then.
pub(super) fn keep_running(own: Option<&OwnPostgres>) {
    if let Some(Err(error)) = own.map(OwnPostgres::ensure_running) {
        log::error!("the database could not be started again: {error}");
    }
}

/// Logs changes of state once.
struct Report<'a> {
    readiness: &'a Readiness,
    last_problem: Option<String>,
}

impl Report<'_> {
    fn answers(&mut self) {
        self.last_problem = None;
        match self.readiness.set(ServingState::Ready) {
            ServingState::DatabaseAway => log::info!("the database answers again"),
            ServingState::DatabaseRefuses => log::info!("the database takes connections again"),
            _ => {}
        }
    }

    fn away(&mut self, problem: String) {
        self.readiness.set(ServingState::DatabaseAway);
        if self.last_problem.as_ref() != Some(&problem) {
            log::warn!("the database does not answer: {problem}");
            self.last_problem = Some(problem);
        }
    }
}
