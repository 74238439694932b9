//! Counts: of results, of facets, of fixed sets.

use abu_application::{
    alumni::ports::{FacetCounts, SetCount, SetKind},
    platform::lists::Total,
};
use abu_domain::alumni::directory::{Condition, Facet};
use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Integer, SmallInt, Text, Timestamptz},
};

use super::stages::{ByIndex, satisfied};
use crate::{dynamic_sql::DynamicSql, sql::sql};

pub(super) fn entries(
    connection: &mut PgConnection,
    conditions: &[Condition],
) -> QueryResult<Total> {
    let mut counted =
        DynamicSql::text("SELECT count(*) FROM (SELECT FROM directory_entries WHERE ");
    counted.append(satisfied(conditions, ByIndex::Yes));
    counted.push(" LIMIT ");
    counted.bind::<BigInt, _>(Total::EXACT_UP_TO as i64 + 1);
    counted.push(") AS counted");
    let count: i64 = counted.returning::<BigInt>().get_result(connection)?;
    Ok(Total::of(count.unsigned_abs()))
}

pub(super) fn facets(
    connection: &mut PgConnection,
    conditions: &[Condition],
    facets: &[Facet],
    most: u32,
) -> QueryResult<FacetCounts> {
    let mut counted = DynamicSql::text(
        "WITH m AS MATERIALIZED (
             SELECT state_id, country_id, industry_id, employer_id, terms FROM directory_entries WHERE ",
    );
    counted.append(satisfied(conditions, ByIndex::Yes));
    counted.push(") SELECT term, rows::integer FROM (");
    for (index, facet) in facets.iter().enumerate() {
        counted.push(if index == 0 { "(" } else { " UNION ALL (" });
        counted.append(terms_of(*facet));
        counted.push(" ORDER BY 2 DESC, 1 LIMIT ");
        counted.bind::<BigInt, _>(i64::from(most));
        counted.push(")");
    }
    counted.push(") AS counted ORDER BY rows DESC, term");
    let rows: Vec<(String, i32)> = counted.returning::<(Text, Integer)>().load(connection)?;
    let mut values: FacetCounts = facets.iter().map(|facet| (*facet, Vec::new())).collect();
    for (term, count) in rows {
        let known = facets
            .iter()
            .find_map(|facet| Some((facet, facet.value_of(&term)?)));
        if let Some((facet, value)) = known {
            let value = (value.to_owned(), count.unsigned_abs());
            values.entry(*facet).or_default().push(value);
        }
    }
    Ok(values)
}

/// The terms of a facet among the rows `m`: of a column where members have one value, which is read faster.
fn terms_of(facet: Facet) -> DynamicSql<'static> {
    let column = match facet {
        Facet::State => Some(
            " || state_id AS term, count(*) AS rows FROM m WHERE state_id IS NOT NULL GROUP BY state_id",
        ),
        Facet::Country => Some(
            " || country_id AS term, count(*) AS rows FROM m WHERE country_id IS NOT NULL GROUP BY country_id",
        ),
        Facet::Industry => Some(
            " || industry_id AS term, count(*) AS rows FROM m WHERE industry_id IS NOT NULL GROUP BY industry_id",
        ),
        Facet::Employer => Some(
            " || employer_id AS term, count(*) AS rows FROM m WHERE employer_id IS NOT NULL GROUP BY employer_id",
        ),
        _ => None,
    };
    let mut sql = DynamicSql::text("SELECT ");
    match column {
        Some(column) => {
            sql.bind::<Text, _>(facet.prefix());
            sql.push(column);
        }
        None => {
            sql.push("term, count(*) AS rows FROM m, unnest(terms) AS term WHERE left(term, 2) = ");
            sql.bind::<Text, _>(facet.prefix());
            sql.push(" GROUP BY term");
        }
    }
    sql
}

pub(super) fn terms(
    connection: &mut PgConnection,
    prefix: &str,
    most: u32,
) -> QueryResult<Vec<(String, u32)>> {
    let rows: Vec<(String, i32)> = sql::<(Text, Integer)>(
        "SELECT substr(term, length(?) + 1), members FROM facet_counts
         WHERE term > ? AND term < ? || U&'\\+10FFFF' ORDER BY members DESC, term LIMIT ?",
    )
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(prefix)
    .bind::<BigInt, _>(i64::from(most))
    .load(connection)?;
    let counts = rows
        .into_iter()
        .map(|(value, count)| (value, count.unsigned_abs()));
    Ok(counts.collect())
}

/// A count of a million rows takes seconds and locks no row that a request changes: the usual timeout is not for it.
pub(super) fn take_time(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("SET LOCAL statement_timeout = '10min'")
}

pub(super) fn recount_facets(connection: &mut PgConnection) -> QueryResult<()> {
    take_time(connection)?;
    sql::<()>(
        "WITH counted AS MATERIALIZED (
             SELECT term, count(*)::integer AS rows FROM directory_entries, unnest(terms) AS term
             WHERE left(term, 1) = '#' GROUP BY term
             UNION ALL SELECT '#', count(*)::integer FROM directory_entries HAVING count(*) > 0),
         gone AS (
             DELETE FROM facet_counts f WHERE NOT EXISTS (SELECT FROM counted c WHERE c.term = f.term))
         INSERT INTO facet_counts (term, members) SELECT term, rows FROM counted
         ON CONFLICT (term) DO UPDATE SET members = excluded.members
         WHERE facet_counts.members <> excluded.members",
    )
    .execute(connection)
    .map(drop)
}

/// What one row of the sets says of the register, and of the directory by its terms.
const SETS: &str = "
    WITH studied AS MATERIALIZED (
        SELECT DISTINCT a.record_id, d.faculty_id, d.id AS department_id, a.year
        FROM awards a JOIN alumni_records r ON r.id = a.record_id
        LEFT JOIN programmes p ON p.id = a.programme_id
        LEFT JOIN departments d ON d.id = COALESCE(a.department_id, p.department_id)
        WHERE r.state = 'active'),
    graduates AS (
        SELECT CASE GROUPING(faculty_id, department_id, year)
                   WHEN 3 THEN 'faculty' WHEN 5 THEN 'department' WHEN 6 THEN 'year' ELSE 'faculty_year' END AS kind,
            COALESCE(faculty_id, 0) AS faculty, COALESCE(department_id, 0) AS department, COALESCE(year, 0) AS year,
            count(DISTINCT record_id)::integer AS graduates
        FROM studied
        GROUP BY GROUPING SETS ((faculty_id), (department_id), (year), (faculty_id, year)))
    INSERT INTO set_counts (kind, faculty_id, department_id, year, graduates, members, counted_at)
    SELECT g.kind, g.faculty, g.department, g.year, g.graduates, COALESCE(f.members, 0), ?
    FROM graduates g
    LEFT JOIN facet_counts f ON f.term = CASE g.kind
        WHEN 'faculty' THEN '#f' || g.faculty WHEN 'department' THEN '#d' || g.department
        WHEN 'year' THEN '#y' || g.year ELSE '#Fy' || g.faculty || '.' || g.year END
    WHERE (g.kind <> 'faculty' OR g.faculty <> 0) AND (g.kind <> 'department' OR g.department <> 0)
        AND (g.kind <> 'faculty_year' OR g.faculty <> 0)";

pub(super) fn recount_sets(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    take_time(connection)?;
    sql::<()>("DELETE FROM set_counts").execute(connection)?;
    sql::<()>(SETS)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
        .map(drop)
}

type SetRow = (String, i16, i16, i16, i32, i32, DateTime<Utc>);

pub(super) fn sets(connection: &mut PgConnection) -> QueryResult<Vec<SetCount>> {
    let rows: Vec<SetRow> = sql::<(
        Text,
        SmallInt,
        SmallInt,
        SmallInt,
        Integer,
        Integer,
        Timestamptz,
    )>(
        "SELECT kind, faculty_id, department_id, year, graduates, members, counted_at
             FROM set_counts ORDER BY kind, faculty_id, department_id, year",
    )
    .load(connection)?;
    let counts = rows.into_iter().filter_map(|row| {
        let (kind, faculty, department, year, graduates, members, counted_at) = row;
        Some(SetCount {
            kind: match kind.as_str() {
                "faculty" => SetKind::Faculty,
                "department" => SetKind::Department,
                "year" => SetKind::Year,
                "faculty_year" => SetKind::FacultyYear,
                _ => return None,
            },
            faculty,
            department,
            year,
            graduates: graduates.unsigned_abs(),
            members: members.unsigned_abs(),
            counted_at,
        })
    });
    Ok(counts.collect())
}
