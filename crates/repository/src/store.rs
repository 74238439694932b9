//! The pool, and what runs on its connections.

use std::time::Duration;

use abu_application::ports::{Store, StoreError, Transaction};
use diesel::{
    PgConnection,
    connection::{AnsiTransactionManager, TransactionManager},
    r2d2::{NopErrorHandler, Pool, PooledConnection, R2D2Connection},
};
use secrecy::SecretString;

use crate::{
    connection::Manager,
    error::{Failure, commit_error, store_error},
};

/// How to reach the database, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// A connection URI or string as PostgreSQL's client library reads it.
    pub url: SecretString,
    /// The most connections.
    pub size: u32,
    /// How long to wait for a connection before the database counts as away.
    pub connection_timeout: Duration,
    /// The longest a statement may take, and a transaction may lie idle between two.
    pub statement_timeout: Duration,
}

/// The store on PostgreSQL. Cheap to clone: the clones share the connections.
#[derive(Clone)]
pub struct PgStore {
    pool: Pool<Manager>,
}

impl PgStore {
    /// A store whose connections are made when they are needed, so that it can be had while the
    /// database is down. It recovers by itself.
    pub fn connect(settings: PoolSettings) -> Self {
        let manager = Manager {
            url: settings.url,
            statement_timeout: settings.statement_timeout,
        };
        let pool = Pool::builder()
            .max_size(settings.size.max(1))
            .min_idle(Some(0))
            .connection_timeout(settings.connection_timeout.max(Duration::from_millis(1)))
            .test_on_check_out(true)
            // Whoever waits for a connection is told; one more line each try says nothing new.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Self { pool }
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool
            .get()
            .map_err(|timed_out| StoreError::Unavailable(timed_out.into()))
    }
}

impl Store for PgStore {
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> bool,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        AnsiTransactionManager::begin_transaction(&mut *connection).map_err(store_error)?;
        let mut session = Session::new(&mut connection);
        let wanted = work(&mut session);
        let failed = session.failed;
        if wanted && !failed {
            return AnsiTransactionManager::commit_transaction(&mut *connection)
                .map_err(commit_error);
        }
        // Where this fails the connection is gone, and the server rolls back by itself.
        let rolled_back = AnsiTransactionManager::rollback_transaction(&mut *connection);
        match (wanted, rolled_back) {
            (false, _) => Ok(()),
            (true, Ok(())) => Err(StoreError::Other(
                "a transaction was to be committed though one of its statements had failed".into(),
            )),
            (true, Err(error)) => Err(store_error(error)),
        }
    }

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Transaction)) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        work(&mut Session::new(&mut connection));
        Ok(())
    }

    fn ping(&self) -> Result<(), StoreError> {
        self.connection()?
            .ping()
            .map_err(|error| StoreError::Unavailable(error.into()))
    }
}

/// A connection lent to the application; the ports are implemented on it, each beside its tables.
pub(crate) struct Session<'a> {
    connection: &'a mut PgConnection,
    /// PostgreSQL answers the commit of a transaction in which a statement failed with a rollback,
    /// and calls that a success. So we remember.
    failed: bool,
}

impl<'a> Session<'a> {
    fn new(connection: &'a mut PgConnection) -> Self {
        Self {
            connection,
            failed: false,
        }
    }

    /// Runs the queries of one method of a port.
    pub(crate) fn run<T>(
        &mut self,
        queries: impl FnOnce(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        queries(self.connection).map_err(|failure| {
            self.failed |= matches!(failure, Failure::Query(_));
            failure.into()
        })
    }
}
