use chrono::{DateTime, NaiveDate, Utc};

use super::{Code, Confirmation, Details, Kind, Label};
use crate::platform::text::Violation;

/// From when to when an entry was in use; both days belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl Validity {
    /// A period; an end that is missing is open or not known.
    ///
    /// # Errors
    /// `valid_until.before-start` where it ends before it begins.
    pub fn new(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Result<Self, Violation> {
        match (from, until) {
            (Some(from), Some(until)) if until < from => Err(Violation {
                code: "valid_until.before-start",
                rule: "must not be before valid_from",
            }),
            _ => Ok(Self { from, until }),
        }
    }

    /// The first day.
    pub const fn from(self) -> Option<NaiveDate> {
        self.from
    }

    /// The last day.
    pub const fn until(self) -> Option<NaiveDate> {
        self.until
    }

    /// Whether the entry was in use on the day, as far as the period is known.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What an entry says: what data files hold and the office edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What programs call it; unique in its list.
    pub code: Code,
    /// Its name.
    pub name: Label,
    /// Other and former names, by which imports find it; at most [`Content::MAX_ALIASES`].
    pub aliases: Vec<Label>,
    /// When it was in use.
    pub validity: Validity,
    /// The entry of the same list that took its place.
    pub successor: Option<Code>,
    /// What confirms it; `None` until the Registry has.
    pub confirmed_by: Option<Confirmation>,
    /// What only its kind has.
    pub details: Details,
}

impl Content {
    /// The most aliases of an entry.
    pub const MAX_ALIASES: usize = 30;

    /// The list that it belongs to.
    pub fn kind(&self) -> Kind {
        self.details.kind()
    }

    /// Every text that finds the entry: code, name, short form, aliases.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let short = self.details.short_form().map(Label::as_str);
        [self.code.as_str(), self.name.as_str()]
            .into_iter()
            .chain(short)
            .chain(self.aliases.iter().map(Label::as_str))
    }
}

/// A stored entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number among the entries of its kind.
    pub id: i32,
    /// What it says.
    pub content: Content,
    /// When the office edited it last; loading data files leaves it alone from then on.
    pub edited_at: Option<DateTime<Utc>>,
    /// When it was stored first.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub last_modified: DateTime<Utc>,
}
