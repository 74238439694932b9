use abu_domain::{
    AwardId, ImportId, RecordId, TaskId, UserId,
    alumni::{
        import_state::{ImportState, Verdict},
        imports::CandidateRow,
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

/// An import to be stored.
#[derive(Clone, Debug)]
pub struct NewImport {
    pub id: ImportId,
    pub file_name: String,
    /// SHA-256.
    pub file_hash: [u8; 32],
    pub file_key: String,
    pub bytes: u64,
    /// Canonical JSON.
    pub mapping: Value,
    /// SHA-256 of `mapping`.
    pub mapping_hash: [u8; 32],
    pub legal_basis: String,
    pub commit_when_judged: bool,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub id: ImportId,
    pub state: ImportState,
    pub file_name: String,
    pub file_hash: [u8; 32],
    /// `None` once the file is deleted.
    pub file_key: Option<String>,
    pub bytes: u64,
    /// `None` before the file was read.
    pub encoding: Option<String>,
    pub delimiter: Option<String>,
    pub mapping: Value,
    pub legal_basis: String,
    pub commit_when_judged: bool,
    /// Records in the file, without its header.
    pub lines: u64,
    /// Lines by verdict; those of zero may be absent.
    pub counts: Vec<(Verdict, u64)>,
    pub unknown_values: Vec<UnknownCount>,
    /// Why the last step failed.
    pub failure: Option<String>,
    pub task: Option<TaskId>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub judged_at: Option<DateTime<Utc>>,
    pub committed_by: Option<UserId>,
    pub committed_at: Option<DateTime<Utc>>,
    pub last_modified: DateTime<Utc>,
}

/// A value that the mapping lacks, and how many lines have it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UnknownCount {
    /// `department`, `programme` or `degree`.
    pub field: String,
    /// `unknown`, or `ambiguous` where the reference data has several.
    pub problem: String,
    pub value: String,
    pub lines: u64,
}

/// What the file was found to be.
#[derive(Clone, Debug)]
pub struct StagedFile {
    pub encoding: String,
    pub delimiter: String,
    pub lines: u64,
    pub unknown_values: Vec<UnknownCount>,
}

/// A line with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedLine {
    pub line: u32,
    pub verdict: Verdict,
    /// Defects as stored, or codes of the judgment such as `other-name`.
    pub reasons: Vec<String>,
    /// The record that it matches; for a ready line the one that it becomes.
    pub record: Option<RecordId>,
    pub award: Option<AwardId>,
    /// Changed and kept fields with their values before and after.
    pub diff: Option<Value>,
    pub surname: Option<String>,
    pub given_names: Option<String>,
    pub matric: Option<String>,
    /// Codes of the reference data.
    pub department: Option<String>,
    pub programme: Option<String>,
    pub degree: Option<String>,
    pub year: Option<i16>,
    pub class_of_degree: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
}

/// A record that a roll-back would have to leave as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    pub record: RecordId,
    /// `edited`, `merged`, `restricted`, `other-award`, `claimed` or `invited`.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitCounts {
    pub records: u64,
    pub awards: u64,
    pub updated: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollBackCounts {
    pub records: u64,
    pub restored: u64,
    /// Records that stay as they are.
    pub skipped: u64,
}

/// Whether a run has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStart {
    Begun,
    /// The import is in another state.
    WrongState,
    /// A process works on this or another import.
    Busy,
}

/// How a run leaves its import.
#[derive(Clone, Debug)]
pub struct RunEnd {
    pub state: ImportState,
    /// `None` for success.
    pub failure: Option<String>,
}

/// What becomes of indexes and foreign keys while many rows are inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Others read and write the tables meanwhile.
    BesideOthers,
    /// They are taken off, and put back at the end, where more rows are inserted than there are: much faster. Others
    /// wait until the transaction ends.
    Alone,
}

/// Called before each statement of a long piece of work: how many are done, and of how many.
pub type OnStep<'a> = &'a mut dyn FnMut(u64, u64);

pub trait ImportReads {
    fn import(&mut self, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// The live import of this file by this mapping: neither failed, discarded nor rolled back.
    fn import_of_file(
        &mut self,
        file_hash: &[u8; 32],
        mapping_hash: &[u8; 32],
    ) -> Result<Option<Import>, StoreError>;

    /// A page of imports, newest first.
    fn list_imports(
        &mut self,
        seek: Seek<TimePosition<ImportId>>,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError>;

    fn count_imports(&mut self) -> Result<Total, StoreError>;

    /// Judged lines in the order of the file; of any of the verdicts, or of all if there is none.
    fn judged_lines(
        &mut self,
        id: ImportId,
        verdicts: &[Verdict],
        seek: Seek<u32>,
        limit: u32,
    ) -> Result<Vec<JudgedLine>, StoreError>;

    fn count_judged_lines(
        &mut self,
        id: ImportId,
        verdicts: &[Verdict],
    ) -> Result<Total, StoreError>;

    /// The first lines whose verdicts the register has outrun: the matched record changed, or a record
    /// appeared that a ready line matches.
    fn outdated_lines(&mut self, id: ImportId, limit: u32) -> Result<Vec<u32>, StoreError>;

    /// The first records that a roll-back cannot undo, because something depends on them.
    fn roll_back_blockers(&mut self, id: ImportId, limit: u32) -> Result<Vec<Blocker>, StoreError>;

    /// Imports whose files are still stored, on which no process works and that did not change since,
    /// oldest first.
    fn imports_to_tidy(
        &mut self,
        unchanged_since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError>;

    /// Which of these imports have a file.
    fn imports_with_files(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError>;

    /// Lines of the import that are staged and have a verdict. A crash of the database loses them.
    fn count_staged_lines(&mut self, id: ImportId) -> Result<u64, StoreError>;
}

pub trait ImportWrites {
    /// False, and nothing is inserted, if there is a live import of this file by this mapping.
    fn insert_import(&mut self, import: &NewImport) -> Result<bool, StoreError>;

    fn note_import_task(&mut self, id: ImportId, task: TaskId) -> Result<(), StoreError>;

    /// Makes `run` the process that works on the import, if it is in one of the states `from` and no
    /// other process works on any import. A process without a sign of life for a minute counts as
    /// dead: its import goes back to the state before.
    fn begin_run(
        &mut self,
        id: ImportId,
        run: Uuid,
        from: &[ImportState],
        to: ImportState,
    ) -> Result<RunStart, StoreError>;

    /// Ends the runs of processes without a sign of life for a minute. Their imports go back to the state before.
    fn release_dead_runs(&mut self) -> Result<(), StoreError>;

    /// Ends the run that works on the import, if there is one: its process commits nothing more. The import goes back
    /// to the state before.
    fn release_run(&mut self, id: ImportId) -> Result<(), StoreError>;

    /// A sign of life; false if the run has lost its import.
    fn beat_run(&mut self, id: ImportId, run: Uuid) -> Result<bool, StoreError>;

    /// Ends the run; false if it has lost its import, and the transaction must not commit.
    fn end_run(
        &mut self,
        id: ImportId,
        run: Uuid,
        end: &RunEnd,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Sets the state of an import on which no process works; false if it is in none of the states
    /// `from`.
    fn set_import_state(
        &mut self,
        id: ImportId,
        from: &[ImportState],
        to: ImportState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Deletes staged lines and verdicts; all of them, or those of the lines that the register has.
    fn clear_staging(&mut self, id: ImportId, which: Staging) -> Result<(), StoreError>;

    /// Appends lines by one COPY.
    fn stage_lines(&mut self, id: ImportId, rows: &[CandidateRow]) -> Result<(), StoreError>;

    fn note_staged_file(&mut self, id: ImportId, file: &StagedFile) -> Result<(), StoreError>;

    /// Writes the verdict on each staged line, and their counts. `now` is before the register is read.
    fn judge_import(
        &mut self,
        id: ImportId,
        now: DateTime<Utc>,
        on_step: OnStep<'_>,
    ) -> Result<Vec<(Verdict, u64)>, StoreError>;

    /// Keeps all others from changing the register until the transaction ends, and waits for those that do. Lock
    /// order: before records.
    fn lock_register(&mut self) -> Result<(), StoreError>;

    /// Locks the records that the import changes, in the order of their ids.
    fn lock_records_of_import(&mut self, id: ImportId) -> Result<(), StoreError>;

    /// Writes the lines to the register as their verdicts say. The caller has locked and checked.
    fn commit_import(
        &mut self,
        id: ImportId,
        by: Option<UserId>,
        now: DateTime<Utc>,
        filling: Filling,
        on_step: OnStep<'_>,
    ) -> Result<CommitCounts, StoreError>;

    /// Takes the lines out of the register again, but for the records that something depends on.
    fn roll_back_import(
        &mut self,
        id: ImportId,
        now: DateTime<Utc>,
        on_step: OnStep<'_>,
    ) -> Result<RollBackCounts, StoreError>;

    /// Forgets where the file was and what the import overwrote: it cannot be rolled back any more.
    fn forget_file(&mut self, id: ImportId) -> Result<(), StoreError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staging {
    All,
    /// Lines whose verdict is none that leaves them out.
    Imported,
}
