//! Tokens of names, and how many rows have each.

use std::collections::HashMap;

use abu_application::alumni::ports::{Frequencies, NewToken};
use abu_domain::alumni::names::Lookup;
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    sql_types::{Array, BigInt, Bool, Integer, Text},
};

use super::counts::take_time;
use crate::sql::sql;

/// The pseudo-term of all rows.
const ALL: &str = "#";

pub(super) fn frequencies(
    connection: &mut PgConnection,
    lookup: Option<&Lookup>,
    terms: &[String],
) -> QueryResult<Frequencies> {
    let terms: Vec<&str> = terms.iter().map(String::as_str).chain([ALL]).collect();
    let rows: Vec<(bool, String, i32)> = match lookup {
        Some(lookup) => sql::<(Bool, Text, Integer)>(
            "SELECT true, token, df FROM name_tokens WHERE token = ANY (?)
             UNION SELECT true, token, df FROM name_tokens WHERE deletes && ?
             UNION SELECT true, token, df FROM name_tokens WHERE skeleton = ANY (?)
             UNION ALL SELECT false, term, members FROM facet_counts WHERE term = ANY (?)",
        )
        .bind::<Array<Text>, _>(Vec::from_iter(&lookup.tokens))
        .bind::<Array<Text>, _>(Vec::from_iter(&lookup.deletes))
        .bind::<Array<Text>, _>(Vec::from_iter(&lookup.skeletons))
        .bind::<Array<Text>, _>(terms)
        .load(connection)?,
        None => sql::<(Bool, Text, Integer)>(
            "SELECT false, term, members FROM facet_counts WHERE term = ANY (?)",
        )
        .bind::<Array<Text>, _>(terms)
        .load(connection)?,
    };
    let mut found = Frequencies::default();
    for (is_token, text, count) in rows {
        let count = count.unsigned_abs();
        match text.as_str() {
            ALL => found.total = count,
            _ if is_token => drop(found.tokens.insert(text, count)),
            _ => drop(found.terms.insert(text, count)),
        }
    }
    Ok(found)
}

pub(super) fn of_tokens(
    connection: &mut PgConnection,
    tokens: &[String],
) -> QueryResult<HashMap<String, u32>> {
    let rows: Vec<(String, i32)> =
        sql::<(Text, Integer)>("SELECT token, df FROM name_tokens WHERE token = ANY (?)")
            .bind::<Array<Text>, _>(tokens)
            .load(connection)?;
    let counts = rows
        .into_iter()
        .map(|(token, count)| (token, count.unsigned_abs()));
    Ok(counts.collect())
}

pub(super) fn add(connection: &mut PgConnection, tokens: &[NewToken]) -> QueryResult<()> {
    let texts = |of: fn(&NewToken) -> String| -> Vec<String> { tokens.iter().map(of).collect() };
    sql::<()>(
        "INSERT INTO name_tokens (token, df, skeleton, deletes)
         SELECT token, 1, skeleton, string_to_array(deletes, ' ')
         FROM unnest(?::text[], ?::text[], ?::text[]) AS new (token, skeleton, deletes)
         ORDER BY token COLLATE \"C\"
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(texts(|token| token.token.clone()))
    .bind::<Array<Text>, _>(texts(|token| token.skeleton.clone()))
    .bind::<Array<Text>, _>(texts(|token| token.deletes.join(" ")))
    .execute(connection)
    .map(drop)
}

/// A count of more than one may be old, but says that other rows have the token.
pub(super) fn forget(connection: &mut PgConnection, tokens: &[String]) -> QueryResult<()> {
    sql::<()>(
        "DELETE FROM name_tokens t WHERE token = ANY (?) AND df <= 1
         AND NOT EXISTS (SELECT FROM directory_entries WHERE terms @> ARRAY[t.token])",
    )
    .bind::<Array<Text>, _>(tokens)
    .execute(connection)
    .map(drop)
}

pub(super) fn recount(connection: &mut PgConnection) -> QueryResult<()> {
    take_time(connection)?;
    sql::<()>(
        "WITH counted AS MATERIALIZED (
             SELECT term, count(*)::integer AS rows FROM directory_entries, unnest(terms) AS term
             WHERE left(term, 1) <> '#' GROUP BY term),
         changed AS (
             UPDATE name_tokens t SET df = c.rows FROM counted c WHERE c.term = t.token AND c.rows <> t.df)
         DELETE FROM name_tokens t WHERE NOT EXISTS (SELECT FROM counted c WHERE c.term = t.token)",
    )
    .execute(connection)
    .map(drop)
}

pub(super) fn missing(connection: &mut PgConnection, limit: u32) -> QueryResult<Vec<String>> {
    sql::<Text>(
        "SELECT DISTINCT term FROM directory_entries, unnest(terms) AS term
         WHERE left(term, 1) <> '#' AND NOT EXISTS (SELECT FROM name_tokens WHERE token = term)
         LIMIT ?",
    )
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
}
