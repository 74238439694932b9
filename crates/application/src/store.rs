//! The store: every port of every area on one connection.

use crate::{
    access, alumni, identity, messaging,
    platform::{
        self,
        ports::{AfterCommit, StoreError, all_ports},
    },
};

all_ports! {
    /// Everything that can be read on one connection.
    Reads:
        platform::ports::Reads,
        access::ports::Reads,
        identity::ports::Reads,
        messaging::ports::Reads,
        alumni::ports::Reads,;
    /// Everything that can be asked of the store inside a transaction.
    Writes:
        Reads,
        AfterCommit,
        platform::ports::Writes,
        access::ports::Writes,
        identity::ports::Writes,
        messaging::ports::Writes,
        alumni::ports::Writes,;
}

all_ports! {
    /// What takes one statement, which commits by itself: its locks never wait for this process.
    Statements: messaging::ports::Statements,;
}

/// The database. Its methods block: on an async thread, go through
/// [`Database`](crate::Database).
///
/// The `run_` methods are the dyn-compatible core; callers use
/// [`transaction`](trait.Store.html#method.transaction) and `read`, which return values.
pub trait Store: Send + Sync + 'static {
    /// Calls `work` once inside a transaction and commits if it returns true.
    ///
    /// # Errors
    /// Where no connection can be had, or beginning or committing fails. `work` may not have run.
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Writes) -> bool,
    ) -> Result<(), StoreError>;

    /// Calls `work` once on a connection without a transaction: each statement sees its own moment.
    ///
    /// # Errors
    /// Where no connection can be had. `work` has not run then.
    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Reads)) -> Result<(), StoreError>;

    /// Calls `work` once on a connection without a transaction: each statement commits by itself.
    ///
    /// # Errors
    /// Where no connection can be had. `work` has not run then.
    fn run_autocommit(&self, work: &mut dyn FnMut(&mut dyn Statements)) -> Result<(), StoreError>;

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where there is none.
    fn ping(&self) -> Result<(), StoreError>;
}

impl dyn Store {
    /// Runs `work` in a transaction, which is committed if and only if `work` succeeds.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub fn transaction<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut work = Some(work);
        let mut result = None;
        self.run_transaction(&mut |tx| {
            let outcome = work.take().map(|work| work(tx));
            let commit = matches!(outcome, Some(Ok(_)));
            result = outcome;
            commit
        })?;
        result.unwrap_or_else(|| Err(never_ran().into()))
    }

    /// Runs `work`, which only reads, on a connection without a transaction.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut dyn Reads) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut work = Some(work);
        let mut result = None;
        self.run_read(&mut |tx| result = work.take().map(|work| work(tx)))?;
        result.unwrap_or_else(|| Err(never_ran().into()))
    }

    /// Runs `work` on a connection whose statements commit by themselves.
    ///
    /// # Errors
    /// What `work` returned, or the store's own failure.
    pub fn autocommit<T>(
        &self,
        work: impl FnOnce(&mut dyn Statements) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut work = Some(work);
        let mut result = None;
        self.run_autocommit(&mut |statements| result = work.take().map(|work| work(statements)))?;
        result.unwrap_or_else(|| Err(never_ran()))
    }
}

fn never_ran() -> StoreError {
    StoreError::Other("the store did not run the work it was given".into())
}
