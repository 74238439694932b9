//! Judged lines, as the report shows them.

use abu_application::{
    alumni::ports::JudgedLine,
    platform::lists::{Seek, Total},
};
use abu_domain::{ImportId, alumni::import_state::Verdict};
use chrono::NaiveDate;
use diesel::{
    PgConnection, RunQueryDsl,
    sql_types::{Array, BigInt, Date, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    lists::in_list_order,
    sql::sql,
};

macro_rules! lines {
    ($place:literal) => {
        concat!(
            "SELECT v.line, v.state, v.reasons, v.record_id, v.award_id, v.diff,
                    r.surname, r.given_names, r.matric_raw, d.code, p.code, g.code, r.year,
                    r.class_of_degree, r.email, r.phone, r.date_of_birth
             FROM import_verdicts v
             JOIN import_rows r USING (import_id, line)
             LEFT JOIN departments d ON d.id = r.department_id
             LEFT JOIN programmes p ON p.id = r.programme_id
             LEFT JOIN degrees g ON g.id = r.degree_id
             WHERE v.import_id = ? AND v.state = ANY (?) AND ",
            $place,
            " LIMIT ?"
        )
    };
}

type Columns = (
    Integer,
    Text,
    Array<Text>,
    Nullable<SqlUuid>,
    Nullable<SqlUuid>,
    Nullable<Jsonb>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<SmallInt>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Date>,
);

type Row = (
    i32,
    String,
    Vec<String>,
    Option<Uuid>,
    Option<Uuid>,
    Option<Value>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i16>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<NaiveDate>,
);

pub(super) fn judged(
    connection: &mut PgConnection,
    import: ImportId,
    verdicts: &[Verdict],
    seek: Seek<u32>,
    limit: u32,
) -> Result<Vec<JudgedLine>, Failure> {
    let (text, from) = match seek {
        Seek::After(from) => (
            lines!("v.line > ? ORDER BY v.line"),
            from.map_or(-1, to_line),
        ),
        Seek::Before(from) => (
            lines!("v.line < ? ORDER BY v.line DESC"),
            from.map_or(i32::MAX, to_line),
        ),
    };
    let rows: Vec<Row> = sql::<Columns>(text)
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<Array<Text>, _>(names(verdicts))
        .bind::<Integer, _>(from)
        .bind::<BigInt, _>(i64::from(limit))
        .load(connection)?;
    let lines = rows
        .into_iter()
        .map(|row| judged_line(import, row))
        .collect::<Result<_, BadRow>>()?;
    Ok(in_list_order(seek.is_backward(), lines))
}

pub(super) fn count(
    connection: &mut PgConnection,
    import: ImportId,
    verdicts: &[Verdict],
) -> Result<Total, Failure> {
    let counted: i64 = sql::<BigInt>(
        "SELECT count(*) FROM (
             SELECT FROM import_verdicts WHERE import_id = ? AND state = ANY (?) LIMIT ?) AS counted",
    )
    .bind::<SqlUuid, _>(import.uuid())
    .bind::<Array<Text>, _>(names(verdicts))
    .bind::<BigInt, _>(Total::EXACT_UP_TO as i64 + 1)
    .get_result(connection)?;
    Ok(Total::of(counted.unsigned_abs()))
}

/// All of them where none is named.
fn names(verdicts: &[Verdict]) -> Vec<&'static str> {
    let wanted = match verdicts {
        [] => Verdict::ALL,
        wanted => wanted,
    };
    wanted.iter().map(|verdict| verdict.name()).collect()
}

fn to_line(line: u32) -> i32 {
    line.try_into().unwrap_or(i32::MAX)
}

fn judged_line(import: ImportId, row: Row) -> Result<JudgedLine, BadRow> {
    let bad = |column| BadRow {
        column,
        id: import.uuid(),
    };
    let (line, verdict, reasons, record, award, diff, surname, given_names, matric, ..) = row;
    let (department, programme, degree, year, class_of_degree, email, phone, date_of_birth) = (
        row.9, row.10, row.11, row.12, row.13, row.14, row.15, row.16,
    );
    Ok(JudgedLine {
        line: line
            .try_into()
            .map_err(|_negative| bad("import_verdicts.line"))?,
        verdict: Verdict::from_name(&verdict).ok_or_else(|| bad("import_verdicts.state"))?,
        reasons,
        record: record.map(Into::into),
        award: award.map(Into::into),
        diff,
        surname,
        given_names,
        matric,
        department,
        programme,
        degree,
        year,
        class_of_degree,
        email,
        phone,
        date_of_birth,
    })
}
