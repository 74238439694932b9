//! Records of the register: a person, their awards, and where each field came from.

use chrono::{DateTime, NaiveDate, Utc};

use super::MatricNumber;
use crate::{
    AwardId, DegreeId, DepartmentId, ImportId, ProgrammeId, RecordId, UserId,
    alumni::{imports::needs_mark, names::Name},
    identity::text::PhoneNumber,
    named_enum,
    platform::text::{EmailAddress, PersonName, Violation, one_line},
};

/// Awards that one record has, at most.
pub const MAX_AWARDS: usize = 20;
/// Previous names that one record has, at most.
pub const MAX_PREVIOUS_NAMES: usize = 10;

named_enum! {
    /// What a record stands for.
    pub enum RecordState {
        /// A person.
        Active => "active",
        /// Another record replaced it.
        Merged => "merged",
        /// A person who objected: kept, and used for nothing.
        Restricted => "restricted",
    }
}

named_enum! {
    /// Where a field of a record came from.
    pub enum Source {
        /// A file of the registry.
        Import => "import",
        /// A person of the alumni office.
        Office => "office",
        /// The person themself.
        Person => "self",
        /// Another record, which this one replaced.
        Merge => "merge",
    }
}

/// A name as the register takes it: one that no spreadsheet reads as a formula.
///
/// # Errors
/// `name.formula` for a name that begins with `=`, `+`, `-` or `@`, and those of [`PersonName::parse`].
pub fn register_name(text: &str) -> Result<PersonName, Violation> {
    const FORMULA: Violation = Violation {
        code: "name.formula",
        rule: "must not begin with = + - or @",
    };
    match needs_mark(text.trim()) {
        true => Err(FORMULA),
        false => PersonName::parse(text),
    }
}

/// What a record says about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDetails {
    /// The family name.
    pub surname: PersonName,
    /// First and middle names.
    pub given_names: PersonName,
    /// Whole names that the person had before.
    pub previous_names: Vec<PersonName>,
    /// An e-mail address.
    pub email: Option<EmailAddress>,
    /// A telephone number.
    pub phone: Option<PhoneNumber>,
    /// The date of birth.
    pub date_of_birth: Option<NaiveDate>,
}

impl RecordDetails {
    /// The distinct tokens of surname and given names, sorted.
    ///
    /// # Errors
    /// `name.no-letter` if there is none.
    pub fn name_tokens(&self) -> Result<Vec<String>, Violation> {
        let whole = format!("{} {}", self.surname.as_str(), self.given_names.as_str());
        let set = Name::parse(&whole)?.set();
        Ok(set.split(' ').map(str::to_owned).collect())
    }
}

/// A record of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which one.
    pub id: RecordId,
    /// What it says.
    pub details: RecordDetails,
    /// What it stands for.
    pub state: RecordState,
    /// The record that replaced it.
    pub merged_into: Option<RecordId>,
    /// The import that created it; none if the office did.
    pub created_by_import: Option<ImportId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it, or one of its awards, was changed last.
    pub last_modified: DateTime<Utc>,
}

/// What an award says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwardDetails {
    /// The degree.
    pub degree: DegreeId,
    /// The department.
    pub department: Option<DepartmentId>,
    /// The programme of study.
    pub programme: Option<ProgrammeId>,
    /// The year of the award.
    pub year: i16,
    /// The class of the degree, as it is written.
    pub class_of_degree: Option<ClassOfDegree>,
    /// The matriculation number.
    pub matric: Option<MatricNumber>,
}

/// Parses the year of an award.
///
/// # Errors
/// `year.range` outside of 1962 to 2100.
pub fn award_year(year: i32) -> Result<i16, Violation> {
    let in_range = i16::try_from(year)
        .ok()
        .filter(|year| (1962..=2100).contains(year));
    in_range.ok_or(Violation {
        code: "year.range",
        rule: "must be a year from 1962 to 2100",
    })
}

impl AwardDetails {
    /// Whether both can be one award of one person: nothing that both say differs.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let agree = |ours: Option<i32>, theirs: Option<i32>| {
            ours.is_none() || theirs.is_none() || ours == theirs
        };
        let department = |award: &Self| award.department.map(|id| i32::from(id.get()));
        let programme = |award: &Self| award.programme.map(ProgrammeId::get);
        let matric = match (&self.matric, &other.matric) {
            (Some(ours), Some(theirs)) => ours.norm() == theirs.norm(),
            _ => true,
        };
        self.degree == other.degree
            && self.year == other.year
            && matric
            && agree(department(self), department(other))
            && agree(programme(self), programme(other))
    }

    /// The same with what only the other one says.
    #[must_use]
    pub fn completed_by(&self, other: &Self) -> Self {
        Self {
            degree: self.degree,
            department: self.department.or(other.department),
            programme: self.programme.or(other.programme),
            year: self.year,
            class_of_degree: self
                .class_of_degree
                .clone()
                .or_else(|| other.class_of_degree.clone()),
            matric: self.matric.clone().or_else(|| other.matric.clone()),
        }
    }
}

/// An award of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// Which one.
    pub id: AwardId,
    /// Whose.
    pub record: RecordId,
    /// What it says.
    pub details: AwardDetails,
    /// The import that created it; none if the office did.
    pub created_by_import: Option<ImportId>,
}

/// The class of a degree, as registers write it: `Second Class Upper`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassOfDegree(String);

impl ClassOfDegree {
    /// Parses a class: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `class_of_degree.length` unless 1 to 60 characters are left; the codes of invisible and control characters.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "class_of_degree.length",
            rule: "must have 1 to 60 characters",
        };
        one_line(text, 60, LENGTH).map(Self)
    }

    /// Wraps a class that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The class as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where one field came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSource {
    /// The award that has the field; none for a field of the record itself.
    pub award: Option<AwardId>,
    /// The field, such as `surname`.
    pub field: String,
    /// Where its value came from.
    pub source: Source,
    /// The import, where one brought it.
    pub import: Option<ImportId>,
    /// The person, where one changed it.
    pub actor: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn award(matric: Option<&str>, department: Option<i16>) -> AwardDetails {
        AwardDetails {
            degree: DegreeId::new(1),
            department: department.map(DepartmentId::new),
            programme: None,
            year: 2015,
            class_of_degree: None,
            matric: matric.map(|text| MatricNumber::parse(text).unwrap()),
        }
    }

    #[test]
    fn awards_are_one_unless_something_that_both_say_differs() {
        let full = award(Some("U15/CS/1"), Some(1));
        assert!(full.is_same_as(&award(Some("u15cs1"), None)));
        assert!(full.is_same_as(&award(None, Some(1))));
        assert!(!full.is_same_as(&award(Some("U15CS2"), Some(1))));
        assert!(!full.is_same_as(&award(None, Some(2))));
        assert!(!full.is_same_as(&AwardDetails {
            year: 2016,
            ..full.clone()
        }));
        assert_eq!(
            award(None, Some(1)).completed_by(&award(Some("U15/CS/1"), None)),
            full
        );
    }

    #[test]
    fn the_tokens_of_a_record_are_distinct_and_sorted() {
        let name = |text| PersonName::parse(text).unwrap();
        let details = RecordDetails {
            surname: name("Musa"),
            given_names: name("Abdul Rahman Musa"),
            previous_names: vec![],
            email: None,
            phone: None,
            date_of_birth: None,
        };
        assert_eq!(details.name_tokens().unwrap(), ["abdulrahman", "musa"]);
    }
}
