//! Imports of the register: staging by COPY, and judgment, commit and roll-back by statements over all lines.

mod copy_text;
mod lines;
mod long_work;

pub(in crate::alumni) use long_work::share_register;

use abu_application::{
    alumni::ports::{
        Blocker, CommitCounts, Filling, Import, ImportReads, ImportWrites, JudgedLine, NewImport,
        OnStep, RollBackCounts, RunEnd, RunStart, StagedFile, Staging, UnknownCount,
    },
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    ImportId, TaskId, UserId,
    alumni::{
        import_state::{ImportState, Verdict},
        imports::CandidateRow,
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    lists::{in_list_order, newest_first, total},
    schema::{import_rows, imports},
    sql::sql,
    store::Session,
};

/// How long a process may give no sign of life before another one takes its import over.
const DEAD_AFTER: &str = "60 seconds";

/// Ends running runs, and gives their imports the state before.
macro_rules! release_runs {
    ($condition:literal) => {
        concat!(
            "UPDATE imports SET run_id = NULL, heartbeat_at = NULL,
                 state = CASE state WHEN 'judging' THEN 'uploaded' WHEN 'committing' THEN 'judged' ELSE 'committed' END
             WHERE run_id IS NOT NULL AND ",
            $condition
        )
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = imports, check_for_backend(Pg))]
struct ImportRow {
    id: Uuid,
    state: String,
    file_name: String,
    file_hash: Vec<u8>,
    file_key: Option<String>,
    bytes: i64,
    encoding: Option<String>,
    delimiter: Option<String>,
    mapping: Value,
    legal_basis: String,
    commit_when_judged: bool,
    lines: i64,
    counts: Value,
    unknown_values: Value,
    failure: Option<String>,
    task_id: Option<Uuid>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    judged_at: Option<DateTime<Utc>>,
    committed_by: Option<Uuid>,
    committed_at: Option<DateTime<Utc>>,
    last_modified: DateTime<Utc>,
}

impl TryFrom<ImportRow> for Import {
    type Error = BadRow;

    fn try_from(row: ImportRow) -> Result<Self, BadRow> {
        let bad = |column| BadRow { column, id: row.id };
        let unknown_values: Vec<UnknownCount> = serde_json::from_value(row.unknown_values)
            .map_err(|_error| bad("imports.unknown_values"))?;
        Ok(Self {
            id: row.id.into(),
            state: ImportState::from_name(&row.state).ok_or_else(|| bad("imports.state"))?,
            file_name: row.file_name,
            file_hash: row
                .file_hash
                .try_into()
                .map_err(|_| bad("imports.file_hash"))?,
            file_key: row.file_key,
            bytes: row.bytes.unsigned_abs(),
            encoding: row.encoding,
            delimiter: row.delimiter,
            mapping: row.mapping,
            legal_basis: row.legal_basis,
            commit_when_judged: row.commit_when_judged,
            lines: row.lines.unsigned_abs(),
            counts: counts_of(&row.counts),
            unknown_values,
            failure: row.failure,
            task: row.task_id.map(TaskId::new),
            created_by: row.created_by.map(UserId::new),
            created_at: row.created_at,
            judged_at: row.judged_at,
            committed_by: row.committed_by.map(UserId::new),
            committed_at: row.committed_at,
            last_modified: row.last_modified,
        })
    }
}

/// In the order of [`Verdict::ALL`].
fn counts_of(counts: &Value) -> Vec<(Verdict, u64)> {
    let count = |verdict: &Verdict| Some((*verdict, counts.get(verdict.name())?.as_u64()?));
    Verdict::ALL.iter().filter_map(count).collect()
}

fn names(states: &[ImportState]) -> Vec<&'static str> {
    states.iter().map(|state| state.name()).collect()
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::Other(error.into()))
}

fn to_bigint(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

fn all(rows: Vec<ImportRow>) -> Result<Vec<Import>, Failure> {
    let imports = rows.into_iter().map(Import::try_from);
    Ok(imports.collect::<Result<_, BadRow>>()?)
}

impl ImportReads for Session<'_> {
    fn import(&mut self, id: ImportId) -> Result<Option<Import>, StoreError> {
        self.run(|connection| {
            let row = imports::table
                .find(id.uuid())
                .select(ImportRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Import::try_from).transpose()?)
        })
    }

    fn import_of_file(
        &mut self,
        file_hash: &[u8; 32],
        mapping_hash: &[u8; 32],
    ) -> Result<Option<Import>, StoreError> {
        use ImportState::{Discarded, Failed, RolledBack};
        self.run(|connection| {
            let row = imports::table
                .filter(imports::file_hash.eq(&file_hash[..]))
                .filter(imports::mapping_hash.eq(&mapping_hash[..]))
                .filter(imports::state.ne_all(names(&[Failed, Discarded, RolledBack])))
                .select(ImportRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Import::try_from).transpose()?)
        })
    }

    fn list_imports(
        &mut self,
        seek: Seek<TimePosition<ImportId>>,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        self.run(|connection| {
            let query = imports::table.into_boxed();
            let rows = newest_first!(query, seek, imports::created_at, imports::id)
                .limit(limit.into())
                .select(ImportRow::as_select())
                .load(connection)?;
            Ok(in_list_order(seek.is_backward(), all(rows)?))
        })
    }

    fn count_imports(&mut self) -> Result<Total, StoreError> {
        self.run(|connection| Ok(total(connection, imports::table.select(imports::id))?))
    }

    fn judged_lines(
        &mut self,
        id: ImportId,
        verdicts: &[Verdict],
        seek: Seek<u32>,
        limit: u32,
    ) -> Result<Vec<JudgedLine>, StoreError> {
        self.run(|connection| lines::judged(connection, id, verdicts, seek, limit))
    }

    fn count_judged_lines(
        &mut self,
        id: ImportId,
        verdicts: &[Verdict],
    ) -> Result<Total, StoreError> {
        self.run(|connection| lines::count(connection, id, verdicts))
    }

    fn outdated_lines(&mut self, id: ImportId, limit: u32) -> Result<Vec<u32>, StoreError> {
        self.run(|connection| long_work::outdated(connection, id, limit))
    }

    fn roll_back_blockers(&mut self, id: ImportId, limit: u32) -> Result<Vec<Blocker>, StoreError> {
        self.run(|connection| long_work::blockers(connection, id, limit))
    }

    fn imports_to_tidy(
        &mut self,
        unchanged_since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        self.run(|connection| {
            let rows = imports::table
                .filter(imports::file_key.is_not_null())
                .filter(imports::run_id.is_null())
                .filter(imports::last_modified.lt(unchanged_since))
                .order((imports::last_modified.asc(), imports::id.asc()))
                .limit(limit.into())
                .select(ImportRow::as_select())
                .load(connection)?;
            all(rows)
        })
    }

    fn imports_with_files(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        self.run(|connection| {
            Ok(imports::table
                .filter(imports::id.eq_any(ids))
                .filter(imports::file_key.is_not_null())
                .select(imports::id)
                .load(connection)?)
        })
    }

    fn count_staged_lines(&mut self, id: ImportId) -> Result<u64, StoreError> {
        self.run(|connection| {
            let counted: i64 = sql::<BigInt>(
                "SELECT least((SELECT count(*) FROM import_rows WHERE import_id = ?),
                              (SELECT count(*) FROM import_verdicts WHERE import_id = ?))",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<SqlUuid, _>(id.uuid())
            .get_result(connection)?;
            Ok(counted.unsigned_abs())
        })
    }
}

impl ImportWrites for Session<'_> {
    fn insert_import(&mut self, import: &NewImport) -> Result<bool, StoreError> {
        self.run(|connection| {
            let inserted = diesel::insert_into(imports::table)
                .values((
                    imports::id.eq(import.id.uuid()),
                    imports::kind.eq("awards"),
                    imports::state.eq(ImportState::Uploaded.name()),
                    imports::file_name.eq(&import.file_name),
                    imports::file_hash.eq(&import.file_hash[..]),
                    imports::file_key.eq(&import.file_key),
                    imports::bytes.eq(to_bigint(import.bytes)),
                    imports::mapping.eq(&import.mapping),
                    imports::mapping_hash.eq(&import.mapping_hash[..]),
                    imports::legal_basis.eq(&import.legal_basis),
                    imports::commit_when_judged.eq(import.commit_when_judged),
                    imports::created_by.eq(import.created_by.map(UserId::uuid)),
                    imports::created_at.eq(import.created_at),
                    imports::last_modified.eq(import.created_at),
                ))
                .on_conflict_do_nothing()
                .execute(connection)?;
            Ok(inserted == 1)
        })
    }

    fn note_import_task(&mut self, id: ImportId, task: TaskId) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(imports::table.find(id.uuid()))
                .set(imports::task_id.eq(task.uuid()))
                .execute(connection)?;
            Ok(())
        })
    }

    fn begin_run(
        &mut self,
        id: ImportId,
        run: Uuid,
        from: &[ImportState],
        to: ImportState,
    ) -> Result<RunStart, StoreError> {
        self.release_dead_runs()?;
        self.run(|connection| {
            let begun = sql::<()>(
                "UPDATE imports SET state = ?, run_id = ?, heartbeat_at = now(), failure = NULL
                 WHERE id = ? AND state = ANY (?) AND NOT EXISTS (SELECT FROM imports WHERE run_id IS NOT NULL)",
            )
            .bind::<Text, _>(to.name())
            .bind::<SqlUuid, _>(run)
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<Array<Text>, _>(names(from))
            .execute(connection)?;
            if begun == 1 {
                return Ok(RunStart::Begun);
            }
            let is_busy: bool = sql::<Bool>("SELECT EXISTS (SELECT FROM imports WHERE run_id IS NOT NULL)")
                .get_result(connection)?;
            Ok(if is_busy { RunStart::Busy } else { RunStart::WrongState })
        })
    }

    fn release_dead_runs(&mut self) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(release_runs!("heartbeat_at < now() - ?::interval"))
                .bind::<Text, _>(DEAD_AFTER)
                .execute(connection)?;
            Ok(())
        })
    }

    fn release_run(&mut self, id: ImportId) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(release_runs!("id = ?"))
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            Ok(())
        })
    }

    fn beat_run(&mut self, id: ImportId, run: Uuid) -> Result<bool, StoreError> {
        self.run(|connection| {
            let beaten =
                sql::<()>("UPDATE imports SET heartbeat_at = now() WHERE id = ? AND run_id = ?")
                    .bind::<SqlUuid, _>(id.uuid())
                    .bind::<SqlUuid, _>(run)
                    .execute(connection)?;
            Ok(beaten == 1)
        })
    }

    fn end_run(
        &mut self,
        id: ImportId,
        run: Uuid,
        end: &RunEnd,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let ended = sql::<()>(
                "UPDATE imports SET state = ?, failure = ?, run_id = NULL, heartbeat_at = NULL, last_modified = ?
                 WHERE id = ? AND run_id = ?",
            )
            .bind::<Text, _>(end.state.name())
            .bind::<Nullable<Text>, _>(end.failure.as_deref())
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<SqlUuid, _>(run)
            .execute(connection)?;
            Ok(ended == 1)
        })
    }

    fn set_import_state(
        &mut self,
        id: ImportId,
        from: &[ImportState],
        to: ImportState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let set = sql::<()>(
                "UPDATE imports SET state = ?, last_modified = ?, run_id = NULL, heartbeat_at = NULL
                 WHERE id = ? AND state = ANY (?)",
            )
            .bind::<Text, _>(to.name())
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<Array<Text>, _>(names(from))
            .execute(connection)?;
            Ok(set == 1)
        })
    }

    fn clear_staging(&mut self, id: ImportId, which: Staging) -> Result<(), StoreError> {
        self.run(|connection| long_work::clear_staging(connection, id, which))
    }

    fn stage_lines(&mut self, id: ImportId, rows: &[CandidateRow]) -> Result<(), StoreError> {
        let text = copy_text::of(id, rows);
        self.run(|connection| {
            diesel::copy_from(import_rows::table)
                .from_raw_data(import_rows::table, |copy| {
                    std::io::Write::write_all(copy, &text)
                        .map_err(|error| diesel::result::Error::SerializationError(error.into()))
                })
                .execute(connection)?;
            Ok(())
        })
    }

    fn note_staged_file(&mut self, id: ImportId, file: &StagedFile) -> Result<(), StoreError> {
        let unknown_values = to_json(&file.unknown_values)?;
        self.run(|connection| {
            diesel::update(imports::table.find(id.uuid()))
                .set((
                    imports::encoding.eq(&file.encoding),
                    imports::delimiter.eq(&file.delimiter),
                    imports::lines.eq(to_bigint(file.lines)),
                    imports::unknown_values.eq(unknown_values),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn judge_import(
        &mut self,
        id: ImportId,
        now: DateTime<Utc>,
        on_step: OnStep<'_>,
    ) -> Result<Vec<(Verdict, u64)>, StoreError> {
        self.run(|connection| {
            let counted = long_work::judge(connection, id, on_step)?;
            sql::<()>("UPDATE imports SET counts = ?, judged_at = ? WHERE id = ?")
                .bind::<Jsonb, _>(&counted)
                .bind::<Timestamptz, _>(now)
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            Ok(counts_of(&counted))
        })
    }

    fn lock_register(&mut self) -> Result<(), StoreError> {
        self.run(long_work::lock_register)
    }

    fn lock_records_of_import(&mut self, id: ImportId) -> Result<(), StoreError> {
        self.run(|connection| long_work::lock_records(connection, id))
    }

    fn commit_import(
        &mut self,
        id: ImportId,
        by: Option<UserId>,
        now: DateTime<Utc>,
        filling: Filling,
        on_step: OnStep<'_>,
    ) -> Result<CommitCounts, StoreError> {
        self.run(|connection| {
            let counts = long_work::commit(connection, id, now, filling, on_step)?;
            diesel::update(imports::table.find(id.uuid()))
                .set((
                    imports::committed_by.eq(by.map(UserId::uuid)),
                    imports::committed_at.eq(now),
                ))
                .execute(connection)?;
            Ok(counts)
        })
    }

    fn roll_back_import(
        &mut self,
        id: ImportId,
        now: DateTime<Utc>,
        on_step: OnStep<'_>,
    ) -> Result<RollBackCounts, StoreError> {
        self.run(|connection| long_work::roll_back(connection, id, now, on_step))
    }

    fn forget_file(&mut self, id: ImportId) -> Result<(), StoreError> {
        self.run(|connection| {
            long_work::clear_staging(connection, id, Staging::All)?;
            sql::<()>("DELETE FROM import_changes WHERE import_id = ?")
                .bind::<SqlUuid, _>(id.uuid())
                .execute(connection)?;
            diesel::update(imports::table.find(id.uuid()))
                .set(imports::file_key.eq(None::<String>))
                .execute(connection)?;
            Ok(())
        })
    }
}
