//! The one door from async code to the store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    platform::{
        blocking::{BlockingError, BlockingPool},
        ports::StoreError,
    },
    store::{Reads, Store, Writes},
};

/// Longer than any use case takes. A database that is frozen, not gone, ends no statement by itself.
const DEADLINE: Duration = Duration::from_secs(15);

/// The store behind a blocking pool. The pool has as many places as the store has connections, so no
/// thread blocks on a connection.
#[derive(Clone)]
pub struct Database {
    store: Arc<dyn Store>,
    pool: BlockingPool,
}

impl Database {
    /// The store, asked from the pool's places.
    pub fn new(store: Arc<dyn Store>, pool: BlockingPool) -> Self {
        Self { store, pool }
    }

    /// The store itself, for threads that may block.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Runs `work`, which may use the store more than once and do what must follow a commit.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure; [`StoreError::CommitInDoubt`] where the database did
    /// not answer in time.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let asked = Instant::now();
        let work = move || {
            metrics::histogram!("abu_database_wait_seconds").record(asked.elapsed());
            work(&*store)
        };
        match self.pool.run_within(DEADLINE, work).await {
            Ok(result) => result,
            Err(late @ BlockingError::Late) => Err(StoreError::CommitInDoubt(late.into()).into()),
            Err(busy @ BlockingError::Busy) => Err(StoreError::Unavailable(busy.into()).into()),
            Err(failed @ BlockingError::Failed) => Err(StoreError::Other(failed.into()).into()),
        }
    }

    /// Runs `work` in a transaction, committed if and only if it succeeds.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub async fn transaction<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(move |store| store.transaction(work)).await
    }

    /// Runs `work`, which only reads, without a transaction: each statement sees its own moment.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Reads) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(move |store| store.read(work)).await
    }
}
