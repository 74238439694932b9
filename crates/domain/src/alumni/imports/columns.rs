//! The columns of a mapping, found in the header of a file.

use super::{
    Field, Mapping, MappingError,
    mapping::{NOT_IN_HEADER, TWICE_IN_HEADER, error},
};
use crate::platform::text::folded;

/// The positions of a mapping's columns in one header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    of_field: [Vec<usize>; Field::ALL.len()],
}

impl Columns {
    /// Finds the mapping's columns.
    ///
    /// # Errors
    /// Everything that is wrong with the mapping, by itself and for this header.
    pub fn find(mapping: &Mapping, header: &[String]) -> Result<Self, Vec<MappingError>> {
        let mut errors = mapping.errors();
        let names: Vec<String> = header.iter().map(|name| column_key(name)).collect();
        let mut of_field: [Vec<usize>; Field::ALL.len()] = Default::default();
        for (field, column) in mapping.columns() {
            let key = column_key(column);
            let mut found = (0..).zip(&names).filter(|(_, name)| **name == key);
            match (found.next(), found.next()) {
                (Some((at, _)), None) => of_field[field as usize].push(at),
                (Some(_), Some(_)) => errors.push(error(field, Some(column), TWICE_IN_HEADER)),
                (None, _) => errors.push(error(field, Some(column), NOT_IN_HEADER)),
            }
        }
        match errors.is_empty() {
            true => Ok(Self { of_field }),
            false => Err(errors),
        }
    }

    /// The position of the field's only column.
    pub(super) fn one(&self, field: Field) -> Option<usize> {
        self.all(field).first().copied()
    }

    /// The positions of the field's columns, in the order of the mapping.
    pub(super) fn all(&self, field: Field) -> &[usize] {
        &self.of_field[field as usize]
    }
}

/// The form in which names of columns compare. A name of signs alone compares as it is.
pub(super) fn column_key(name: &str) -> String {
    let key = folded(name);
    match key.is_empty() {
        true => name.trim().to_owned(),
        false => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alumni::imports::{Column, GivenNames, ValueSource, YearSource};

    fn mapping() -> Mapping {
        Mapping {
            surname: Some(Column {
                column: "surname".to_owned(),
            }),
            given_names: Some(GivenNames {
                columns: vec!["First name".to_owned(), "other-names".to_owned()],
            }),
            department: Some(ValueSource {
                column: Some("Dept.".to_owned()),
                ..ValueSource::default()
            }),
            degree: Some(ValueSource {
                value: Some("bsc".to_owned()),
                ..ValueSource::default()
            }),
            year: Some(YearSource {
                value: Some(2015),
                ..YearSource::default()
            }),
            ..Mapping::default()
        }
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_of_columns_compare_without_case_and_punctuation() {
        let header = header(&["DEPT", "Other Names", "SURNAME", "FIRST_NAME", "#"]);
        let columns = Columns::find(&mapping(), &header).unwrap();
        assert_eq!(columns.all(Field::GivenNames), [3, 1]);
        assert_eq!(columns.one(Field::Surname), Some(2));
        assert_eq!(columns.one(Field::Degree), None);
    }

    #[test]
    fn a_column_that_is_missing_or_there_twice_is_an_error() {
        let header = header(&["Surname", "SURNAME ", "First name", "Other names"]);
        let errors = Columns::find(&mapping(), &header).unwrap_err();
        let codes: Vec<(Field, &str)> =
            errors.iter().map(|e| (e.field, e.violation.code)).collect();
        assert_eq!(
            codes,
            [
                (Field::Surname, "mapping.column-ambiguous"),
                (Field::Department, "mapping.column-unknown"),
            ]
        );
        assert_eq!(
            errors[1].to_string(),
            "department (column \"Dept.\") names a column that the header does not have"
        );
    }

    #[test]
    fn a_mapping_says_everything_that_it_lacks() {
        let codes = |mapping: &Mapping| -> Vec<String> {
            let errors = mapping.errors();
            errors.iter().map(|e| e.field.name().to_owned()).collect()
        };
        assert_eq!(
            codes(&Mapping::default()),
            ["surname", "given_names", "year", "degree", "department"]
        );
        assert!(codes(&mapping()).is_empty());
        let mut both = mapping();
        both.department = Some(ValueSource {
            column: Some("x".to_owned()),
            value: Some("y".to_owned()),
            ..ValueSource::default()
        });
        both.year = Some(YearSource {
            value: Some(15),
            column: None,
        });
        both.given_names = Some(GivenNames { columns: vec![] });
        assert_eq!(codes(&both), ["given_names", "department", "year"]);
    }
}
