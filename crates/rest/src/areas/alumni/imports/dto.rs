use abu_application::alumni::{
    imports::{self, KEPT_FOR, reason_text},
    ports,
};
use abu_domain::alumni::{
    import_state::{ImportState, Verdict},
    imports::Mapping,
};
use chrono::NaiveDate;
use serde_json::Value;

use crate::areas::prelude::*;

json_form! {
    /// An import of the register.
    #[schema(example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41",
        "kind": "awards",
        "state": "judged",
        "file_name": "graduates-2015.csv",
        "file_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "bytes": 57023384,
        "encoding": "utf-8",
        "delimiter": ",",
        "mapping": {"surname": {"column": "Surname"}},
        "legal_basis": "Public task: the register of graduates",
        "dry_run": true,
        "lines": 3,
        "counts": {
            "malformed": 0, "unknown_value": 1, "duplicate_in_file": 0, "conflict": 0,
            "ready": 2, "will_update": 0, "unchanged": 0,
        },
        "unknown_values": [{"field": "department", "problem": "unknown", "value": "COMP SCI", "lines": 1}],
        "failure": null,
        "task_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42",
        "created_by": "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43",
        "created_at": "2026-01-05T08:30:00Z",
        "judged_at": "2026-01-05T08:30:40Z",
        "committed_by": null,
        "committed_at": null,
        "rollback_until": null,
        "last_modified": "2026-01-05T08:30:45Z",
    }))]
    pub(super) struct Import from import: ports::Import {
        uuid: Uuid = import.id.uuid(),
        /// What its lines are.
        kind: &'static str = "awards",
        /// `uploaded`, `judging`, `judged`, `committing`, `committed`, `rolling_back`, `rolled_back`, `failed` or
        /// `discarded`.
        state: &'static str = import.state.name(),
        file_name: String = import.file_name,
        /// SHA-256 of the file, in hexadecimal.
        file_hash: String = import.file_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        /// The size of the file.
        bytes: u64 = import.bytes,
        /// As it was found; null before the file was read.
        encoding: Option<String> = import.encoding,
        /// The character between cells; null before the file was read.
        delimiter: Option<String> = import.delimiter,
        /// Which columns hold which fields.
        #[schema(value_type = Object)]
        mapping: Value = import.mapping,
        /// Why the data may be processed.
        legal_basis: String = import.legal_basis,
        /// Whether judging leaves the commit to a request of its own.
        dry_run: bool = !import.commit_when_judged,
        /// Rows of the file, without its header.
        lines: u64 = import.lines,
        /// Lines by verdict; their sum is `lines` once they are judged.
        counts: Counts = Counts::of(&import.counts),
        /// Values that the mapping and the reference data lack, at most 200, with the numbers of their lines.
        unknown_values: Vec<UnknownValue> = import.unknown_values.into_iter().map(Into::into).collect(),
        /// Why the last step failed; null if it did not.
        failure: Option<String> = import.failure,
        /// The newest task about it.
        task_uuid: Option<Uuid> = import.task.map(|task| task.uuid()),
        /// Null for the operator at the machine.
        created_by: Option<Uuid> = import.created_by.map(|user| user.uuid()),
        created_at: DateTime<Utc> = import.created_at,
        judged_at: Option<DateTime<Utc>> = import.judged_at,
        committed_by: Option<Uuid> = import.committed_by.map(|user| user.uuid()),
        committed_at: Option<DateTime<Utc>> = import.committed_at,
        /// Until when it can be rolled back; null unless it can.
        rollback_until: Option<DateTime<Utc>> = match import.state {
            ImportState::Committed => import.committed_at.map(|at| at + KEPT_FOR),
            _ => None,
        },
        last_modified: DateTime<Utc> = import.last_modified,
    }
}

/// Numbers of lines, by verdict.
#[derive(Serialize, ToSchema)]
pub(super) struct Counts {
    malformed: u64,
    unknown_value: u64,
    duplicate_in_file: u64,
    conflict: u64,
    ready: u64,
    will_update: u64,
    unchanged: u64,
}

impl Counts {
    fn of(counts: &[(Verdict, u64)]) -> Self {
        let of = |wanted: Verdict| {
            let found = counts.iter().find(|(verdict, _)| *verdict == wanted);
            found.map_or(0, |(_, lines)| *lines)
        };
        Self {
            malformed: of(Verdict::Malformed),
            unknown_value: of(Verdict::UnknownValue),
            duplicate_in_file: of(Verdict::DuplicateInFile),
            conflict: of(Verdict::Conflict),
            ready: of(Verdict::Ready),
            will_update: of(Verdict::WillUpdate),
            unchanged: of(Verdict::Unchanged),
        }
    }
}

json_form! {
    /// A value of the file that means nothing, or several things.
    pub(super) struct UnknownValue from value: ports::UnknownCount {
        /// `department`, `programme` or `degree`.
        field: String = value.field,
        /// `unknown`, or `ambiguous` where the reference data has several entries of that name.
        problem: String = value.problem,
        value: String = value.value,
        /// How many lines have it.
        lines: u64 = value.lines,
    }
}

json_form! {
    /// A line of the file, with its verdict.
    #[schema(example = json!({
        "line": 7,
        "state": "will_update",
        "reasons": [],
        "record_uuid": "6f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44",
        "diff": {"changed": {"year": {"before": "2015", "after": "2016"}}, "kept": {}},
        "surname": "Bello",
        "given_names": "Amina Sani",
        "matric": "U15CS1070",
        "department": "computer-science",
        "programme": null,
        "degree": "bsc",
        "year": 2016,
        "class_of_degree": "Second Class Upper",
        "email": "amina@example.com",
        "phone": "+2348031234567",
        "date_of_birth": "1993-04-01",
    }))]
    pub(super) struct Line from line: ports::JudgedLine {
        /// Where it begins in the file, from 1.
        line: u32 = line.line,
        /// The verdict.
        state: &'static str = line.verdict.name(),
        /// Why it is malformed, doubtful or left as it is.
        reasons: Vec<Reason> = line.reasons.into_iter().map(Reason::of).collect(),
        /// The record that it matches; null for a line that matches none.
        record_uuid: Option<Uuid> = match line.verdict {
            Verdict::Ready => None,
            _ => line.record.map(|record| record.uuid()),
        },
        /// Fields that change, and fields that are kept because the office or the graduate set them, each with its
        /// values before and after.
        #[schema(value_type = Option<Object>)]
        diff: Option<Value> = line.diff,
        surname: Option<String> = line.surname,
        given_names: Option<String> = line.given_names,
        /// The matriculation number as it is written.
        matric: Option<String> = line.matric,
        /// The code of the reference data.
        department: Option<String> = line.department,
        programme: Option<String> = line.programme,
        degree: Option<String> = line.degree,
        year: Option<i16> = line.year,
        class_of_degree: Option<String> = line.class_of_degree,
        email: Option<String> = line.email,
        phone: Option<String> = line.phone,
        date_of_birth: Option<NaiveDate> = line.date_of_birth,
    }
}

/// Why a line has its verdict.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"code": "other-name", "text": "the record that matches has another name"}))]
pub(super) struct Reason {
    /// For programs: a code such as `other-name`, or `field:rule:value`.
    code: String,
    /// For people.
    text: String,
}

impl Reason {
    fn of(code: String) -> Self {
        Self {
            text: reason_text(&code),
            code,
        }
    }
}

json_form! {
    /// What the beginning of a file shows.
    #[schema(example = json!({
        "encoding": "utf-8",
        "delimiter": ",",
        "header": ["Surname", "First Name", "Matric No"],
        "rows": [["Bello", "Amina", "U15CS1070"]],
        "mapping": {"surname": {"column": "Surname"}, "given_names": {"columns": ["First Name"]}},
    }))]
    pub(super) struct Preview from preview: imports::Preview {
        encoding: &'static str = preview.format.encoding.name(),
        /// The character between cells.
        delimiter: String = char::from(preview.format.delimiter).to_string(),
        /// The names of the columns.
        header: Vec<String> = preview.header,
        /// The first rows, at most 20.
        rows: Vec<Vec<String>> = preview.rows,
        /// What the header and the rows suggest, to be corrected and sent with the upload.
        #[schema(value_type = Object)]
        mapping: Mapping = preview.mapping,
    }
}

/// Work that goes on in the background.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"task_uuid": "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42"}))]
pub(super) struct Started {
    /// Its task, which `Location` leads to.
    pub(super) task_uuid: Uuid,
}
