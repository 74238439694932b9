//! A small vocabulary, and a file read to its end.

use std::io::{Cursor, Read};

use abu_application::alumni::ports::{Extent, ImportFiles, Inspection};
use abu_domain::{
    DegreeId, DepartmentId, ProgrammeId,
    alumni::imports::{CandidateRow, Defect, Found, Mapping, Programme, Vocabulary},
};
use abu_register_csv::CsvFiles;

pub(crate) struct FewEntries;

impl Vocabulary for FewEntries {
    fn department(&self, text: &str) -> Found<DepartmentId> {
        match text.to_lowercase().as_str() {
            "computer science" | "cs" => Found::One(DepartmentId::new(1)),
            "law" => Found::One(DepartmentId::new(2)),
            _ => Found::Nothing,
        }
    }

    fn degree(&self, text: &str) -> Found<DegreeId> {
        match text.to_lowercase().as_str() {
            "b.sc." | "bsc" => Found::One(DegreeId::new(1)),
            _ => Found::Nothing,
        }
    }

    fn programme(
        &self,
        _: &str,
        department: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<Programme> {
        match (department, degree) {
            (Some(department), Some(degree)) => Found::One(Programme {
                id: ProgrammeId::new(1),
                department,
                degree,
            }),
            _ => Found::Several,
        }
    }
}

pub(crate) fn inspect(bytes: &[u8]) -> Inspection {
    let mut file = bytes;
    CsvFiles.inspect(&mut file, Extent::Whole).unwrap()
}

/// Every row of the file, read by that mapping.
pub(crate) fn rows_by(bytes: &[u8], mapping: &Mapping) -> Vec<CandidateRow> {
    let inspection = inspect(bytes);
    let file: Box<dyn Read + Send> = Box::new(Cursor::new(bytes.to_vec()));
    CsvFiles
        .rows(file, &inspection, mapping, Box::new(FewEntries), 2026)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Every row of the file, read by the mapping that its inspection proposes.
pub(crate) fn rows(bytes: &[u8]) -> Vec<CandidateRow> {
    rows_by(bytes, &inspect(bytes).proposal)
}

/// The line of each row, and its defects as storage keeps them, joined by blanks.
pub(crate) fn verdicts(rows: &[CandidateRow]) -> Vec<(u32, String)> {
    let defects =
        |row: &CandidateRow| -> Vec<String> { row.defects.iter().map(Defect::stored).collect() };
    rows.iter()
        .map(|row| (row.line, defects(row).join(" ")))
        .collect()
}
