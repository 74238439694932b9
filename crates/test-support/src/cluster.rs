//! The PostgreSQL that all tests of a process share.

use std::sync::OnceLock;

use abu_embedded_postgres::{Postgres, PostgresOptions};

/// Starts PostgreSQL at the first call. Its watcher removes the data after the process's end.
pub fn cluster() -> &'static Postgres {
    static CLUSTER: OnceLock<Postgres> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        Postgres::start(PostgresOptions::throwaway()).expect("PostgreSQL starts for the tests")
    })
}
