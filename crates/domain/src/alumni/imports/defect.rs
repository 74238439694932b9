//! Defects: why a row cannot be imported as it is.

use std::fmt;

use crate::{named_enum, platform::text::Violation};

named_enum! {
    /// What a column of a register can mean.
    #[derive(PartialOrd, Ord)]
    pub enum Field {
        /// The family name.
        Surname => "surname",
        /// First and middle names.
        GivenNames => "given_names",
        /// The whole name, in one column.
        FullName => "full_name",
        /// The matriculation number.
        Matric => "matric",
        /// The department that taught.
        Department => "department",
        /// The programme of study.
        Programme => "programme",
        /// The degree that was awarded.
        Degree => "degree",
        /// The year of the award.
        Year => "year",
        /// The class of the degree.
        ClassOfDegree => "class_of_degree",
        /// An e-mail address.
        Email => "email",
        /// A telephone number.
        Phone => "phone",
        /// The date of birth.
        DateOfBirth => "date_of_birth",
    }
}

named_enum! {
    /// The rule that a row or one of its cells breaks.
    pub enum Problem {
        /// The record is longer than 64 KB.
        RecordTooLong => "record-too-long",
        /// A cell is longer than 4 KB.
        CellTooLong => "cell-too-long",
        /// The record has more than 200 columns.
        TooManyColumns => "too-many-columns",
        /// The record has more or fewer columns than the header.
        Ragged => "ragged",
        /// A quotation mark opens a cell and is not closed.
        OpenQuote => "open-quote",
        /// The record holds the character NUL.
        Nul => "nul",
        /// The record holds bytes that are no text in the file's encoding.
        BadSequence => "bad-sequence",
        /// The record is UTF-8, in a file of another encoding.
        MixedEncoding => "mixed-encoding",
        /// A required cell is empty.
        Missing => "missing",
        /// The text begins as a spreadsheet's formula does.
        Formula => "formula",
        /// A spreadsheet turned the text into a number or a date.
        Converted => "converted",
        /// A spreadsheet's error stands in place of the value, such as `#REF!`.
        SpreadsheetError => "spreadsheet-error",
        /// The text is too long for the field.
        Length => "length",
        /// The text holds a control character.
        ControlCharacter => "control-character",
        /// The text holds an invisible, private or unassigned character.
        InvisibleCharacter => "invisible-character",
        /// The text has no letter.
        NoLetter => "no-letter",
        /// A word mixes scripts whose letters look alike.
        MixedScripts => "mixed-scripts",
        /// The text has not the form of the field.
        Invalid => "invalid",
        /// The value lies outside the field's range.
        OutOfRange => "out-of-range",
        /// The reference data has no such value.
        Unknown => "unknown",
        /// The reference data has several such values.
        Ambiguous => "ambiguous",
    }
}

impl Problem {
    /// Whether a mapping or the reference data can mend it, without a change of the file: the verdict is
    /// `unknown_value` instead of `malformed`.
    pub fn is_unknown_value(self) -> bool {
        matches!(self, Self::Unknown | Self::Ambiguous)
    }

    fn rule(self, field: Option<Field>) -> &'static str {
        match self {
            Self::RecordTooLong => "is longer than 64 KB",
            Self::CellTooLong => "has a cell longer than 4 KB",
            Self::TooManyColumns => "has more than 200 columns",
            Self::Ragged => "has not as many columns as the header",
            Self::OpenQuote => "opens a quotation mark that is not closed",
            Self::Nul => "holds the character NUL",
            Self::BadSequence => "holds bytes that are no text in the encoding of the file",
            Self::MixedEncoding => "is UTF-8 in a file that is Windows-1252",
            Self::Missing => "is missing",
            Self::Formula => "begins as a formula does (= + - @)",
            Self::Converted => "looks converted by a spreadsheet",
            Self::SpreadsheetError => "is an error of a spreadsheet",
            Self::Length => "is too long",
            Self::ControlCharacter => "must not contain control characters",
            Self::InvisibleCharacter => "must not contain invisible characters",
            Self::NoLetter => "must contain a letter",
            Self::MixedScripts => "mixes Latin letters with Cyrillic or Greek ones",
            Self::OutOfRange => "is out of range",
            Self::Unknown => "is not in the reference data",
            Self::Ambiguous => "means more than one entry of the reference data",
            Self::Invalid => match field {
                Some(Field::Year) => "must be a year such as 2015 or a session such as 2014/2015",
                Some(Field::Email) => "must be an e-mail address such as amina@example.com",
                Some(Field::Phone) => "must be a full number such as +2348031234567",
                Some(Field::DateOfBirth) => "must be a date such as 1985-03-07 or 7/3/1985",
                Some(Field::Matric) => "must have a letter of A to Z or a digit",
                _ => "is not valid",
            },
        }
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        match violation.code.rsplit_once('.').map(|(_, code)| code) {
            Some("length") => Self::Length,
            Some("control-character") => Self::ControlCharacter,
            Some("invisible-character" | "not-visible") => Self::InvisibleCharacter,
            Some("no-letter") => Self::NoLetter,
            Some("mixed-scripts") => Self::MixedScripts,
            _ => Self::Invalid,
        }
    }
}

/// The longest detail of a defect, in characters.
const MAX_DETAIL: usize = 80;

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    field: Option<Field>,
    problem: Problem,
    detail: String,
}

impl Defect {
    /// A defect of the whole row. The detail may be empty.
    pub fn of_row(problem: Problem, detail: &str) -> Self {
        Self::new(None, problem, detail)
    }

    /// A defect of one field.
    pub fn of_field(field: Field, problem: Problem) -> Self {
        Self::new(Some(field), problem, "")
    }

    /// A value that the reference data does not have, or not once.
    pub fn unknown(field: Field, problem: Problem, value: &str) -> Self {
        Self::new(Some(field), problem, value)
    }

    fn new(field: Option<Field>, problem: Problem, detail: &str) -> Self {
        let detail = detail.chars().take(MAX_DETAIL);
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            field,
            problem,
            detail: detail.map(visible).collect(),
        }
    }

    /// The field with the defect; none if the whole row has it.
    pub fn field(&self) -> Option<Field> {
        self.field
    }

    /// The rule that is broken.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The value that the reference data does not have, or more about the rule; may be empty. Holds no personal data.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The text that storage keeps, such as `department:unknown:COMP SCI`.
    pub fn stored(&self) -> String {
        let field = self.field.map_or("row", Field::name);
        format!("{field}:{}:{}", self.problem.name(), self.detail)
    }

    /// The defect of a stored text; `None` if the text is not one.
    pub fn from_stored(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let field = match parts.next()? {
            "row" => None,
            name => Some(Field::from_name(name)?),
        };
        let problem = Problem::from_name(parts.next()?)?;
        Some(Self::new(field, problem, parts.next()?))
    }
}

/// The defect in English, such as `matric looks converted by a spreadsheet`.
impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.field.map_or("the row", Field::name);
        write!(f, "{subject} {}", self.problem.rule(self.field))?;
        match self.detail.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    #[test]
    fn a_defect_reads_as_a_sentence() {
        let matric = Defect::of_field(Field::Matric, Problem::Converted);
        assert_eq!(
            matric.to_string(),
            "matric looks converted by a spreadsheet"
        );
        let ragged = Defect::of_row(Problem::Ragged, "3 instead of 4");
        assert_eq!(
            ragged.to_string(),
            "the row has not as many columns as the header: 3 instead of 4"
        );
    }

    #[test]
    fn only_texts_that_were_stored_are_read_as_defects() {
        for text in ["", "row", "row:nul", "name:nul:", "row:nothing:"] {
            assert_eq!(Defect::from_stored(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_defect_is_read_as_it_was(
            field in prop::option::of(prop::sample::select(Field::ALL)),
            problem in prop::sample::select(Problem::ALL),
            detail in any_text(),
        ) {
            let defect = Defect::new(field, problem, &detail);
            prop_assert!(!defect.stored().contains(['\0', '\n', '\r', '\t']));
            prop_assert_eq!(Defect::from_stored(&defect.stored()), Some(defect));
        }
    }
}
