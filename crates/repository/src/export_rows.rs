//! Pages of rows as JSON objects, for copies of users' data.

use abu_application::identity::ports::ExportPage;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Jsonb, Text, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

use crate::sql::sql;

/// Runs a query that has a mark for the user, for the key after which the page begins, and for the
/// number of its rows; it answers with keys and rows in the order of the keys. Keys are texts, and
/// the empty text comes before all.
pub(crate) fn page(
    connection: &mut PgConnection,
    query: &'static str,
    user: Uuid,
    after: Option<&str>,
    limit: u32,
) -> QueryResult<ExportPage> {
    let keyed: Vec<(String, Value)> = sql::<(Text, Jsonb)>(query)
        .bind::<SqlUuid, _>(user)
        .bind::<Text, _>(after.unwrap_or_default())
        .bind::<BigInt, _>(i64::from(limit))
        .load(connection)?;
    let is_last = keyed.len() < limit as usize;
    let next = keyed.last().filter(|_| !is_last);
    Ok(ExportPage {
        next: next.map(|(key, _row)| key.clone()),
        rows: keyed.into_iter().map(|(_key, row)| row).collect(),
    })
}
