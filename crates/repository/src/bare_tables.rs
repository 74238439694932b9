//! Tables without their secondary indexes and foreign keys, for as long as many rows are inserted.
//!
//! An index that is built from all rows at once, and a foreign key that one join checks, cost a fraction of what they
//! cost row by row. Other transactions wait for the tables until this one ends, so this is for work that has the
//! database to itself.

use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Array, Text},
};

use crate::sql::sql;

/// No limit of usual statements: the work may take minutes. Compilation costs more than it saves. The planner expects few
/// rows where there are many, for which nested loops take longest.
const MANY_ROWS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off; \
     SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'; \
     SET LOCAL maintenance_work_mem = '256MB'";

/// What was taken off, as the catalogs describe it. Unless it is put back, roll the transaction back.
#[must_use]
pub(crate) struct BareTables {
    restore: Vec<String>,
}

impl BareTables {
    /// Takes off what is not a primary key: indexes, and foreign keys that lead out of the tables.
    pub(crate) fn strip(connection: &mut PgConnection, tables: &[&str]) -> QueryResult<Self> {
        connection.batch_execute(MANY_ROWS)?;
        let parts: Vec<(String, String)> =
            sql::<(Text, Text)>(include_str!("bare_tables/parts.sql"))
                .bind::<Array<Text>, _>(tables)
                .bind::<Array<Text>, _>(tables)
                .load(connection)?;
        let (strip, restore): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        connection.batch_execute(&strip.join("; "))?;
        Ok(Self { restore })
    }

    pub(crate) fn restore(self, connection: &mut PgConnection) -> QueryResult<()> {
        connection.batch_execute(&self.restore.join("; "))
    }
}
