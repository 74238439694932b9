//! Search rows as they are written, compared and listed.

use abu_domain::{UserId, alumni::directory::SearchRow};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::sql::{Sql, sql};

/// The new rows; terms have no blanks.
macro_rules! with_rows {
    ($statement:literal) => {
        concat!(
            "WITH new AS (
                 SELECT user_id, display_name, name_key, name_set, name_count, string_to_array(terms, ' ') AS terms,
                     grad_year, department_id, country_id, state_id, city, industry_id, employer_id, headline
                 FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::smallint[], ?::text[], ?::smallint[],
                     ?::smallint[], ?::smallint[], ?::smallint[], ?::text[], ?::smallint[], ?::integer[], ?::text[])
                     AS n (user_id, display_name, name_key, name_set, name_count, terms, grad_year, department_id,
                         country_id, state_id, city, industry_id, employer_id, headline)) ",
            $statement
        )
    };
}

fn bound<'a, Columns: 'a>(text: &'static str, rows: &[SearchRow]) -> Sql<'a, Columns> {
    fn all<T>(rows: &[SearchRow], of: impl Fn(&SearchRow) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    let owned = |text: &str| text.to_owned();
    sql::<Columns>(text)
        .bind::<Array<SqlUuid>, _>(all(rows, |row| row.user().uuid()))
        .bind::<Array<Text>, _>(all(rows, |row| owned(row.display_name())))
        .bind::<Array<Text>, _>(all(rows, |row| owned(row.name_key())))
        .bind::<Array<Text>, _>(all(rows, SearchRow::name_set))
        .bind::<Array<SmallInt>, _>(all(rows, SearchRow::name_count))
        .bind::<Array<Text>, _>(all(rows, |row| row.terms().join(" ")))
        .bind::<Array<Nullable<SmallInt>>, _>(all(rows, SearchRow::year))
        .bind::<Array<Nullable<SmallInt>>, _>(all(rows, |row| row.department().map(|id| id.get())))
        .bind::<Array<Nullable<SmallInt>>, _>(all(rows, |row| row.country().map(|id| id.get())))
        .bind::<Array<Nullable<SmallInt>>, _>(all(rows, |row| row.state().map(|id| id.get())))
        .bind::<Array<Nullable<Text>>, _>(all(rows, |row| row.city().map(owned)))
        .bind::<Array<Nullable<SmallInt>>, _>(all(rows, |row| row.industry().map(|id| id.get())))
        .bind::<Array<Nullable<Integer>>, _>(all(rows, |row| row.employer().map(|id| id.get())))
        .bind::<Array<Nullable<Text>>, _>(all(rows, |row| row.headline().map(owned)))
}

/// Rows that stay as they are cost no write.
pub(super) fn upsert(connection: &mut PgConnection, rows: &[SearchRow]) -> QueryResult<()> {
    let text = with_rows!(
        "INSERT INTO directory_entries AS d SELECT * FROM new ORDER BY user_id
         ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name, name_key = excluded.name_key,
             name_set = excluded.name_set, name_count = excluded.name_count, terms = excluded.terms,
             grad_year = excluded.grad_year, department_id = excluded.department_id, country_id = excluded.country_id,
             state_id = excluded.state_id, city = excluded.city, industry_id = excluded.industry_id,
             employer_id = excluded.employer_id, headline = excluded.headline
         WHERE d IS DISTINCT FROM excluded"
    );
    bound::<()>(text, rows).execute(connection).map(drop)
}

pub(super) fn differing(
    connection: &mut PgConnection,
    rows: &[SearchRow],
) -> QueryResult<Vec<UserId>> {
    let text = with_rows!(
        "SELECT n.user_id FROM new n LEFT JOIN directory_entries d USING (user_id)
         WHERE d IS NULL OR (d.display_name, d.name_key, d.name_set, d.name_count, d.terms, d.grad_year, d.department_id,
                 d.country_id, d.state_id, d.city, d.industry_id, d.employer_id, d.headline)
             IS DISTINCT FROM (n.display_name, n.name_key, n.name_set, n.name_count, n.terms, n.grad_year, n.department_id,
                 n.country_id, n.state_id, n.city, n.industry_id, n.employer_id, n.headline)
         ORDER BY n.user_id"
    );
    let users: Vec<Uuid> = bound::<SqlUuid>(text, rows).load(connection)?;
    Ok(ids(users))
}

pub(super) fn delete(connection: &mut PgConnection, users: &[UserId]) -> QueryResult<Vec<UserId>> {
    let deleted: Vec<Uuid> =
        sql::<SqlUuid>("DELETE FROM directory_entries WHERE user_id = ANY (?) RETURNING user_id")
            .bind::<Array<SqlUuid>, _>(uuids(users))
            .load(connection)?;
    Ok(ids(deleted))
}

pub(super) fn tokens_of(connection: &mut PgConnection, user: UserId) -> QueryResult<Vec<String>> {
    sql::<Text>(
        "SELECT term FROM directory_entries, unnest(terms) AS term WHERE user_id = ? AND left(term, 1) <> '#'",
    )
    .bind::<SqlUuid, _>(user.uuid())
    .load(connection)
}

pub(super) fn listed_among(
    connection: &mut PgConnection,
    users: &[UserId],
) -> QueryResult<Vec<UserId>> {
    let listed: Vec<Uuid> =
        sql::<SqlUuid>("SELECT user_id FROM directory_entries WHERE user_id = ANY (?)")
            .bind::<Array<SqlUuid>, _>(uuids(users))
            .load(connection)?;
    Ok(ids(listed))
}

/// A row without one of the others would be a fault that a check must find.
pub(super) fn members_after(
    connection: &mut PgConnection,
    after: Option<UserId>,
    limit: u32,
) -> QueryResult<Vec<UserId>> {
    let members: Vec<Uuid> = sql::<SqlUuid>(
        "SELECT id FROM (
             (SELECT id FROM users WHERE id > ? AND verification = 'verified' ORDER BY id LIMIT ?)
             UNION (SELECT user_id FROM directory_entries WHERE user_id > ? ORDER BY user_id LIMIT ?)
         ) AS members ORDER BY id LIMIT ?",
    )
    .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), UserId::uuid))
    .bind::<BigInt, _>(i64::from(limit))
    .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), UserId::uuid))
    .bind::<BigInt, _>(i64::from(limit))
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)?;
    Ok(ids(members))
}

fn uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|user| user.uuid()).collect()
}

fn ids(users: Vec<Uuid>) -> Vec<UserId> {
    users.into_iter().map(UserId::new).collect()
}
