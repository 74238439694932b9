//! Connection pool and transactions.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use abu_application::{
    messaging::ports::LockWait,
    platform::ports::{AfterCommit, Due, StoreError},
    store::{Reads, Statements, Store, Writes},
};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{HandleError, Pool, PooledConnection},
    sql_types::Bool,
};
use secrecy::SecretString;

use crate::{
    connection::{Manager, ManagerError},
    error::{Failure, commit_error, is_read_only, store_error},
    sql::sql,
};

#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// A libpq connection URI or string.
    pub url: SecretString,
    /// Maximum number of connections.
    pub size: u32,
    /// Longest wait for a connection before the database counts as unavailable.
    pub connection_timeout: Duration,
    /// Longest time of a statement, and of idleness within a transaction.
    pub statement_timeout: Duration,
}

/// The connections of the pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolState {
    pub idle: u32,
    pub used: u32,
}

/// Callers get each error; a log line per attempt adds nothing.
struct Refusals<F>(F);

impl<F> fmt::Debug for Refusals<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusals")
    }
}

impl<F: Fn() + Send + Sync + 'static> HandleError<ManagerError> for Refusals<F> {
    fn handle_error(&self, error: ManagerError) {
        if let ManagerError::Connect(_) = error {
            (self.0)();
        }
    }
}

/// Cheap to clone: clones share the pool.
#[derive(Clone)]
pub struct PgStore {
    pool: Pool<Manager>,
    after_commit: Option<Arc<dyn Fn(Due) + Send + Sync>>,
}

impl PgStore {
    /// Connects lazily, so a store exists while the database is down, and recovers on its own.
    pub fn connect(settings: PoolSettings) -> Self {
        Self::connect_with(settings, || ())
    }

    /// Calls `on_refused` for each connection that the database refuses.
    pub fn connect_with(
        settings: PoolSettings,
        on_refused: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self::connect_by(settings, "", on_refused)
    }

    /// For searches of the directory: their statements choose the index, and the planner obeys. It would rather
    /// compare each row of a small vocabulary, or compile and parallelize what takes milliseconds.
    pub fn connect_for_searches(
        settings: PoolSettings,
        on_refused: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        const PLANNER: &str =
            "SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0;";
        Self::connect_by(settings, PLANNER, on_refused)
    }

    fn connect_by(
        settings: PoolSettings,
        session: &'static str,
        on_refused: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let manager = Manager {
            url: settings.url,
            statement_timeout: settings.statement_timeout,
            session,
        };
        let pool = Pool::builder()
            .max_size(settings.size.max(1))
            .min_idle(Some(0))
            .connection_timeout(settings.connection_timeout.max(Duration::from_millis(1)))
            .test_on_check_out(true)
            .error_handler(Box::new(Refusals(on_refused)))
            .build_unchecked(manager);
        Self {
            pool,
            after_commit: None,
        }
    }

    /// After each commit, calls `hook` once for each kind of due work.
    #[must_use]
    pub fn after_commit(mut self, hook: impl Fn(Due) + Send + Sync + 'static) -> Self {
        self.after_commit = Some(Arc::new(hook));
        self
    }

    pub fn pool_state(&self) -> PoolState {
        let state = self.pool.state();
        PoolState {
            idle: state.idle_connections,
            used: state.connections.saturating_sub(state.idle_connections),
        }
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
        AnsiTransactionManager::begin_transaction(&mut **connection).map_err(store_error)?;
        let mut session = Session::new(&mut connection);
        let wanted = work(&mut session);
        let Session {
            failed,
            read_only,
            due,
            ..
        } = session;
        connection.is_outdated |= read_only;
        if wanted && !failed {
            AnsiTransactionManager::commit_transaction(&mut **connection).map_err(commit_error)?;
            self.committed(due);
            return Ok(());
        }
        // If the rollback fails, the connection is gone and the server rolls back.
        let rolled_back = AnsiTransactionManager::rollback_transaction(&mut **connection);
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

    fn run_autocommit(&self, work: &mut dyn FnMut(&mut dyn Statements)) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        let mut statements = Autocommit {
            connection: &mut connection,
            read_only: false,
        };
        work(&mut statements);
        let read_only = statements.read_only;
        connection.is_outdated |= read_only;
        Ok(())
    }

    fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        let is_writable: bool =
            sql::<Bool>("SELECT NOT current_setting('transaction_read_only')::bool")
                .get_result(&mut **connection)
                .map_err(|error| StoreError::Unavailable(error.into()))?;
        connection.is_outdated |= !is_writable;
        match is_writable {
            true => Ok(()),
            false => Err(StoreError::Unavailable("the database is read-only".into())),
        }
    }
}

/// A borrowed connection outside a transaction.
pub(crate) struct Autocommit<'a> {
    connection: &'a mut PgConnection,
    read_only: bool,
}

impl Autocommit<'_> {
    /// Runs the one statement of a port method, which is its own commit.
    pub(crate) fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        statement(self.connection).map_err(|error| {
            self.read_only |= is_read_only(&error);
            commit_error(error)
        })
    }
}

/// Debug builds, and so tests, reject writes in read-only work.
const CHECK_READS: bool = cfg!(debug_assertions);

fn run_read_only(
    connection: &mut PgConnection,
    work: &mut dyn FnMut(&mut dyn Reads),
) -> Result<(), StoreError> {
    connection
        .batch_execute("SET default_transaction_read_only = on")
        .map_err(store_error)?;
    work(&mut Session::new(connection));
    // Back to the database's own value. A connection on which this fails is broken, and the pool drops it.
    let _ = connection.batch_execute("RESET default_transaction_read_only");
    Ok(())
}

/// A borrowed connection. Each port is implemented beside its tables.
pub(crate) struct Session<'a> {
    connection: &'a mut PgConnection,
    /// PostgreSQL answers the commit of a failed transaction with a rollback and reports success.
    /// This flag detects that.
    failed: bool,
    /// The database is a former primary after a failover.
    read_only: bool,
    /// Work that the commit makes due.
    due: BTreeSet<Due>,
    /// How long messages wait for the locks of their rooms.
    pub(crate) lock_wait: LockWait,
}

impl<'a> Session<'a> {
    fn new(connection: &'a mut PgConnection) -> Self {
        Self {
            connection,
            failed: false,
            read_only: false,
            due: BTreeSet::new(),
            lock_wait: LockWait::Usual,
        }
    }

    /// Runs the queries of one port method.
    pub(crate) fn run<T>(
        &mut self,
        queries: impl FnOnce(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        queries(self.connection).map_err(|failure| {
            if let Failure::Query(error) = &failure {
                self.failed = true;
                self.read_only |= is_read_only(error);
            }
            failure.into()
        })
    }
}

impl AfterCommit for Session<'_> {
    fn after_commit(&mut self, due: Due) {
        self.due.insert(due);
    }
}
