//! The pool, and what runs on its connections.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use abu_application::{
    platform::ports::{AfterCommit, Due, StoreError},
    store::{Reads, Store, Writes},
};
use diesel::{
    PgConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
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
    after_commit: Option<Arc<dyn Fn(Due) + Send + Sync>>,
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
        Self {
            pool,
            after_commit: None,
        }
    }

    /// Calls `hook` with what each transaction committed through this store makes due, each once.
    #[must_use]
    pub fn after_commit(mut self, hook: impl Fn(Due) + Send + Sync + 'static) -> Self {
        self.after_commit = Some(Arc::new(hook));
        self
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool
            .get()
            .map_err(|timed_out| StoreError::Unavailable(timed_out.into()))
    }

    fn committed(&self, due: BTreeSet<Due>) {
        if let Some(hook) = &self.after_commit {
            due.into_iter().for_each(|due| hook(due));
        }
    }
}

impl Store for PgStore {
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Writes) -> bool,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        AnsiTransactionManager::begin_transaction(&mut *connection).map_err(store_error)?;
        let mut session = Session::new(&mut connection);
        let wanted = work(&mut session);
        let Session { failed, due, .. } = session;
        if wanted && !failed {
            AnsiTransactionManager::commit_transaction(&mut *connection).map_err(commit_error)?;
            self.committed(due);
            return Ok(());
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

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Reads)) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        if CHECK_READS {
            return run_read_only(&mut connection, work);
        }
        work(&mut Session::new(&mut connection));
        Ok(())
    }

    fn ping(&self) -> Result<(), StoreError> {
        self.connection()?
            .ping()
            .map_err(|error| StoreError::Unavailable(error.into()))
    }
}

/// Debug builds, which tests are, refuse writes where only reads are meant.
const CHECK_READS: bool = cfg!(debug_assertions);

fn run_read_only(
    connection: &mut PgConnection,
    work: &mut dyn FnMut(&mut dyn Reads),
) -> Result<(), StoreError> {
    connection
        .batch_execute("SET default_transaction_read_only = on")
        .map_err(store_error)?;
    work(&mut Session::new(connection));
    // A connection on which this fails is broken, and the pool drops it.
    let _ = connection.batch_execute("SET default_transaction_read_only = off");
    Ok(())
}

/// A connection lent to the application; the ports are implemented on it, each beside its tables.
pub(crate) struct Session<'a> {
    connection: &'a mut PgConnection,
    /// PostgreSQL answers the commit of a transaction in which a statement failed with a rollback,
    /// and calls that a success. So we remember.
    failed: bool,
    /// What the commit makes due.
    due: BTreeSet<Due>,
}

impl<'a> Session<'a> {
    fn new(connection: &'a mut PgConnection) -> Self {
        Self {
            connection,
            failed: false,
            due: BTreeSet::new(),
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

impl AfterCommit for Session<'_> {
    fn after_commit(&mut self, due: Due) {
        self.due.insert(due);
    }
}
