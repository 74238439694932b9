//! The JSON forms of reference data.

use abu_application::alumni::ports::ListHead;
use abu_domain::alumni::reference::{
    Code, Confirmation, DegreeLevel, Details, Entry, Kind, Label, Zone,
};
use chrono::NaiveDate;
use utoipa::{
    PartialSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::areas::prelude::*;

/// The name of a list.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct ReferenceKind(&'static str);

/// The level of a degree.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct ReferenceLevel(&'static str);

/// A geopolitical zone of Nigeria.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct ReferenceZone(&'static str);

macro_rules! names {
    ($($name:ident of $values:ident: $description:literal, $example:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let names = $values::ALL.iter().map(|value| value.name());
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(names))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

names! {
    ReferenceKind of Kind: "The name of a list.", "departments";
    ReferenceLevel of DegreeLevel: "The level of a degree.", "bachelor";
    ReferenceZone of Zone: "A geopolitical zone of Nigeria.", "north_west";
}

/// All lists of reference data.
#[derive(Serialize, ToSchema)]
pub(super) struct ReferenceIndex {
    /// The lists; a list comes after those that it refers to.
    items: Vec<ReferenceHead>,
}

impl From<Vec<ListHead>> for ReferenceIndex {
    fn from(heads: Vec<ListHead>) -> Self {
        Self {
            items: heads.into_iter().map(ReferenceHead::from).collect(),
        }
    }
}

json_form! {
    /// What a list of reference data is.
    pub(super) struct ReferenceHead from head: ListHead {
        /// Its name.
        kind: ReferenceKind = ReferenceKind(head.kind.name()),
        /// Rises with each change of the list.
        #[schema(example = 1)]
        version: i64 = head.version,
        /// Where the list was taken from.
        #[schema(example = "ISO 3166-1 alpha-2 codes; English names of Unicode CLDR 48.2")]
        source: String = head.file.source,
        /// The day on which the source was read.
        #[schema(example = "2026-12-01")]
        retrieved: Option<NaiveDate> = head.file.retrieved,
        /// When the list was changed last.
        #[schema(example = "2026-12-01T09:30:00Z")]
        last_modified: DateTime<Utc> = head.last_modified,
    }
}

/// A list of reference data.
#[derive(Serialize, ToSchema)]
pub(super) struct ReferenceList {
    #[serde(flatten)]
    head: ReferenceHead,
    /// Whether all of its entries are confirmed.
    #[schema(example = false)]
    confirmed: bool,
    /// Its entries, by name.
    items: Vec<ReferenceEntry>,
}

impl ReferenceList {
    pub(super) fn version(&self) -> i64 {
        self.head.version
    }
}

impl From<(ListHead, Vec<Entry>)> for ReferenceList {
    fn from((head, entries): (ListHead, Vec<Entry>)) -> Self {
        let mut contents = entries.iter().map(|entry| &entry.content);
        Self {
            head: head.into(),
            confirmed: contents.all(|content| content.confirmed_by.is_some()),
            items: entries.iter().map(ReferenceEntry::from).collect(),
        }
    }
}

/// An entry of a list. The fields of other lists are left out.
#[derive(Serialize, ToSchema)]
pub(super) struct ReferenceEntry {
    /// What names it in requests and answers; never changes.
    #[schema(example = "computer-science")]
    code: String,
    /// Its name.
    #[schema(example = "Computer Science")]
    name: String,
    /// Other and former names, by which imports find it.
    #[schema(example = json!(["Comp. Sci."]))]
    aliases: Vec<String>,
    /// Of a department: the code of its faculty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "physical-sciences")]
    faculty: Option<String>,
    /// Of a programme: the code of its department.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "computer-science")]
    department: Option<String>,
    /// Of a programme: the code of its degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "bsc")]
    degree: Option<String>,
    /// Of a degree: its level.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<ReferenceLevel>,
    /// Of a degree: its short form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "B.Sc.")]
    abbreviation: Option<String>,
    /// Of a state: its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<ReferenceZone>,
    /// Of a state: its code in ISO 3166-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "NG-KD")]
    iso_code: Option<String>,
    /// Of an industry: its section in ISIC Rev. 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "P")]
    section: Option<String>,
    /// The first day on which it was in use; null if that is not known.
    #[schema(example = "1962-10-04")]
    valid_from: Option<NaiveDate>,
    /// The last day on which it was in use; null while it is.
    #[schema(example = "2016-12-31")]
    valid_until: Option<NaiveDate>,
    /// The code of the entry that took its place.
    #[schema(example = "biology")]
    successor: Option<String>,
    /// Whether the Registry, or the standard that the list follows, confirms it.
    #[schema(example = false)]
    confirmed: bool,
}

impl From<&Entry> for ReferenceEntry {
    fn from(entry: &Entry) -> Self {
        let content = &entry.content;
        let bare = Self {
            code: content.code.to_string(),
            name: content.name.to_string(),
            aliases: content.aliases.iter().map(Label::to_string).collect(),
            faculty: None,
            department: None,
            degree: None,
            level: None,
            abbreviation: None,
            zone: None,
            iso_code: None,
            section: None,
            valid_from: content.validity.from(),
            valid_until: content.validity.until(),
            successor: content.successor.as_ref().map(Code::to_string),
            confirmed: content.confirmed_by.is_some(),
        };
        match &content.details {
            Details::Faculty | Details::Country => bare,
            Details::Department { faculty } => Self {
                faculty: Some(faculty.to_string()),
                ..bare
            },
            Details::Degree {
                level,
                abbreviation,
            } => Self {
                level: Some(ReferenceLevel(level.name())),
                abbreviation: Some(abbreviation.to_string()),
                ..bare
            },
            Details::Programme { department, degree } => Self {
                department: Some(department.to_string()),
                degree: Some(degree.to_string()),
                ..bare
            },
            Details::State { zone, iso_code } => Self {
                zone: Some(ReferenceZone(zone.name())),
                iso_code: Some(iso_code.to_string()),
                ..bare
            },
            Details::Industry { section } => Self {
                section: Some(section.to_string()),
                ..bare
            },
        }
    }
}

/// An entry as the office edits it.
#[derive(Serialize, ToSchema)]
pub(super) struct OfficeEntry {
    /// The list that it belongs to.
    kind: ReferenceKind,
    #[serde(flatten)]
    entry: ReferenceEntry,
    /// What confirms it; null until the Registry has.
    #[schema(example = "Registry, letter of 3 November 2026")]
    confirmed_by: Option<String>,
    /// When the office edited it last; null for an entry as the data file has it.
    #[schema(example = "2026-12-01T09:30:00Z")]
    edited_at: Option<DateTime<Utc>>,
    #[schema(example = "2026-12-01T09:30:00Z")]
    created_at: DateTime<Utc>,
    #[schema(example = "2026-12-01T09:30:00Z")]
    last_modified: DateTime<Utc>,
}

impl From<Entry> for OfficeEntry {
    fn from(entry: Entry) -> Self {
        Self {
            kind: ReferenceKind(entry.content.kind().name()),
            entry: ReferenceEntry::from(&entry),
            confirmed_by: entry
                .content
                .confirmed_by
                .as_ref()
                .map(Confirmation::to_string),
            edited_at: entry.edited_at,
            created_at: entry.created_at,
            last_modified: entry.last_modified,
        }
    }
}
