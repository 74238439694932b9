//! Checks of a database before its first use: encoding, clock, sessions.

use std::fmt;

use abu_application::platform::ports::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    RunQueryDsl,
    sql_types::{Nullable, Text, Timestamptz},
};
use secrecy::SecretString;

use crate::{
    error::store_error,
    session::{SessionError, TransactionPooler, open_session},
    sql::sql,
};

#[derive(Clone, Debug)]
pub struct Inspection {
    pub place: Place,
    /// How far the database's clock is ahead of this machine's at least; negative if it is behind.
    pub clock_ahead: TimeDelta,
    /// The language of error messages that this program cannot read, if the role may not choose another.
    pub foreign_messages: Option<String>,
}

/// A database as its server names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `None` for a Unix socket.
    pub host: Option<String>,
    pub port: String,
    pub database: String,
    /// `None` if no schema of the `search_path` exists.
    pub schema: Option<String>,
}

/// The texts are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "the encoding of the database must be UTF8, but is {0}: make a database with `createdb \
         --template=template0 --encoding=UTF8` and move the data there"
    )]
    Encoding(String),
    #[error(transparent)]
    Pooler(#[from] TransactionPooler),
}

impl From<SessionError> for InspectionError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Connect(error) => Self::Unavailable(error.into()),
            SessionError::Query(error) => error.into(),
            SessionError::Pooler(pooler) => pooler.into(),
        }
    }
}

impl From<diesel::result::Error> for InspectionError {
    fn from(error: diesel::result::Error) -> Self {
        match store_error(error) {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            other => Self::Refused(other.into()),
        }
    }
}

/// Encoding, language of messages, address, port, database, schema, time.
type Row = (
    String,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    DateTime<Utc>,
);

/// Changes nothing.
pub fn inspect(url: &SecretString) -> Result<Inspection, InspectionError> {
    let mut connection = open_session(url)?;
    let before = Utc::now();
    let (encoding, language, host, port, database, schema, time): Row = sql::<(
        Text,
        Text,
        Nullable<Text>,
        Text,
        Text,
        Nullable<Text>,
        Timestamptz,
    )>(
        "SELECT current_setting('server_encoding'), current_setting('lc_messages'),
                host(inet_server_addr()), current_setting('port'),
                current_database()::text, current_schema()::text, clock_timestamp()",
    )
    .get_result(&mut connection)?;
    let after = Utc::now();
    if encoding != "UTF8" {
        return Err(InspectionError::Encoding(encoding));
    }
    Ok(Inspection {
        place: Place {
            host,
            port,
            database,
            schema,
        },
        clock_ahead: ahead(time, before, after),
        foreign_messages: Some(language).filter(|language| !is_english(language)),
    })
}

/// Nothing between the request and its answer: a slow answer is no skew.
fn ahead(time: DateTime<Utc>, before: DateTime<Utc>, after: DateTime<Utc>) -> TimeDelta {
    time - time.clamp(before, after.max(before))
}

/// Whether the locale leaves PostgreSQL's messages as they are.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['.', '_', '@']).next().unwrap_or_default();
    ["", "C", "POSIX", "en", "English"].contains(&language)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.database)?;
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port)?,
            Some(host) => write!(f, "{host}:{}", self.port)?,
            None => write!(f, "the Unix socket of port {}", self.port)?,
        }
        match &self.schema {
            Some(schema) => write!(f, ", schema {schema}"),
            None => f.write_str(", no schema"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn only_a_time_outside_the_question_is_skew() {
        let ahead = |time| ahead(second(time), second(10), second(14)).num_seconds();
        assert_eq!([10, 12, 14].map(ahead), [0, 0, 0]);
        assert_eq!([7, 20].map(ahead), [-3, 6]);
    }

    #[test]
    fn only_locales_of_english_leave_messages_untranslated() {
        for locale in ["", "C", "C.UTF-8", "POSIX", "en_NG.utf8", "en@quot"] {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["de_DE.UTF-8", "ha_NG", "Cs_CZ", "fr"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
