use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    DegreeId, DepartmentId, ProgrammeId,
    platform::text::{any_text, folded},
};

/// A few entries, compared as the reference data compares them.
struct FewEntries;

impl Vocabulary for FewEntries {
    fn department(&self, text: &str) -> Found<DepartmentId> {
        match folded(text).as_str() {
            "computer science" | "cs" => Found::One(DepartmentId::new(1)),
            "law" => Found::One(DepartmentId::new(2)),
            "engineering" => Found::Several,
            _ => Found::Nothing,
        }
    }

    fn degree(&self, text: &str) -> Found<DegreeId> {
        match folded(text).as_str() {
            "b sc" | "bsc" => Found::One(DegreeId::new(1)),
            "m sc" | "msc" => Found::One(DegreeId::new(2)),
            _ => Found::Nothing,
        }
    }

    fn programme(
        &self,
        text: &str,
        _: Option<DepartmentId>,
        degree: Option<DegreeId>,
    ) -> Found<Programme> {
        if folded(text) != "computer science" {
            return Found::Nothing;
        }
        match degree {
            None => Found::Several,
            Some(degree) => Found::One(Programme {
                id: ProgrammeId::new(i32::from(degree.get())),
                department: DepartmentId::new(1),
                degree,
            }),
        }
    }
}

const HEADER: [&str; 11] = [
    "Surname",
    "First",
    "Other",
    "Matric",
    "Dept",
    "Programme",
    "Degree",
    "Year",
    "Class",
    "Email",
    "DOB",
];

fn mapping() -> Mapping {
    let column = |name: &str| Column {
        column: name.to_owned(),
    };
    let optional = |name: &str| OptionalColumn {
        column: name.to_owned(),
        if_invalid: IfInvalid::Refuse,
    };
    let value = |name: &str| ValueSource {
        column: Some(name.to_owned()),
        ..ValueSource::default()
    };
    Mapping {
        surname: Some(column("surname")),
        given_names: Some(GivenNames {
            columns: vec!["first".to_owned(), "other".to_owned()],
        }),
        matric: Some(column("matric")),
        department: Some(ValueSource {
            map: BTreeMap::from([("COMP. SCI".to_owned(), "cs".to_owned())]),
            ..value("dept")
        }),
        programme: Some(value("programme")),
        degree: Some(value("degree")),
        year: Some(YearSource {
            column: Some("year".to_owned()),
            value: None,
        }),
        class_of_degree: Some(optional("class")),
        email: Some(optional("email")),
        date_of_birth: Some(DateColumn {
            column: "dob".to_owned(),
            order: DateOrder::DayFirst,
            if_invalid: IfInvalid::Refuse,
        }),
        ..Mapping::default()
    }
}

fn reader(mapping: &Mapping) -> RowReader<FewEntries> {
    let header = HEADER.map(str::to_owned);
    RowReader::new(mapping, &header, FewEntries, 2026).unwrap()
}

fn read(mapping: &Mapping, row: &[&str]) -> CandidateRow {
    let mut ends = Vec::new();
    let mut text = String::new();
    for cell in row {
        text.push_str(cell);
        ends.push(text.len());
    }
    reader(mapping).read(7, Cells::new(&text, &ends))
}

fn defects(row: &CandidateRow) -> Vec<String> {
    row.defects.iter().map(Defect::stored).collect()
}

#[test]
fn a_whole_row_is_read_in_its_canonical_forms() {
    let row = read(
        &mapping(),
        &[
            "BELLO",
            " Sa'adatu ",
            "Abdul Rahman",
            "u15/cs/1070",
            "comp-sci",
            "",
            "B.Sc.",
            "2014/2015",
            "First",
            "Amina@Example.com",
            "7/3/1985",
        ],
    );
    assert_eq!(defects(&row), [""; 0]);
    assert_eq!(row.line, 7);
    assert_eq!(row.given_names.as_deref(), Some("Sa'adatu Abdul Rahman"));
    assert_eq!(
        row.name_tokens.as_deref(),
        Some("abdulrahman bello saadatu")
    );
    assert_eq!(row.matric.as_ref().map(|m| m.norm()), Some("U15CS1070"));
    assert_eq!(row.department, Some(DepartmentId::new(1)));
    assert_eq!((row.degree, row.year), (Some(DegreeId::new(1)), Some(2015)));
    assert_eq!(row.email.as_deref(), Some("amina@example.com"));
    assert!(row.date_of_birth.is_some() && row.programme.is_none());
}

#[test]
fn a_programme_gives_the_department_and_needs_the_degree() {
    let programme = |degree| {
        let row = [
            "Bello",
            "Musa",
            "",
            "",
            "",
            "Computer Science",
            degree,
            "2015",
            "",
            "",
            "",
        ];
        read(&mapping(), &row)
    };
    let row = programme("M.Sc.");
    assert_eq!(row.programme, Some(ProgrammeId::new(2)));
    assert_eq!(row.department, Some(DepartmentId::new(1)));
    assert_eq!(
        defects(&programme("")),
        ["programme:ambiguous:Computer Science"]
    );
}

#[test]
fn unknown_values_are_told_apart_from_malformed_rows() {
    let row = read(
        &mapping(),
        &[
            "Bello",
            "Musa",
            "",
            "",
            "Astrology",
            "",
            "BSC",
            "2015",
            "",
            "",
            "",
        ],
    );
    assert_eq!(defects(&row), ["department:unknown:Astrology"]);
    assert!(row.has_unknown_value() && !row.is_malformed());
    let row = read(
        &mapping(),
        &[
            "Bello",
            "Musa",
            "",
            "",
            "Engineering",
            "",
            "BSC",
            "15",
            "",
            "",
            "",
        ],
    );
    assert_eq!(
        defects(&row),
        ["department:ambiguous:Engineering", "year:invalid:"]
    );
    assert!(row.is_malformed() && !row.has_unknown_value());
}

#[test]
fn a_row_names_everything_that_is_wrong_with_it() {
    let row = read(
        &mapping(),
        &[
            "=cmd|x", "", "", "8.9E+11", "", "", "", "", "+1", "x", "31113",
        ],
    );
    assert_eq!(
        defects(&row),
        [
            "surname:formula:",
            "given_names:missing:",
            "matric:converted:",
            "degree:missing:",
            "year:missing:",
            "class_of_degree:formula:",
            "email:invalid:",
            "date_of_birth:converted:",
        ]
    );
}

#[test]
fn a_row_needs_a_department_or_a_matric_to_be_told_apart() {
    let row = read(
        &mapping(),
        &["Bello", "Musa", "", "", "", "", "BSC", "2015", "", "", ""],
    );
    assert_eq!(defects(&row), ["department:missing:"]);
    let row = read(
        &mapping(),
        &[
            "Bello", "Musa", "", "0012/85", "", "", "BSC", "2015", "", "", "",
        ],
    );
    assert_eq!(defects(&row), [""; 0]);
}

#[test]
fn an_invalid_optional_cell_can_be_left_out() {
    let mut mapping = mapping();
    mapping.email = Some(OptionalColumn {
        column: "Email".to_owned(),
        if_invalid: IfInvalid::LeaveOut,
    });
    let row = read(
        &mapping,
        &[
            "Bello",
            "Musa",
            "",
            "1",
            "",
            "",
            "BSC",
            "2015",
            "",
            "nothing here",
            "",
        ],
    );
    assert_eq!((row.email, row.defects), (None, vec![]));
}

#[test]
fn a_value_of_the_mapping_stands_in_every_row() {
    let mut mapping = mapping();
    mapping.degree = Some(ValueSource {
        value: Some("msc".to_owned()),
        ..ValueSource::default()
    });
    mapping.year = Some(YearSource {
        column: None,
        value: Some(1999),
    });
    let row = read(
        &mapping,
        &["Bello", "Musa", "", "1", "", "", "", "", "", "", ""],
    );
    assert_eq!((row.degree, row.year), (Some(DegreeId::new(2)), Some(1999)));
    assert!(row.defects.is_empty());
}

proptest! {
    #[test]
    fn any_cells_give_a_whole_row_or_defects(cells in prop::collection::vec(any_text(), 0..12)) {
        let row = read(&mapping(), &cells.iter().map(String::as_str).collect::<Vec<_>>());
        if row.defects.is_empty() {
            prop_assert!(row.surname.is_some() && row.given_names.is_some() && row.name_tokens.is_some());
            prop_assert!(row.degree.is_some() && row.year.is_some());
            prop_assert!(row.department.is_some() || row.matric.is_some());
        } else {
            prop_assert!(row.is_malformed() != row.has_unknown_value());
        }
    }
}
