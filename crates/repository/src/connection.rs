//! Connections: libpq parameters, liveness checks, and errors without secrets.

use std::{
    borrow::Cow,
    ops::{Deref, DerefMut},
    time::Duration,
};

use diesel::{
    Connection, PgConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
    result::ConnectionError,
};
use secrecy::{ExposeSecret, SecretString};

/// libpq parameters that the URL may override. TCP keepalives detect a vanished server (a lost
/// network, a power failure) within half a minute instead of hours.
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "2"),
    ("fallback_application_name", "abu"),
    ("keepalives_count", "3"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("tcp_user_timeout", "30000"),
];

/// Errors are recognized by their text. Only a superuser may choose its language; without that right the
/// server's own language stays.
const UNTRANSLATED_MESSAGES: &str = "DO $$ BEGIN SET lc_messages = 'C'; \
     EXCEPTION WHEN insufficient_privilege THEN END $$";

const BROKE: &str = "the connection broke while it was set up";

/// The longest wait for another transaction's lock: below the deadline of a message's sender. Transactions
/// that make progress hold locks for milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The text holds no secret of the URL.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConnectError(Cow<'static, str>);

pub(crate) fn open(url: &SecretString) -> Result<PgConnection, ConnectError> {
    let url = with_defaults(url.expose_secret());
    let mut connection =
        PgConnection::establish(url.expose_secret()).map_err(|error| ConnectError(words(error)))?;
    connection
        .batch_execute(UNTRANSLATED_MESSAGES)
        .map_err(|_broken| ConnectError(BROKE.into()))?;
    Ok(connection)
}

/// The URL with [`DEFAULTS`] before its own parameters: libpq uses the last of two with one name.
fn with_defaults(url: &str) -> SecretString {
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let separator = if is_uri { "&" } else { " " };
    let defaults = DEFAULTS
        .map(|(name, value)| format!("{name}={value}"))
        .join(separator);
    match url.split_once('?') {
        _ if !is_uri => format!("{defaults} {url}"),
        Some((place, parameters)) => format!("{place}?{defaults}&{parameters}"),
        None => format!("{url}?{defaults}"),
    }
    .into()
}

/// libpq quotes the parts of a URL that it cannot parse, the password among them. Only messages
/// about a reached server pass through.
fn words(error: ConnectionError) -> Cow<'static, str> {
    match error {
        ConnectionError::BadConnection(said) if said.starts_with("connection to server ") => {
            said.split_whitespace().collect::<Vec<_>>().join(" ").into()
        }
        ConnectionError::CouldntSetupConfiguration(_) => BROKE.into(),
        _ => "the database's host is not known, or its URL cannot be read".into(),
    }
}

/// A connection of the pool.
pub(crate) struct Pooled {
    connection: PgConnection,
    /// The pool drops it: it leads to a server that takes no writes.
    pub(crate) is_outdated: bool,
}

impl Deref for Pooled {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

pub(crate) struct Manager {
    pub(crate) url: SecretString,
    pub(crate) statement_timeout: Duration,
    /// Further settings of its sessions, as statements that end with semicolons.
    pub(crate) session: &'static str,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ManagerError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the connection broke while it was set up")]
    SetUp(#[source] diesel::result::Error),
    #[error("the database has closed the connection")]
    Closed,
}

impl Manager {
    /// A transaction may be idle no longer than a statement may take. An idle one holds locks, and
    /// its owner has stopped or lost the network.
    fn set_up(&self, connection: &mut PgConnection) -> Result<(), ManagerError> {
        let limit = self
            .statement_timeout
            .as_millis()
            .clamp(1, i32::MAX as u128);
        // 0 is none: a shorter limit of statements ends the wait.
        let lock_limit = match LOCK_TIMEOUT.as_millis() {
            lock_limit if lock_limit < limit => lock_limit,
            _ => 0,
        };
        connection
            .batch_execute(&format!(
                "{session} SET statement_timeout = {limit}; \
                 SET lock_timeout = {lock_limit}; \
                 SET idle_in_transaction_session_timeout = {limit}; \
                 SET default_transaction_isolation = 'read committed'",
                session = self.session,
            ))
            .map_err(ManagerError::SetUp)
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ManagerError;

    fn connect(&self) -> Result<Pooled, ManagerError> {
        let mut connection = open(&self.url)?;
        self.set_up(&mut connection)?;
        Ok(Pooled {
            connection,
            is_outdated: false,
        })
    }

    /// Reads what has arrived, without a round trip: two non-blocking system calls. The first
    /// consumes the server's last message, if any; the second sees the end of the stream. A close
    /// between the two shows at the next use.
    fn is_valid(&self, connection: &mut Pooled) -> Result<(), ManagerError> {
        let mut ended = || matches!(connection.notifications_iter().next(), Some(Err(_)));
        if ended() || ended() {
            return Err(ManagerError::Closed);
        }
        Ok(())
    }

    /// A panic or an open transaction leaves state that the next user must not inherit.
    fn has_broken(&self, connection: &mut Pooled) -> bool {
        std::thread::panicking() || connection.is_outdated || connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(url: &str) -> String {
        with_defaults(url).expose_secret().to_owned()
    }

    #[test]
    fn the_urls_own_parameters_come_last_and_so_count() {
        let url = completed("postgres://u:p@h/d?connect_timeout=9");
        assert!(url.starts_with("postgres://u:p@h/d?connect_timeout=2&"));
        assert!(url.ends_with("&connect_timeout=9"));
        let pairs = completed("host=h connect_timeout=9");
        assert!(pairs.starts_with("connect_timeout=2 "));
        assert!(pairs.ends_with(" host=h connect_timeout=9"));
    }

    #[test]
    fn a_url_without_parameters_gets_some() {
        let url = completed("postgresql://h/d");
        assert!(url.starts_with("postgresql://h/d?connect_timeout=2&"));
    }

    #[test]
    fn no_unreadable_url_shows_its_password() {
        for url in [
            "postgres://user:hunter2/x@localhost/db",
            "postgres://user:hunter2%zz@localhost/db",
            "host=localhost password=no hunter2",
            "hunter2",
            "postgres://user:p@hunter2.invalid/db",
            "postgres://user:hunter2@localhost:1/db\0",
            "postgres://user:hunter2@localhost:1/db",
        ] {
            let Err(error) = open(&SecretString::from(url)) else {
                panic!("{url} is a database")
            };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_unreachable_server_is_named_in_the_error() {
        let error = open(&SecretString::from("postgres://u:p@127.0.0.1:1/d")).err();
        let told = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("127.0.0.1") && !told.contains('\n'), "{told}");
    }
}
