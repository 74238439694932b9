//! Suggestions by prefix, and names of the vocabularies that members grow.

use std::collections::HashMap;

use abu_application::alumni::ports::{Grown, Suggested};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::{Row, stages::Columns};
use crate::sql::sql;

/// Fewer members share no name in suggestions.
const SHARED_BY: i32 = 3;

pub(super) fn tokens(
    connection: &mut PgConnection,
    prefix: &str,
    limit: u32,
) -> QueryResult<Vec<String>> {
    sql::<Text>(
        "SELECT token FROM name_tokens WHERE token >= ? AND token < ? || U&'\\+10FFFF' AND df >= ?
         ORDER BY df DESC, token LIMIT ?",
    )
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(prefix)
    .bind::<Integer, _>(SHARED_BY)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
}

pub(super) fn entries(
    connection: &mut PgConnection,
    prefix: &str,
    limit: u32,
) -> QueryResult<Vec<Row>> {
    sql::<Columns>(
        "SELECT user_id, display_name, name_key, grad_year, department_id, country_id, city, headline, 0
         FROM directory_entries WHERE name_key >= ? AND name_key < ? || U&'\\+10FFFF'
         ORDER BY name_key, user_id LIMIT ?",
    )
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(prefix)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
}

/// The same statement for both vocabularies.
macro_rules! of {
    ($grown:expr, $before:literal, $after:literal) => {
        match $grown {
            Grown::Employers => concat!($before, "employers", $after),
            Grown::Skills => concat!($before, "skills", $after),
        }
    };
}

pub(super) fn grown(
    connection: &mut PgConnection,
    of: Grown,
    prefix: &str,
    limit: u32,
) -> QueryResult<Vec<Suggested>> {
    let text = of!(
        of,
        "SELECT uuid, name FROM ",
        " WHERE state = 'confirmed' AND name_key >= ? AND name_key < ? || U&'\\+10FFFF'
         ORDER BY uses DESC, name_key LIMIT ?"
    );
    let rows: Vec<(Uuid, String)> = sql::<(SqlUuid, Text)>(text)
        .bind::<Text, _>(prefix)
        .bind::<Text, _>(prefix)
        .bind::<BigInt, _>(i64::from(limit))
        .load(connection)?;
    Ok(rows.into_iter().map(suggested).collect())
}

pub(super) fn numbers(
    connection: &mut PgConnection,
    of: Grown,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, i32>> {
    let text = of!(
        of,
        "SELECT uuid, COALESCE(merged_into, id) FROM ",
        " WHERE uuid = ANY (?) AND state <> 'proposed'"
    );
    let rows: Vec<(Uuid, i32)> = sql::<(SqlUuid, Integer)>(text)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

pub(super) fn names(
    connection: &mut PgConnection,
    of: Grown,
    numbers: &[i32],
) -> QueryResult<HashMap<i32, Suggested>> {
    let text = of!(of, "SELECT id, uuid, name FROM ", " WHERE id = ANY (?)");
    let rows: Vec<(i32, Uuid, String)> = sql::<(Integer, SqlUuid, Text)>(text)
        .bind::<Array<Integer>, _>(numbers)
        .load(connection)?;
    let names = rows
        .into_iter()
        .map(|(id, uuid, name)| (id, suggested((uuid, name))));
    Ok(names.collect())
}

fn suggested((uuid, name): (Uuid, String)) -> Suggested {
    Suggested { uuid, name }
}
