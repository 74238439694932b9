//! Mappings: which column of a file holds which field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Field;
use crate::platform::text::Violation;

/// Columns whose cells make up the given names, at most.
const MAX_NAME_COLUMNS: usize = 5;
/// Characters of a column's name, at most.
const MAX_COLUMN_NAME: usize = 200;
/// Entries of a map of values, at most.
const MAX_VALUES: usize = 2000;
/// Characters of a value of such a map, at most.
const MAX_VALUE: usize = 200;

/// Which columns of a file hold which fields. Columns that it does not name are not kept.
///
/// Names of columns compare without case, accents and punctuation. Serialization is deterministic, so that equal
/// mappings have equal hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<Column>,
    /// First and middle names, from several columns in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_names: Option<GivenNames>,
    /// The whole name, in place of the two above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<FullName>,
    /// The matriculation number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matric: Option<Column>,
    /// The department, by code, name or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<ValueSource>,
    /// The programme of study, by code, name or alias. It also gives the department and the degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<ValueSource>,
    /// The degree, by code, name or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degree: Option<ValueSource>,
    /// The year of the award.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<YearSource>,
    /// The class of the degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_of_degree: Option<OptionalColumn>,
    /// An e-mail address. Of several in a cell the first counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<OptionalColumn>,
    /// A telephone number. Of several in a cell the first counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<OptionalColumn>,
    /// The date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<DateColumn>,
}

/// One column, by its name in the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name in the header.
    pub column: String,
}

/// A column that may be left out of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalColumn {
    /// The name in the header.
    pub column: String,
    /// What an invalid cell does.
    #[serde(default)]
    pub if_invalid: IfInvalid,
}

/// What an invalid cell of an optional column does to its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfInvalid {
    /// The row is malformed.
    #[default]
    Refuse,
    /// The row is imported without the value.
    LeaveOut,
}

/// The columns of the given names, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenNames {
    /// The names in the header, one to five.
    pub columns: Vec<String>,
}

/// The column of the whole name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullName {
    /// The name in the header.
    pub column: String,
    /// Where the family name stands. A comma after it goes before this.
    pub order: NameOrder,
}

/// Where the family name stands in a whole name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameOrder {
    /// `BELLO Musa Ali`
    SurnameFirst,
    /// `Musa Ali BELLO`
    SurnameLast,
}

/// Where values of the reference data come from: a column, or one value for the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueSource {
    /// The name in the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The value of every row, by code, name or alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The file's own values, each with the code, name or alias that it means: `"COMP SCI": "computer-science"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// Where the year comes from: a column, or one year for the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearSource {
    /// The name in the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The year of every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i16>,
}

/// The column of a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateColumn {
    /// The name in the header.
    pub column: String,
    /// Which number of `7/3/1985` is the day.
    #[serde(default)]
    pub order: DateOrder,
    /// What an invalid cell does.
    #[serde(default)]
    pub if_invalid: IfInvalid,
}

/// The order of the numbers of a date that does not begin with its year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `7/3/1985` is in March.
    #[default]
    DayFirst,
    /// `7/3/1985` is in July.
    MonthFirst,
}

/// Why a mapping cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{} {violation}", field.name(), column_name(column))]
pub struct MappingError {
    /// The field whose source is wrong.
    pub field: Field,
    /// The column, where one is to blame.
    pub column: Option<String>,
    /// The rule that is broken.
    pub violation: Violation,
}

fn column_name(column: &Option<String>) -> String {
    column
        .as_ref()
        .map_or_else(String::new, |column| format!(" (column \"{column}\")"))
}

pub(super) const NOT_IN_HEADER: Violation = Violation {
    code: "mapping.column-unknown",
    rule: "names a column that the header does not have",
};
pub(super) const TWICE_IN_HEADER: Violation = Violation {
    code: "mapping.column-ambiguous",
    rule: "names a column that the header has twice",
};
const COLUMN_NAME: Violation = Violation {
    code: "mapping.column-name",
    rule: "must name its column with 1 to 200 characters",
};
const COLUMN_OR_VALUE: Violation = Violation {
    code: "mapping.source",
    rule: "must have a column or a value, and not both",
};
const NAME_COLUMNS: Violation = Violation {
    code: "mapping.name-columns",
    rule: "must have 1 to 5 columns",
};
const MAP_SIZE: Violation = Violation {
    code: "mapping.map-size",
    rule: "must map at most 2,000 values of at most 200 characters",
};
const YEAR_RANGE: Violation = Violation {
    code: "mapping.year",
    rule: "must be a year from 1962 to 2100",
};
const REQUIRED: Violation = Violation {
    code: "mapping.required",
    rule: "is required",
};
const ONE_NAME: Violation = Violation {
    code: "mapping.names",
    rule: "must not stand beside surname and given_names",
};
const DEGREE: Violation = Violation {
    code: "mapping.required",
    rule: "is required, unless there is a programme",
};
const PLACE: Violation = Violation {
    code: "mapping.required",
    rule: "is required, unless there is a programme or a matric",
};

/// The first year in which the university awarded degrees.
pub(super) const FIRST_YEAR: i16 = 1962;
/// The last year that an award can have.
pub(super) const LAST_YEAR: i16 = 2100;

impl Mapping {
    /// Everything that is wrong with the mapping by itself, whatever the file. Empty if it can be used.
    ///
    /// A mapping needs names, a year, a degree or a programme, and a matriculation number, a department or a
    /// programme, without which a row could not be told from others.
    pub fn errors(&self) -> Vec<MappingError> {
        let mut errors = Vec::new();
        self.check_names(&mut errors);
        self.check_values(&mut errors);
        for (field, column) in self.columns() {
            if !(1..=MAX_COLUMN_NAME).contains(&column.trim().chars().count()) {
                errors.push(error(field, Some(column), COLUMN_NAME));
            }
        }
        errors
    }

    fn check_names(&self, errors: &mut Vec<MappingError>) {
        let is_split = self.surname.is_some() || self.given_names.is_some();
        if self.full_name.is_some() && is_split {
            errors.push(error(Field::FullName, None, ONE_NAME));
        }
        if self.full_name.is_none() {
            if self.surname.is_none() {
                errors.push(error(Field::Surname, None, REQUIRED));
            }
            if self.given_names.is_none() {
                errors.push(error(Field::GivenNames, None, REQUIRED));
            }
        }
        if let Some(names) = &self.given_names
            && !(1..=MAX_NAME_COLUMNS).contains(&names.columns.len())
        {
            errors.push(error(Field::GivenNames, None, NAME_COLUMNS));
        }
    }

    fn check_values(&self, errors: &mut Vec<MappingError>) {
        for (field, source) in self.value_sources() {
            if source.column.is_some() == source.value.is_some() {
                errors.push(error(field, None, COLUMN_OR_VALUE));
            }
            let fits = |text: &String| text.chars().count() <= MAX_VALUE;
            let values = source.map.iter().flat_map(|(from, to)| [from, to]);
            if source.map.len() > MAX_VALUES || !values.chain(&source.value).all(fits) {
                errors.push(error(field, None, MAP_SIZE));
            }
        }
        match &self.year {
            None => errors.push(error(Field::Year, None, REQUIRED)),
            Some(year) if year.column.is_some() == year.value.is_some() => {
                errors.push(error(Field::Year, None, COLUMN_OR_VALUE));
            }
            Some(year)
                if !year
                    .value
                    .is_none_or(|year| (FIRST_YEAR..=LAST_YEAR).contains(&year)) =>
            {
                errors.push(error(Field::Year, None, YEAR_RANGE));
            }
            Some(_) => {}
        }
        if self.degree.is_none() && self.programme.is_none() {
            errors.push(error(Field::Degree, None, DEGREE));
        }
        if self.department.is_none() && self.programme.is_none() && self.matric.is_none() {
            errors.push(error(Field::Department, None, PLACE));
        }
    }

    /// The sources of values of the reference data.
    pub(super) fn value_sources(&self) -> impl Iterator<Item = (Field, &ValueSource)> {
        [
            (Field::Department, &self.department),
            (Field::Programme, &self.programme),
            (Field::Degree, &self.degree),
        ]
        .into_iter()
        .filter_map(|(field, source)| Some((field, source.as_ref()?)))
    }

    /// Every column that the mapping names, with its field.
    pub fn columns(&self) -> impl Iterator<Item = (Field, &str)> {
        let given = self.given_names.iter().flat_map(|names| &names.columns);
        let values = self
            .value_sources()
            .filter_map(|(field, source)| Some((field, source.column.as_ref()?)));
        let single = [
            (Field::Surname, self.surname.as_ref().map(|c| &c.column)),
            (Field::FullName, self.full_name.as_ref().map(|c| &c.column)),
            (Field::Matric, self.matric.as_ref().map(|c| &c.column)),
            (
                Field::Year,
                self.year.as_ref().and_then(|year| year.column.as_ref()),
            ),
            (Field::ClassOfDegree, optional(&self.class_of_degree)),
            (Field::Email, optional(&self.email)),
            (Field::Phone, optional(&self.phone)),
            (
                Field::DateOfBirth,
                self.date_of_birth.as_ref().map(|c| &c.column),
            ),
        ];
        single
            .into_iter()
            .filter_map(|(field, column)| Some((field, column?)))
            .chain(given.map(|column| (Field::GivenNames, column)))
            .chain(values)
            .map(|(field, column)| (field, column.as_str()))
    }
}

fn optional(column: &Option<OptionalColumn>) -> Option<&String> {
    column.as_ref().map(|column| &column.column)
}

pub(super) fn error(field: Field, column: Option<&str>, violation: Violation) -> MappingError {
    MappingError {
        field,
        column: column.map(str::to_owned),
        violation,
    }
}
