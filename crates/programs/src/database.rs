//! Database access: connection pool, private PostgreSQL, and preparation of the schema.

mod guarded_store;
mod inspection;
mod own_postgres;
mod preparation;
pub mod reference_data;
mod server_name;

use std::time::Duration;

use abu_repository::{PgStore, PoolSettings};
use abu_settings::DirectorySettings;
use secrecy::SecretString;

pub use guarded_store::GuardedStore;
pub use inspection::inspect;
pub use own_postgres::{OwnPostgres, folder};
pub use preparation::PreparationError;
pub use preparation::{Preparation, require_migrated};
pub use reference_data::ReferenceDataError;
pub use server_name::server_name;

/// Connections beside those of requests: the message writer, the read marks, the chat's directory
/// and last-seen times, the mail worker, the heartbeat of the jobs, and the watch. None of them waits for
/// a request.
pub const CONNECTIONS_OF_OUR_OWN: u32 = 7;
/// Longest wait for a connection before the database counts as unavailable.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);
/// Longer than any statement takes, and shorter than clients wait.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A store that connects lazily and calls `on_refused` for each refused connection. Each worker of the
/// jobs has a connection of its own.
pub fn open(
    url: SecretString,
    pool_size: u32,
    workers: usize,
    on_refused: impl Fn() + Send + Sync + 'static,
) -> PgStore {
    let settings = PoolSettings {
        url,
        size: pool_size
            .saturating_add(CONNECTIONS_OF_OUR_OWN)
            .saturating_add(workers.try_into().unwrap_or(u32::MAX)),
        connection_timeout: CONNECTION_TIMEOUT,
        statement_timeout: STATEMENT_TIMEOUT,
    };
    PgStore::connect_with(settings, on_refused)
}

/// The store of searches, with connections of its own that connect lazily.
pub fn open_for_searches(
    url: SecretString,
    settings: &DirectorySettings,
    on_refused: impl Fn() + Send + Sync + 'static,
) -> PgStore {
    let settings = PoolSettings {
        url,
        size: settings.pool_size,
        connection_timeout: CONNECTION_TIMEOUT,
        statement_timeout: settings.search_timeout,
    };
    PgStore::connect_for_searches(settings, on_refused)
}

/// A store of one connection for maintenance by the operator: its statements may take an hour.
pub fn open_for_maintenance(url: SecretString) -> PgStore {
    PgStore::connect(PoolSettings {
        url,
        size: 1,
        connection_timeout: CONNECTION_TIMEOUT,
        statement_timeout: Duration::from_secs(3_600),
    })
}
