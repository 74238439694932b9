use abu_application::{
    access::Server,
    alumni::{
        imports::{ImportDraft, ImportError, Imports, RolledBack, Unwatched, Uploaded},
        ports::{CommitCounts, Import, JudgedLine},
    },
    platform::lists::Seek,
};
use abu_domain::{
    ImportId, RecordId,
    alumni::{import_state::Verdict, imports::Mapping},
    platform::text::Reason,
};
use serde_json::json;

use crate::support::{Member, TestApp};

pub(in super::super) const HEADER: &str =
    "Surname,First Name,Other Names,Matric No,Department,Degree,Year,Email,Phone";

/// Two departments, two degrees and a programme.
const REFERENCE: &str = "
    INSERT INTO faculties (id, code, name, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'science', 'Science', now(), now());
    INSERT INTO departments (id, code, name, aliases, faculty_id, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'computer-science', 'Computer Science', '{CS}', 1, now(), now()),
               (2, 'law', 'Law', '{}', 1, now(), now());
    INSERT INTO degrees (id, code, name, level, abbreviation, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now()),
               (2, 'msc', 'Master of Science', 'master', 'M.Sc.', now(), now());
    INSERT INTO programmes (id, code, name, department_id, degree_id, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'bsc-computer-science', 'B.Sc. Computer Science', 1, 1, now(), now());";

/// The register on an application of its own.
pub(in super::super) struct Register {
    pub(in super::super) app: TestApp,
}

/// Verdicts with their lines, those of none left out.
pub(in super::super) fn counts(import: &Import) -> Vec<(Verdict, u64)> {
    import.counts.clone()
}

pub(in super::super) fn mapping() -> Mapping {
    serde_json::from_value(json!({
        "surname": {"column": "Surname"},
        "given_names": {"columns": ["First Name", "Other Names"]},
        "matric": {"column": "Matric No"},
        "department": {"column": "Department"},
        "degree": {"column": "Degree"},
        "year": {"column": "Year"},
        "email": {"column": "Email"},
        "phone": {"column": "Phone"},
    }))
    .unwrap()
}

impl Register {
    pub(in super::super) fn new() -> Self {
        let app = TestApp::new();
        app.database.execute(REFERENCE);
        Self { app }
    }

    pub(in super::super) fn imports(&self) -> &Imports {
        &self.app.use_cases.alumni.imports
    }

    pub(in super::super) fn office(&self) -> Member {
        let permissions = [abu_domain::access::Permission::ImportAlumni];
        self.app.member().holding(&permissions).create()
    }

    pub(in super::super) fn try_upload(
        &self,
        file: &[u8],
        change: impl FnOnce(&mut ImportDraft),
    ) -> Result<Uploaded, ImportError> {
        let mut upload = self.imports().begin_upload()?;
        upload.write(file)?;
        let mut draft = ImportDraft {
            file_name: "register.csv".to_owned(),
            mapping: mapping(),
            legal_basis: Reason::parse("Public task").unwrap(),
            dry_run: true,
            again: false,
        };
        change(&mut draft);
        self.imports().take_file(&Server, upload, &draft)
    }

    /// Uploads and judges rows under [`HEADER`].
    pub(in super::super) fn judged(&self, rows: &[&str]) -> Import {
        self.judged_file(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes())
    }

    pub(in super::super) fn judged_file(&self, file: &[u8]) -> Import {
        let uploaded = self.try_upload(file, |draft| draft.again = true).unwrap();
        self.judge(uploaded.import.id)
    }

    pub(in super::super) fn judge(&self, id: ImportId) -> Import {
        let import = self.imports().judge(id, &Unwatched).unwrap();
        let judged: u64 = import.counts.iter().map(|(_, lines)| lines).sum();
        assert_eq!(judged, import.lines, "every line has one verdict");
        import
    }

    pub(in super::super) fn try_commit(&self, id: ImportId) -> Result<CommitCounts, ImportError> {
        self.imports().write_to_register(&Server, id, &Unwatched)
    }

    /// Uploads, judges and commits.
    pub(in super::super) fn imported(&self, rows: &[&str]) -> Import {
        let import = self.judged(rows);
        self.try_commit(import.id).unwrap();
        self.import(import.id)
    }

    pub(in super::super) fn roll_back(
        &self,
        id: ImportId,
        skip: bool,
    ) -> Result<RolledBack, ImportError> {
        self.imports()
            .take_from_register(&Server, id, skip, &Unwatched)
    }

    pub(in super::super) fn import(&self, id: ImportId) -> Import {
        self.app.store(|tx| tx.import(id)).unwrap()
    }

    pub(in super::super) fn lines(&self, import: &Import) -> Vec<JudgedLine> {
        self.app
            .store(|tx| tx.judged_lines(import.id, &[], Seek::START, 1_000))
    }

    /// The verdict on the only line, with its reasons.
    pub(in super::super) fn verdict(&self, row: &str) -> (Verdict, Vec<String>) {
        let import = self.judged(&[row]);
        let mut lines = self.lines(&import);
        let line = lines.pop().unwrap();
        assert!(lines.is_empty());
        (line.verdict, line.reasons)
    }

    /// Surname, given names, matric and year of every award, sorted.
    pub(in super::super) fn awards(&self) -> Vec<String> {
        self.app.database.texts(
            "SELECT concat_ws('|', p.surname, p.given_names, a.matric_raw, a.year) FROM alumni_records p
             JOIN awards a ON a.record_id = p.id WHERE p.state <> 'merged' ORDER BY 1",
        )
    }

    pub(in super::super) fn count(&self, table: &str) -> usize {
        let counted = self
            .app
            .database
            .texts(&format!("SELECT count(*)::text FROM {table}"));
        counted[0].parse().unwrap()
    }

    /// The record of a surname.
    pub(in super::super) fn record(&self, surname: &str) -> RecordId {
        let found = self.app.database.texts(&format!(
            "SELECT id::text FROM alumni_records WHERE surname = '{surname}'"
        ));
        RecordId::new(found[0].parse().unwrap())
    }

    /// Everything in the register but versions and times.
    pub(in super::super) fn contents(&self) -> Vec<String> {
        self.app.database.texts(
            "SELECT (to_jsonb(p) - '{version,last_modified}'::text[])::text FROM alumni_records p
             UNION ALL SELECT (to_jsonb(a) - '{version,last_modified}'::text[])::text FROM awards a
             UNION ALL SELECT (to_jsonb(s) - 'id')::text FROM record_field_sources s ORDER BY 1",
        )
    }
}
