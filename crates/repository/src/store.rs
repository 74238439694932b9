//! The pool, and what runs on its connections.

use std::{sync::Arc, time::Duration};

use abu_application::{
    platform::ports::StoreError,
    store::{Store, Transaction},
};
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
    on_mail: Option<Arc<dyn Fn() + Send + Sync>>,
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
            on_mail: None,
        }
    }

    /// The store, which from now on calls `wake` whenever mail that is to be sent was committed through
    /// it.
    #[must_use]
    pub fn on_mail(mut self, wake: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_mail = Some(Arc::new(wake));
        self
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool
            .get()
            .map_err(|timed_out| StoreError::Unavailable(timed_out.into()))
    }

    fn committed(&self, mail_is_due: bool) {
        if let Some(wake) = self.on_mail.as_ref().filter(|_| mail_is_due) {
            wake();
        }
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
        let (failed, mail_is_due) = (session.failed, session.mail_is_due);
        if wanted && !failed {
            AnsiTransactionManager::commit_transaction(&mut *connection).map_err(commit_error)?;
            self.committed(mail_is_due);
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

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Transaction)) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        let mut session = Session::new(&mut connection);
        work(&mut session);
        self.committed(session.mail_is_due);
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
    /// Whether mail was put into the outbox, for whoever delivers it to be woken.
    mail_is_due: bool,
}

impl<'a> Session<'a> {
    fn new(connection: &'a mut PgConnection) -> Self {
        Self {
            connection,
            failed: false,
            mail_is_due: false,
        }
    }

    /// Notes that mail was put into the outbox.
    pub(crate) fn mail_is_due(&mut self) {
        self.mail_is_due = true;
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
