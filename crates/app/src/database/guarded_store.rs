use std::sync::OnceLock;

use abu_application::{
    platform::ports::StoreError,
    store::{Reads, Store, Writes},
};
use abu_repository::PgStore;

use abu_rest::readiness::{Readiness, ServingState};

/// The store as requests and the chat see it: there from the first moment, and quick to say that the
/// database is away. Waiting for connections that nobody can make would only pile requests up.
pub(crate) struct GuardedStore {
    opened: OnceLock<PgStore>,
    readiness: Readiness,
}

impl GuardedStore {
    /// Nothing is opened yet.
    pub(crate) fn new(readiness: Readiness) -> Self {
        Self {
            opened: OnceLock::new(),
            readiness,
        }
    }

    /// From now on the store is this one. Only the first call counts.
    pub(crate) fn open(&self, store: PgStore) {
        let _ = self.opened.set(store);
    }

    fn store(&self) -> Result<&PgStore, StoreError> {
        let away = match self.readiness.state() {
            ServingState::Starting => "it is being set up",
            ServingState::DatabaseAway => "it does not answer",
            // What was accepted is still stored while the server goes down.
            ServingState::Ready | ServingState::Draining => {
                return self
                    .opened
                    .get()
                    .ok_or_else(|| unavailable("it was never set up"));
            }
        };
        Err(unavailable(away))
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

    fn ping(&self) -> Result<(), StoreError> {
        self.store()?.ping()
    }
}

fn unavailable(reason: &'static str) -> StoreError {
    StoreError::Unavailable(reason.into())
}
