//! The one PostgreSQL that all tests of a process share.

use std::sync::OnceLock;

use abu_embedded_postgres::{Postgres, PostgresOptions};

/// A private PostgreSQL, started by the first test that asks. Its data go when the process ends,
/// however it ends.
pub fn cluster() -> &'static Postgres {
    static CLUSTER: OnceLock<Postgres> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        Postgres::start(PostgresOptions::throwaway()).expect("PostgreSQL starts for the tests")
    })
}
