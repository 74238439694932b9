//! Which database, how it is opened, and what must be in it.

mod guarded_store;
mod own_postgres;
mod preparation;

use std::time::Duration;

use abu_repository::{PgStore, PoolSettings};
use secrecy::SecretString;

pub(crate) use guarded_store::GuardedStore;
pub(crate) use own_postgres::{OwnPostgres, folder};
pub use preparation::PreparationError;
pub(crate) use preparation::{Preparation, require_migrated};

/// Connections besides those that requests share: the message writer, the chat's directory, its notes of who
/// was last seen, the mail, and the watch over the database. None of them ever waits for a request.
const CONNECTIONS_OF_OUR_OWN: u32 = 5;
/// How long to wait for a connection before the database counts as away.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);
/// Far more than any of our statements takes.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A store whose connections are made when they are needed.
pub(crate) fn open(url: SecretString, pool_size: u32) -> PgStore {
    PgStore::connect(PoolSettings {
        url,
        size: pool_size.saturating_add(CONNECTIONS_OF_OUR_OWN),
        connection_timeout: CONNECTION_TIMEOUT,
        statement_timeout: STATEMENT_TIMEOUT,
    })
}
