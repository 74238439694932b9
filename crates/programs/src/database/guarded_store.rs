use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use abu_application::{
    platform::{
        ports::StoreError,
        readiness::{Readiness, ServingState},
    },
    store::{Reads, Statements, Store, Writes},
};
use abu_repository::{PgStore, PoolState};

/// Circuit breaker before the store. Requests fail fast while the database is unavailable, instead
/// of piling up.
pub struct GuardedStore {
    opened: OnceLock<PgStore>,
    readiness: Readiness,
    is_lost: AtomicBool,
}

impl GuardedStore {
    pub fn new(readiness: Readiness) -> Self {
        Self {
            opened: OnceLock::new(),
            readiness,
            is_lost: AtomicBool::new(false),
        }
    }

    /// Sets the store; later calls have no effect.
    pub fn open(&self, store: PgStore) {
        let _ = self.opened.set(store);
    }

    /// Refuses all work from now on, also of a server that drains: another server holds the
    /// database.
    pub fn lose(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    fn store(&self) -> Result<&PgStore, StoreError> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(unavailable("another server holds it"));
        }
        let away = match self.readiness.state() {
            ServingState::Starting => "it is being set up",
            ServingState::DatabaseAway => "it does not answer",
            // A draining server still stores accepted messages.
            ServingState::Ready | ServingState::DatabaseRefuses | ServingState::Draining => {
                return self
                    .opened
                    .get()
                    .ok_or_else(|| unavailable("it was never set up"));
            }
        };
        Err(unavailable(away))
    }
}

impl GuardedStore {
    /// `None` before the store is opened.
    pub fn pool(&self) -> Option<PoolState> {
        self.opened.get().map(PgStore::pool_state)
    }
}

impl Store for GuardedStore {
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Writes) -> bool,
    ) -> Result<(), StoreError> {
        self.store()?.run_transaction(work)
    }

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Reads)) -> Result<(), StoreError> {
        self.store()?.run_read(work)
    }

    fn run_autocommit(&self, work: &mut dyn FnMut(&mut dyn Statements)) -> Result<(), StoreError> {
        self.store()?.run_autocommit(work)
    }

    fn ping(&self) -> Result<(), StoreError> {
        self.store()?.ping()
    }
}

fn unavailable(reason: &'static str) -> StoreError {
    StoreError::Unavailable(reason.into())
}
