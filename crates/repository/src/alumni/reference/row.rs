//! Entries as JSON.

use abu_domain::alumni::reference::{
    Code, Confirmation, Content, DegreeLevel, Details, Entry, Kind, Label, Validity, Zone,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Failure;

/// An entry as it is read.
#[derive(Deserialize)]
struct Row {
    kind: String,
    id: i32,
    code: String,
    name: String,
    aliases: Vec<String>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    successor: Option<String>,
    confirmed_by: Option<String>,
    edited_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
    first: Option<String>,
    second: Option<String>,
}

/// An entry as it is written. What only its kind has is in `first` and `second`.
#[derive(Serialize)]
pub(super) struct NewRow<'a> {
    code: &'a str,
    name: &'a str,
    aliases: Vec<&'a str>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    successor: Option<&'a str>,
    confirmed_by: Option<&'a str>,
    first: Option<&'a str>,
    second: Option<&'a str>,
}

impl<'a> NewRow<'a> {
    pub(super) fn of(content: &'a Content) -> Self {
        let (first, second) = columns(&content.details);
        Self {
            code: content.code.as_str(),
            name: content.name.as_str(),
            aliases: content.aliases.iter().map(Label::as_str).collect(),
            valid_from: content.validity.from(),
            valid_until: content.validity.until(),
            successor: content.successor.as_ref().map(Code::as_str),
            confirmed_by: content.confirmed_by.as_ref().map(Confirmation::as_str),
            first,
            second,
        }
    }
}

fn columns(details: &Details) -> (Option<&str>, Option<&str>) {
    match details {
        Details::Faculty | Details::Country => (None, None),
        Details::Department { faculty } => (Some(faculty.as_str()), None),
        Details::Degree {
            level,
            abbreviation,
        } => (Some(level.name()), Some(abbreviation.as_str())),
        Details::Programme { department, degree } => {
            (Some(department.as_str()), Some(degree.as_str()))
        }
        Details::State { zone, iso_code } => (Some(zone.name()), Some(iso_code.as_str())),
        Details::Industry { section } => (Some(section.as_str()), None),
    }
}

/// A stored entry that breaks an invariant of the domain.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadEntry {
    #[error("the entry {1} of the list {0} does not have what its kind has")]
    Details(String, String),
    #[error("there is no list {0}")]
    Kind(String),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl From<BadEntry> for Failure {
    fn from(bad: BadEntry) -> Self {
        Self::Query(diesel::result::Error::DeserializationError(bad.into()))
    }
}

pub(super) fn entries(json: &str) -> Result<Vec<Entry>, BadEntry> {
    let rows: Vec<Row> = serde_json::from_str(json)?;
    rows.into_iter().map(Row::entry).collect()
}

pub(super) fn kind_of(name: &str) -> Result<Kind, BadEntry> {
    Kind::from_name(name).ok_or_else(|| BadEntry::Kind(name.to_owned()))
}

impl Row {
    fn entry(self) -> Result<Entry, BadEntry> {
        let kind = kind_of(&self.kind)?;
        let bad = || BadEntry::Details(self.kind.clone(), self.code.clone());
        let details = details(kind, self.first, self.second).ok_or_else(bad)?;
        let validity =
            Validity::new(self.valid_from, self.valid_until).map_err(|_backward| bad())?;
        Ok(Entry {
            id: self.id,
            content: Content {
                name: Label::from_storage(self.name),
                aliases: self.aliases.into_iter().map(Label::from_storage).collect(),
                validity,
                successor: self.successor.map(Code::from_storage),
                confirmed_by: self.confirmed_by.map(Confirmation::from_storage),
                details,
                code: Code::from_storage(self.code),
            },
            edited_at: self.edited_at,
            created_at: self.created_at,
            last_modified: self.last_modified,
        })
    }
}

fn details(kind: Kind, first: Option<String>, second: Option<String>) -> Option<Details> {
    Some(match kind {
        Kind::Faculties => Details::Faculty,
        Kind::Departments => Details::Department {
            faculty: Code::from_storage(first?),
        },
        Kind::Degrees => Details::Degree {
            level: DegreeLevel::from_name(&first?)?,
            abbreviation: Label::from_storage(second?),
        },
        Kind::Programmes => Details::Programme {
            department: Code::from_storage(first?),
            degree: Code::from_storage(second?),
        },
        Kind::States => Details::State {
            zone: Zone::from_name(&first?)?,
            iso_code: Label::from_storage(second?),
        },
        Kind::Countries => Details::Country,
        Kind::Industries => Details::Industry {
            section: Label::from_storage(first?),
        },
    })
}
