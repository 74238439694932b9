//! Single-instance lock: a session-level advisory lock on a connection of its own.
//!
//! The lock ends with the connection, so a killed server leaves none behind.

use std::{
    fmt,
    time::{Duration, Instant},
};

use abu_application::platform::ports::StoreError;
use chrono::{DateTime, Utc};
use diesel::{
    PgConnection,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz},
};
use secrecy::SecretString;

use crate::{
    advisory_lock::{Lock, try_lock},
    error::store_error,
    session::{SessionError, TransactionPooler, open_session},
    sql::sql,
};

/// The longest wait for a holder without a heartbeat. PostgreSQL ends the session of a vanished
/// host after half of it; see [`SET_UP`].
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// PostgreSQL probes the client, so that a host that lost power or network holds the lock no longer
/// than 15 seconds.
const SET_UP: &str = "\
SET statement_timeout = '5s'; SET idle_session_timeout = 0; \
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2; \
SET tcp_user_timeout = '15s'";

/// The database session that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    process: i32,
    name: String,
    address: Option<String>,
    since: Option<DateTime<Utc>>,
    /// Time of the last statement, and so of the last heartbeat.
    active_at: Option<DateTime<Utc>>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerLockError {
    /// Another session holds the lock and has shown no heartbeat yet. It may be that of a killed
    /// server.
    #[error("another server holds the database: {0}")]
    Busy(Holder),
    /// A running server holds the lock.
    #[error(
        "another server runs on this database: {0}; one server runs per database: stop that one, or \
         set database.url (ABU__DATABASE__URL) to another database"
    )]
    Held(Holder),
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database refused the server's lock: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Pooler(#[from] TransactionPooler),
}

impl From<SessionError> for ServerLockError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Connect(error) => Self::Unavailable(error.into()),
            SessionError::Query(error) => error.into(),
            SessionError::Pooler(pooler) => pooler.into(),
        }
    }
}

impl From<diesel::result::Error> for ServerLockError {
    fn from(error: diesel::result::Error) -> Self {
        match store_error(error) {
            StoreError::Unavailable(source) | StoreError::Locked(source) => {
                Self::Unavailable(source)
            }
            other => Self::Refused(other.into()),
        }
    }
}

/// The lock of one server, held or not. Its methods block.
pub struct ServerLock {
    url: SecretString,
    /// Unique to this process; the session's `application_name`.
    name: String,
    /// Holds the lock.
    connection: Option<PgConnection>,
    /// The holder when this server first found the lock taken.
    first_seen: Option<(Instant, Holder)>,
}

impl ServerLock {
    /// `name` tells the operator which server this is, and is no other server's. PostgreSQL keeps
    /// its first 63 bytes.
    pub fn new(url: SecretString, name: String) -> Self {
        Self {
            url,
            name,
            connection: None,
            first_seen: None,
        }
    }

    /// Takes the lock, or shows a heartbeat on the connection that holds it. Takes it again if the
    /// connection broke. [`ServerLockError::Busy`] and [`ServerLockError::Unavailable`] are worth a
    /// retry.
    pub fn hold(&mut self) -> Result<(), ServerLockError> {
        if let Some(connection) = &mut self.connection {
            match heartbeat(connection) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    log::warn!("the connection that holds the server's lock broke: {error}");
                    self.connection = None;
                }
            }
        }
        self.take()
    }

    /// Takes the lock on a connection of its own.
    fn take(&mut self) -> Result<(), ServerLockError> {
        let mut connection = open_session(&self.url)?;
        set_up(&mut connection, &self.name)?;
        let holder = loop {
            if try_lock(&mut connection, Lock::Server)? {
                self.first_seen = None;
                self.connection = Some(connection);
                return Ok(());
            }
            // A holder that has just gone leaves none.
            if let Some(holder) = holder(&mut connection)? {
                break holder;
            }
        };
        if holder.name == self.name {
            // A broken connection of this very process, whose end PostgreSQL has not seen.
            terminate(&mut connection, holder.process)?;
            return Err(ServerLockError::Busy(holder));
        }
        Err(self.refusal(holder))
    }

    /// A holder that shows a heartbeat runs. One without it may be the connection of a killed
    /// server, which PostgreSQL ends.
    fn refusal(&mut self, holder: Holder) -> ServerLockError {
        match &self.first_seen {
            Some((since, first)) if first.process == holder.process => {
                let runs = holder.active_at > first.active_at;
                match runs || since.elapsed() >= LONGEST_WAIT {
                    true => ServerLockError::Held(holder),
                    false => ServerLockError::Busy(holder),
                }
            }
            _ => {
                self.first_seen = Some((Instant::now(), holder.clone()));
                ServerLockError::Busy(holder)
            }
        }
    }
}

fn set_up(connection: &mut PgConnection, name: &str) -> QueryResult<()> {
    connection.batch_execute(SET_UP)?;
    sql::<Text>("SELECT set_config('application_name', ?, false)")
        .bind::<Text, _>(name)
        .execute(connection)?;
    Ok(())
}

/// Its time is in `pg_stat_activity`, where other servers see it.
fn heartbeat(connection: &mut PgConnection) -> QueryResult<()> {
    sql::<Integer>("SELECT 1").execute(connection)?;
    Ok(())
}

fn holder(connection: &mut PgConnection) -> QueryResult<Option<Holder>> {
    type Row = (
        i32,
        Option<String>,
        Option<String>,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
    );
    let found: Option<Row> = sql::<(
        Integer,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Timestamptz>,
        Nullable<Timestamptz>,
    )>(
        "SELECT pid, application_name, host(client_addr), backend_start, state_change
         FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = ?
           AND objid = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind::<BigInt, _>(Lock::Server as i64)
    .get_result(connection)
    .optional()?;
    Ok(
        found.map(|(process, name, address, since, active_at)| Holder {
            process,
            name: name.unwrap_or_default(),
            address,
            since,
            active_at,
        }),
    )
}

fn terminate(connection: &mut PgConnection, process: i32) -> QueryResult<()> {
    sql::<Bool>("SELECT pg_terminate_backend(?)")
        .bind::<Integer, _>(process)
        .execute(connection)?;
    Ok(())
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.name.as_str() {
            "" => "a session without a name",
            name => name,
        };
        write!(f, "{name} (session {} of PostgreSQL", self.process)?;
        if let Some(address) = &self.address {
            write!(f, ", from {address}")?;
        }
        if let Some(since) = self.since {
            write!(f, ", since {}", since.format("%FT%TZ"))?;
        }
        write!(f, ")")
    }
}
