//! A mapping proposed from a header and a few rows.

use super::{
    Column, DateColumn, DateOrder, Field, FullName, GivenNames, IfInvalid, Mapping, NameOrder,
    OptionalColumn, ValueSource, YearSource, cell, columns::column_key, values,
};

/// Names of columns as registers have them, folded, the most telling first.
const KNOWN: &[(Field, &[&str])] = &[
    (
        Field::Surname,
        &[
            "surname",
            "last name",
            "lastname",
            "family name",
            "familyname",
        ],
    ),
    (
        Field::FullName,
        &[
            "full name",
            "fullname",
            "full names",
            "name",
            "names",
            "student name",
            "name of student",
            "names of students",
            "name of graduand",
            "graduand",
            "candidate name",
            "student",
        ],
    ),
    (
        Field::Matric,
        &[
            "matric",
            "matric no",
            "matric number",
            "matricno",
            "matriculation number",
            "matriculation no",
            "matric num",
            "reg no",
            "regno",
            "reg number",
            "registration number",
            "registration no",
            "admission number",
            "admission no",
            "student id",
            "student number",
        ],
    ),
    (
        Field::Department,
        &[
            "department",
            "dept",
            "department name",
            "dept name",
            "department code",
            "departments",
        ],
    ),
    (
        Field::Programme,
        &[
            "programme",
            "program",
            "programme of study",
            "course of study",
            "course",
            "programme name",
            "field of study",
            "discipline",
        ],
    ),
    (
        Field::Degree,
        &[
            "degree",
            "degree awarded",
            "award",
            "qualification",
            "degree obtained",
            "certificate",
            "degree code",
            "degree title",
        ],
    ),
    (
        Field::Year,
        &[
            "year of graduation",
            "graduation year",
            "grad year",
            "year graduated",
            "year of award",
            "award year",
            "year awarded",
            "class year",
            "year",
            "session of graduation",
            "graduation session",
            "session",
            "set",
        ],
    ),
    (
        Field::ClassOfDegree,
        &[
            "class of degree",
            "degree class",
            "class",
            "class of award",
            "grade",
            "honours",
        ],
    ),
    (
        Field::Email,
        &[
            "email",
            "e mail",
            "email address",
            "e mail address",
            "emailaddress",
            "mail",
        ],
    ),
    (
        Field::Phone,
        &[
            "phone",
            "phone number",
            "phone no",
            "telephone",
            "telephone number",
            "mobile",
            "mobile number",
            "mobile no",
            "gsm",
            "gsm number",
            "gsm no",
            "tel",
            "phonenumber",
        ],
    ),
    (
        Field::DateOfBirth,
        &[
            "date of birth",
            "dob",
            "d o b",
            "birth date",
            "birthdate",
            "birthday",
        ],
    ),
];

/// Columns of given names, in the order in which a person has them.
const GIVEN_NAMES: &[&[&str]] = &[
    &[
        "first name",
        "firstname",
        "given name",
        "given names",
        "forename",
        "forenames",
        "first names",
    ],
    &["middle name", "middlename", "middle names", "second name"],
    &[
        "other names",
        "other name",
        "othernames",
        "othername",
        "others",
    ],
];

/// Proposes a mapping for a header and some rows under it. What it does not recognize it leaves out.
pub fn propose(header: &[String], sample: &[Vec<String>]) -> Mapping {
    let keys: Vec<String> = header.iter().map(|name| column_key(name)).collect();
    let find = |names: &[&str]| {
        let mut at = names.iter().filter_map(|name| position(&keys, name));
        at.next().map(|at| header[at].clone())
    };
    let known = |field: Field| {
        let (_, names) = KNOWN.iter().find(|(known, _)| *known == field)?;
        find(names)
    };
    let optional = |field: Field| {
        known(field).map(|column| OptionalColumn {
            column,
            if_invalid: IfInvalid::default(),
        })
    };
    let value = |field: Field| {
        known(field).map(|column| ValueSource {
            column: Some(column),
            ..ValueSource::default()
        })
    };
    let samples = Samples { header, sample };
    let mut mapping = Mapping {
        surname: known(Field::Surname).map(|column| Column { column }),
        given_names: given_names(find),
        matric: known(Field::Matric).map(|column| Column { column }),
        department: value(Field::Department),
        programme: value(Field::Programme),
        degree: value(Field::Degree),
        year: known(Field::Year).map(|column| YearSource {
            column: Some(column),
            value: None,
        }),
        class_of_degree: optional(Field::ClassOfDegree),
        email: optional(Field::Email),
        phone: optional(Field::Phone),
        date_of_birth: known(Field::DateOfBirth).map(|column| DateColumn {
            order: samples.date_order(&column),
            column,
            if_invalid: IfInvalid::default(),
        }),
        full_name: None,
    };
    if mapping.surname.is_none() || mapping.given_names.is_none() {
        mapping.full_name = known(Field::FullName).map(|column| FullName {
            column,
            order: NameOrder::SurnameFirst,
        });
    }
    if mapping.full_name.is_some() {
        mapping.surname = None;
        mapping.given_names = None;
    }
    if mapping.email.is_none() {
        mapping.email = samples.addresses(&mapping).map(|column| OptionalColumn {
            column,
            if_invalid: IfInvalid::default(),
        });
    }
    mapping
}

/// The only column of that name.
fn position(keys: &[String], name: &str) -> Option<usize> {
    let mut found = (0..).zip(keys).filter(|(_, key)| *key == name);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Some(at),
        _ => None,
    }
}

fn given_names(find: impl Fn(&[&str]) -> Option<String>) -> Option<GivenNames> {
    let columns: Vec<String> = GIVEN_NAMES.iter().filter_map(|names| find(names)).collect();
    (!columns.is_empty()).then_some(GivenNames { columns })
}

struct Samples<'a> {
    header: &'a [String],
    sample: &'a [Vec<String>],
}

impl Samples<'_> {
    /// The values of a column.
    fn of(&self, at: usize) -> impl Iterator<Item = &str> {
        let cells = self.sample.iter().filter_map(move |row| row.get(at));
        cells.filter_map(|cell| cell::value(cell))
    }

    /// The order in which most of the column's dates can be read; the day first if both fit.
    fn date_order(&self, column: &str) -> DateOrder {
        let Some(at) = self.header.iter().position(|name| name == column) else {
            return DateOrder::DayFirst;
        };
        let readable = |order: DateOrder| {
            self.of(at)
                .filter(|text| values::date_of_birth(text, order, i16::MAX).is_ok())
                .count()
        };
        match readable(DateOrder::MonthFirst) > readable(DateOrder::DayFirst) {
            true => DateOrder::MonthFirst,
            false => DateOrder::DayFirst,
        }
    }

    /// The first column not yet mapped that holds nothing but e-mail addresses.
    fn addresses(&self, mapping: &Mapping) -> Option<String> {
        let is_free = |name: &&String| !mapping.columns().any(|(_, column)| column == *name);
        let holds_addresses = |at: usize| {
            let mut values = self.of(at).peekable();
            values.peek().is_some() && values.all(|text| values::email(text).is_ok())
        };
        let columns = (0..).zip(self.header);
        let mut found = columns.filter(|(at, name)| is_free(name) && holds_addresses(*at));
        found.next().map(|(_, name)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn proposed(header: &[&str], sample: &[&[&str]]) -> Vec<(&'static str, String)> {
        let sample: Vec<_> = sample.iter().map(|row| texts(row)).collect();
        let mapping = propose(&texts(header), &sample);
        mapping
            .columns()
            .map(|(field, column)| (field.name(), column.to_owned()))
            .collect()
    }

    #[test]
    fn usual_names_of_columns_are_recognized() {
        let header = [
            "S/N",
            "MATRIC NO.",
            "Surname",
            "First Name",
            "Other Names",
            "Dept",
            "Degree Awarded",
            "Year of Graduation",
            "Class of Degree",
            "E-mail",
            "GSM No",
            "D.O.B",
            "State of Origin",
        ];
        let found = proposed(&header, &[]);
        let expected = [
            ("surname", "Surname"),
            ("matric", "MATRIC NO."),
            ("year", "Year of Graduation"),
            ("class_of_degree", "Class of Degree"),
            ("email", "E-mail"),
            ("phone", "GSM No"),
            ("date_of_birth", "D.O.B"),
            ("given_names", "First Name"),
            ("given_names", "Other Names"),
            ("department", "Dept"),
            ("degree", "Degree Awarded"),
        ];
        assert_eq!(
            found,
            expected.map(|(field, column)| (field, column.to_owned()))
        );
    }

    #[test]
    fn a_whole_name_is_proposed_only_without_both_parts() {
        let whole = proposed(&["NAME", "Year"], &[]);
        assert_eq!(whole[0], ("full_name", "NAME".to_owned()));
        let parts = proposed(&["Name", "Surname", "First name"], &[]);
        assert!(parts.iter().all(|(field, _)| *field != "full_name"));
        let half = proposed(&["Name", "Surname"], &[]);
        assert_eq!(half, [("full_name", "Name".to_owned())]);
    }

    #[test]
    fn the_sample_shows_addresses_and_the_order_of_dates() {
        let header = ["dob", "contact"];
        let sample: &[&[&str]] = &[&["3/25/1985", "a@example.com"], &["4/5/1986", ""]];
        let found = proposed(&header, sample);
        assert!(found.contains(&("email", "contact".to_owned())));
        let rows: Vec<_> = sample.iter().map(|row| texts(row)).collect();
        let mapping = propose(&texts(&header), &rows);
        assert_eq!(mapping.date_of_birth.unwrap().order, DateOrder::MonthFirst);
    }

    #[test]
    fn a_name_that_two_columns_have_is_not_proposed() {
        assert_eq!(proposed(&["Email", "email"], &[]), []);
    }

    #[test]
    fn every_known_name_is_folded_and_known_once() {
        let known = KNOWN.iter().flat_map(|(_, names)| names.iter());
        let all: Vec<&str> = known
            .chain(GIVEN_NAMES.iter().flat_map(|names| names.iter()))
            .copied()
            .collect();
        for (at, name) in all.iter().enumerate() {
            assert_eq!(column_key(name), *name);
            assert!(!all[..at].contains(name), "{name}");
        }
    }
}
