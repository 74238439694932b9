//! Session-level advisory locks, one of each kind for each schema.

use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    sql_types::{Bool, Integer},
};

use crate::sql::sql;

/// The first half of a lock's key; the second half is the schema's oid. The numbers are arbitrary.
#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// Held by the process that migrates the schema.
    Migration = 0x0041_4255,
    /// Held by the server that serves the schema.
    Server = 0x0041_4256,
}

/// False while another session holds the lock. It ends with the connection.
pub(crate) fn try_lock(connection: &mut PgConnection, lock: Lock) -> QueryResult<bool> {
    sql::<Bool>(
        "SELECT pg_try_advisory_lock(?, oid::integer)
         FROM pg_namespace WHERE nspname = current_schema()",
    )
    .bind::<Integer, _>(lock as i32)
    .get_result(connection)
}
