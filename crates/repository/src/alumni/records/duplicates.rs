//! Pairs of records that may be one person.

use abu_application::{
    alumni::ports::{ClassKey, Classmates, DuplicatePair},
    platform::lists::{Seek, Total},
};
use abu_domain::{DegreeId, DepartmentId, RecordId, UserId, alumni::register::Classmate};
use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, RunQueryDsl,
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::Failure,
    lists::in_list_order,
    sql::{sql, unzipped},
};

/// Graduates of one step at most, however large a class is.
const MAX_CLASSMATES: i64 = 20_000;

macro_rules! pairs {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM record_duplicates d
              JOIN alumni_records l ON l.id = d.left_id AND l.state = 'active'
              JOIN alumni_records r ON r.id = d.right_id AND r.state = 'active'
              WHERE d.dismissed_at IS NULL ",
            $rest
        )
    };
}

pub(super) fn list(
    connection: &mut PgConnection,
    seek: Seek<(RecordId, RecordId)>,
    limit: u32,
) -> Result<Vec<DuplicatePair>, Failure> {
    let (text, from) = match seek {
        Seek::After(from) => (
            pairs!(
                "d.left_id, d.right_id, d.reason, d.found_at",
                "AND (d.left_id, d.right_id) > (?, ?) ORDER BY d.left_id, d.right_id LIMIT ?"
            ),
            from.unwrap_or((Uuid::nil().into(), Uuid::nil().into())),
        ),
        Seek::Before(from) => (
            pairs!(
                "d.left_id, d.right_id, d.reason, d.found_at",
                "AND (d.left_id, d.right_id) < (?, ?) ORDER BY d.left_id DESC, d.right_id DESC LIMIT ?"
            ),
            from.unwrap_or((Uuid::max().into(), Uuid::max().into())),
        ),
    };
    let rows: Vec<(Uuid, Uuid, String, DateTime<Utc>)> =
        sql::<(SqlUuid, SqlUuid, Text, Timestamptz)>(text)
            .bind::<SqlUuid, _>(from.0.uuid())
            .bind::<SqlUuid, _>(from.1.uuid())
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
    let pair =
        |(left, right, reason, found_at): (Uuid, Uuid, String, DateTime<Utc>)| DuplicatePair {
            left: left.into(),
            right: right.into(),
            reason,
            found_at,
        };
    Ok(in_list_order(
        seek.is_backward(),
        rows.into_iter().map(pair).collect(),
    ))
}

pub(super) fn count(connection: &mut PgConnection) -> Result<Total, Failure> {
    let counted: i64 = sql::<BigInt>(concat!(
        "SELECT count(*) FROM (",
        pairs!("1", "LIMIT ?"),
        ") AS counted"
    ))
    .bind::<BigInt, _>(Total::EXACT_UP_TO as i64 + 1)
    .get_result(connection)?;
    Ok(Total::of(counted.unsigned_abs()))
}

pub(super) fn dismiss(
    connection: &mut PgConnection,
    left: RecordId,
    right: RecordId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    sql::<Integer>(
        "INSERT INTO record_duplicates (left_id, right_id, reason, found_at, dismissed_at, dismissed_by)
         SELECT n.l, n.r, 'names', n.now, n.now, n.by
         FROM (SELECT ?::uuid AS l, ?::uuid AS r, ?::timestamptz AS now, ?::uuid AS by) AS n
         ON CONFLICT (left_id, right_id) DO UPDATE SET
             dismissed_at = excluded.dismissed_at, dismissed_by = excluded.dismissed_by",
    )
    .bind::<SqlUuid, _>(left.uuid())
    .bind::<SqlUuid, _>(right.uuid())
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<SqlUuid>, _>(by.map(UserId::uuid))
    .execute(connection)?;
    Ok(())
}

/// Of many records with one number, each pairs with the next, so that the number of pairs is linear.
pub(super) fn find_shared_matrics(
    connection: &mut PgConnection,
    after: Option<&str>,
    about: u32,
    now: DateTime<Utc>,
) -> Result<Option<String>, Failure> {
    let after = after.unwrap_or_default();
    let last: Option<String> = sql::<Nullable<Text>>(
        "SELECT max(matric_norm) FROM (
             SELECT matric_norm FROM awards WHERE matric_norm > ? ORDER BY matric_norm LIMIT ?) AS page",
    )
    .bind::<Text, _>(after)
    .bind::<BigInt, _>(i64::from(about))
    .get_result(connection)?;
    let Some(last) = last else {
        return Ok(None);
    };
    sql::<Integer>(
        "INSERT INTO record_duplicates (left_id, right_id, reason, found_at)
         SELECT DISTINCT least(one, other), greatest(one, other), 'matric', n.now
         FROM (SELECT ?::timestamptz AS now) AS n, (
             SELECT p.id AS one, lead(p.id) OVER (PARTITION BY a.matric_norm, a.degree_id ORDER BY p.id) AS other
             FROM (SELECT DISTINCT matric_norm, degree_id, record_id FROM awards
                   WHERE matric_norm > ? AND matric_norm <= ?) AS a
             JOIN alumni_records p ON p.id = a.record_id AND p.state = 'active'
         ) AS neighbors
         WHERE other IS NOT NULL
         ON CONFLICT (left_id, right_id) DO UPDATE SET reason = excluded.reason, found_at = excluded.found_at",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(after)
    .bind::<Text, _>(&last)
    .execute(connection)?;
    Ok(Some(last))
}

pub(super) fn note_namesakes(
    connection: &mut PgConnection,
    pairs: &[(RecordId, RecordId)],
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let (left, right) = unzipped(pairs);
    sql::<Integer>(
        "INSERT INTO record_duplicates (left_id, right_id, reason, found_at)
         SELECT p.l, p.r, 'names', n.now
         FROM (SELECT ?::timestamptz AS now) AS n, unnest(?::uuid[], ?::uuid[]) AS p (l, r)
         ON CONFLICT (left_id, right_id) DO UPDATE SET found_at = excluded.found_at",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(left)
    .bind::<Array<SqlUuid>, _>(right)
    .execute(connection)?;
    Ok(())
}

pub(super) fn forget(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<(), Failure> {
    sql::<Integer>("DELETE FROM record_duplicates WHERE found_at < ? AND dismissed_at IS NULL")
        .bind::<Timestamptz, _>(before)
        .execute(connection)?;
    Ok(())
}

pub(super) fn classmates_after(
    connection: &mut PgConnection,
    after: Option<ClassKey>,
    about: u32,
) -> Result<Classmates, Failure> {
    type Row = (i16, i16, Uuid, Vec<String>, i16, Option<String>);
    let (department, year) =
        after.map_or((i16::MIN, 0), |class| (class.department.get(), class.year));
    let last: Option<(i16, i16)> = sql::<(SmallInt, SmallInt)>(
        "SELECT department_id, year FROM (
             SELECT department_id, year FROM awards WHERE (department_id, year) > (?, ?)
             ORDER BY department_id, year LIMIT ?) AS page
         ORDER BY department_id DESC, year DESC LIMIT 1",
    )
    .bind::<SmallInt, _>(department)
    .bind::<SmallInt, _>(year)
    .bind::<BigInt, _>(i64::from(about))
    .load(connection)?
    .pop();
    let Some(last) = last else {
        return Ok(Classmates::default());
    };
    let rows: Vec<Row> = sql::<(
        SmallInt,
        SmallInt,
        SqlUuid,
        Array<Text>,
        SmallInt,
        Nullable<Text>,
    )>(
        "SELECT a.department_id, a.year, p.id, p.name_tokens, a.degree_id, a.matric_norm
             FROM awards a JOIN alumni_records p ON p.id = a.record_id AND p.state = 'active'
             WHERE (a.department_id, a.year) > (?, ?) AND (a.department_id, a.year) <= (?, ?)
             ORDER BY a.department_id, a.year LIMIT ?",
    )
    .bind::<SmallInt, _>(department)
    .bind::<SmallInt, _>(year)
    .bind::<SmallInt, _>(last.0)
    .bind::<SmallInt, _>(last.1)
    .bind::<BigInt, _>(MAX_CLASSMATES)
    .load(connection)?;
    let classmate = |(department, year, record, tokens, degree, matric): Row| {
        let class = ClassKey {
            department: DepartmentId::new(department),
            year,
        };
        let classmate = Classmate {
            record: record.into(),
            tokens,
            degree: DegreeId::new(degree),
            matric,
        };
        (class, classmate)
    };
    let last = ClassKey {
        department: DepartmentId::new(last.0),
        year: last.1,
    };
    Ok(Classmates {
        graduates: rows.into_iter().map(classmate).collect(),
        last: Some(last),
    })
}
