//! Statements over all lines of an import. They may take minutes, so they lift the limits of usual statements for
//! their transaction.

use abu_application::alumni::ports::{
    Blocker, CommitCounts, Filling, OnStep, RollBackCounts, Staging,
};
use abu_domain::{ImportId, alumni::import_state::Verdict};
use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    result::QueryResult,
    sql_types::{Array, BigInt, Bool, Integer, Jsonb, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{bare_tables::BareTables, error::Failure, sql::sql};

/// Memory for each sort and hash: a million lines sort in a few batches on disk. Compilation costs more than it
/// saves, because the statements differ from call to call.
const WITHOUT_LIMITS: &str = "SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; \
     SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// Checks before an answer: they may take longer than usual statements, and end before their caller's deadline.
const CHECK: &str =
    "SET LOCAL statement_timeout = '14s'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// Below it the planner's own statistics are good enough.
const MANY: usize = 10_000;

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!($name, ".sql"))
    };
}

/// The steps of the judgment, each with the temporary table that it fills.
const JUDGMENT: [(&str, &str); 9] = [
    (text!("find_repeats"), "import_repeats"),
    (text!("match_matric"), "import_matches"),
    (text!("match_email"), "import_matches"),
    (text!("match_names"), "import_matches"),
    (text!("settle_matches"), "import_matches"),
    (text!("doubt_matches"), "import_matches"),
    (text!("find_shared"), "import_shared"),
    (text!("compare"), "import_differences"),
    (text!("write_verdicts"), "import_verdicts"),
];

/// Answers with the number of lines by verdict.
pub(super) fn judge(
    connection: &mut PgConnection,
    import: ImportId,
    on_step: OnStep<'_>,
) -> Result<Value, Failure> {
    connection.batch_execute(WITHOUT_LIMITS)?;
    connection.batch_execute(text!("judge_tables"))?;
    connection.batch_execute("ANALYZE import_rows")?;
    sql::<()>("DELETE FROM import_verdicts WHERE import_id = ?")
        .bind::<SqlUuid, _>(import.uuid())
        .execute(connection)?;
    for (done, (text, table)) in (0_u64..).zip(JUDGMENT) {
        on_step(done, JUDGMENT.len() as u64);
        let statement = sql::<()>(text);
        match text.contains('?') {
            true => statement
                .bind::<SqlUuid, _>(import.uuid())
                .execute(connection)?,
            false => statement.execute(connection)?,
        };
        connection.batch_execute(&format!("ANALYZE {table}"))?;
    }
    connection.batch_execute(
        "DROP TABLE import_repeats, import_matches, import_shared, import_differences",
    )?;
    let counts: Value = sql::<Jsonb>(
        "SELECT coalesce(jsonb_object_agg(state, lines), '{}') FROM (
             SELECT state, count(*) AS lines FROM import_verdicts WHERE import_id = ? GROUP BY state) AS counted",
    )
    .bind::<SqlUuid, _>(import.uuid())
    .get_result(connection)?;
    Ok(counts)
}

pub(super) fn outdated(
    connection: &mut PgConnection,
    import: ImportId,
    limit: u32,
) -> Result<Vec<u32>, Failure> {
    connection.batch_execute(CHECK)?;
    let lines: Vec<i32> = sql::<Integer>(text!("outdated"))
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<BigInt, _>(i64::from(limit))
        .load(connection)?;
    Ok(lines.into_iter().map(i32::unsigned_abs).collect())
}

/// Of the register in this schema.
macro_rules! register_lock {
    ($function:literal) => {
        concat!(
            "SELECT ",
            $function,
            "(hashtextextended('register of ' || current_schema(), 0))"
        )
    };
}

pub(super) fn lock_register(connection: &mut PgConnection) -> Result<(), Failure> {
    connection.batch_execute(WITHOUT_LIMITS)?;
    connection.batch_execute(register_lock!("pg_advisory_xact_lock"))?;
    Ok(())
}

/// False while an import waits for the lock or has it.
pub(in crate::alumni) fn share_register(connection: &mut PgConnection) -> Result<bool, Failure> {
    Ok(sql::<Bool>(register_lock!("pg_try_advisory_xact_lock_shared")).get_result(connection)?)
}

pub(super) fn lock_records(connection: &mut PgConnection, import: ImportId) -> Result<(), Failure> {
    connection.batch_execute(WITHOUT_LIMITS)?;
    sql::<()>(concat!(
        "SELECT count(*) FROM (",
        include_str!("lock_changed.sql"),
        ") AS locked"
    ))
    .bind::<SqlUuid, _>(import.uuid())
    .execute(connection)?;
    Ok(())
}

/// A statement about an import at a time; answers with the number of rows.
fn at(
    connection: &mut PgConnection,
    text: &'static str,
    import: ImportId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    sql::<()>(text)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(import.uuid())
        .execute(connection)
}

fn of(connection: &mut PgConnection, text: &'static str, import: ImportId) -> QueryResult<usize> {
    sql::<()>(text)
        .bind::<SqlUuid, _>(import.uuid())
        .execute(connection)
}

pub(super) fn commit(
    connection: &mut PgConnection,
    import: ImportId,
    now: DateTime<Utc>,
    filling: Filling,
    on_step: OnStep<'_>,
) -> Result<CommitCounts, Failure> {
    const STEPS: u64 = 6;
    connection.batch_execute(WITHOUT_LIMITS)?;
    let bare = (filling == Filling::Alone && has_more_than_the_register(connection, import)?)
        .then(|| BareTables::strip(connection, &["alumni_records", "awards"]))
        .transpose()?;
    on_step(0, STEPS);
    let updated = of(connection, text!("save_before"), import)?;
    on_step(1, STEPS);
    let records = at(connection, text!("insert_records"), import, now)?;
    on_step(2, STEPS);
    let awards = at(connection, text!("insert_awards"), import, now)?;
    if let Some(bare) = bare {
        bare.restore(connection)?;
    }
    if updated > 0 {
        on_step(3, STEPS);
        at(connection, text!("update_awards"), import, now)?;
        on_step(4, STEPS);
        at(connection, text!("update_records"), import, now)?;
        on_step(5, STEPS);
        at(connection, text!("note_sources"), import, now)?;
    }
    if records + updated > MANY {
        connection.batch_execute("ANALYZE alumni_records; ANALYZE awards")?;
    }
    Ok(CommitCounts {
        records: records as u64,
        awards: awards as u64,
        updated: updated as u64,
    })
}

fn has_more_than_the_register(
    connection: &mut PgConnection,
    import: ImportId,
) -> QueryResult<bool> {
    sql::<Bool>(
        "SELECT (SELECT count(*) FROM import_verdicts WHERE import_id = ? AND state = 'ready')
             > (SELECT count(*) FROM alumni_records)",
    )
    .bind::<SqlUuid, _>(import.uuid())
    .get_result(connection)
}

pub(super) fn blockers(
    connection: &mut PgConnection,
    import: ImportId,
    limit: u32,
) -> Result<Vec<Blocker>, Failure> {
    connection.batch_execute(CHECK)?;
    let rows: Vec<(Uuid, String)> = sql::<(SqlUuid, Text)>(concat!(
        "SELECT record_id, reason FROM (",
        include_str!("blocked.sql"),
        ") AS blocked ORDER BY record_id LIMIT ?"
    ))
    .bind::<SqlUuid, _>(import.uuid())
    .bind::<SqlUuid, _>(import.uuid())
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)?;
    let blocker = |(record, reason): (Uuid, String)| Blocker {
        record: record.into(),
        reason,
    };
    Ok(rows.into_iter().map(blocker).collect())
}

pub(super) fn roll_back(
    connection: &mut PgConnection,
    import: ImportId,
    now: DateTime<Utc>,
    on_step: OnStep<'_>,
) -> Result<RollBackCounts, Failure> {
    const STEPS: u64 = 7;
    connection.batch_execute(WITHOUT_LIMITS)?;
    connection.batch_execute(
        "CREATE TEMPORARY TABLE import_blocked (record_id uuid PRIMARY KEY, reason text NOT NULL) ON COMMIT DROP",
    )?;
    on_step(0, STEPS);
    let skipped = sql::<()>(concat!(
        "INSERT INTO import_blocked (record_id, reason) ",
        include_str!("blocked.sql"),
        " ON CONFLICT DO NOTHING"
    ))
    .bind::<SqlUuid, _>(import.uuid())
    .bind::<SqlUuid, _>(import.uuid())
    .execute(connection)?;
    connection.batch_execute("ANALYZE import_blocked")?;
    on_step(1, STEPS);
    at(connection, text!("restore_awards"), import, now)?;
    on_step(2, STEPS);
    of(connection, text!("delete_awards"), import)?;
    on_step(3, STEPS);
    let restored = at(connection, text!("restore_records"), import, now)?;
    on_step(4, STEPS);
    of(connection, text!("delete_sources"), import)?;
    on_step(5, STEPS);
    of(connection, text!("restore_sources"), import)?;
    on_step(6, STEPS);
    let records = of(connection, text!("delete_records"), import)?;
    connection.batch_execute("DROP TABLE import_blocked")?;
    Ok(RollBackCounts {
        records: records as u64,
        restored: restored as u64,
        skipped: skipped as u64,
    })
}

pub(super) fn clear_staging(
    connection: &mut PgConnection,
    import: ImportId,
    which: Staging,
) -> Result<(), Failure> {
    connection.batch_execute(WITHOUT_LIMITS)?;
    if which == Staging::All {
        of(
            connection,
            "DELETE FROM import_rows WHERE import_id = ?",
            import,
        )?;
        of(
            connection,
            "DELETE FROM import_verdicts WHERE import_id = ?",
            import,
        )?;
        return Ok(());
    }
    let imported: Vec<&str> = Verdict::ALL
        .iter()
        .filter(|verdict| !verdict.is_left_out())
        .map(|verdict| verdict.name())
        .collect();
    sql::<()>(
        "DELETE FROM import_rows r USING import_verdicts v
         WHERE r.import_id = ? AND v.import_id = r.import_id AND v.line = r.line AND v.state = ANY (?)",
    )
    .bind::<SqlUuid, _>(import.uuid())
    .bind::<Array<Text>, _>(&imported)
    .execute(connection)?;
    sql::<()>("DELETE FROM import_verdicts WHERE import_id = ? AND state = ANY (?)")
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<Array<Text>, _>(&imported)
        .execute(connection)?;
    Ok(())
}
