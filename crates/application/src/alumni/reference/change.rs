//! What the office changes in an entry.

use abu_domain::alumni::reference::{
    Code, Confirmation, Content, DegreeLevel, Details, Label, Validity, Zone,
};
use chrono::NaiveDate;

/// A change of an entry; `None` keeps what there is, `Some(None)` removes it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<Label>,
    pub aliases: Option<Vec<Label>>,
    pub valid_from: Option<Option<NaiveDate>>,
    pub valid_until: Option<Option<NaiveDate>>,
    pub successor: Option<Option<Code>>,
    pub confirmed_by: Option<Option<Confirmation>>,
    pub details: DetailsChange,
}

/// A change of what only the entries of one kind have; `None` keeps what there is.
#[derive(Clone, Debug, Default)]
pub struct DetailsChange {
    pub faculty: Option<Code>,
    pub department: Option<Code>,
    pub degree: Option<Code>,
    pub level: Option<DegreeLevel>,
    pub abbreviation: Option<Label>,
    pub zone: Option<Zone>,
    pub iso_code: Option<Label>,
    pub section: Option<Label>,
}

/// Why an entry cannot be changed like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchDetail {
    /// Entries of this list have no such field.
    #[error("{0} belongs to entries of another list")]
    Foreign(&'static str),
    /// The entry would end before it begins.
    #[error("the entry would end before it begins")]
    Backward,
}

impl Change {
    /// What the entry says after the change.
    pub(super) fn apply(self, content: &Content) -> Result<Content, NoSuchDetail> {
        let validity = Validity::new(
            self.valid_from.unwrap_or(content.validity.from()),
            self.valid_until.unwrap_or(content.validity.until()),
        )
        .map_err(|_backward| NoSuchDetail::Backward)?;
        Ok(Content {
            code: content.code.clone(),
            name: self.name.unwrap_or_else(|| content.name.clone()),
            aliases: self.aliases.unwrap_or_else(|| content.aliases.clone()),
            validity,
            successor: self.successor.unwrap_or_else(|| content.successor.clone()),
            confirmed_by: self
                .confirmed_by
                .unwrap_or_else(|| content.confirmed_by.clone()),
            details: self.details.apply(content.details.clone())?,
        })
    }
}

impl DetailsChange {
    fn apply(mut self, details: Details) -> Result<Details, NoSuchDetail> {
        let changed = match details {
            Details::Faculty | Details::Country => details,
            Details::Department { faculty } => Details::Department {
                faculty: self.faculty.take().unwrap_or(faculty),
            },
            Details::Degree {
                level,
                abbreviation,
            } => Details::Degree {
                level: self.level.take().unwrap_or(level),
                abbreviation: self.abbreviation.take().unwrap_or(abbreviation),
            },
            Details::Programme { department, degree } => Details::Programme {
                department: self.department.take().unwrap_or(department),
                degree: self.degree.take().unwrap_or(degree),
            },
            Details::State { zone, iso_code } => Details::State {
                zone: self.zone.take().unwrap_or(zone),
                iso_code: self.iso_code.take().unwrap_or(iso_code),
            },
            Details::Industry { section } => Details::Industry {
                section: self.section.take().unwrap_or(section),
            },
        };
        match self.given().next() {
            Some(foreign) => Err(NoSuchDetail::Foreign(foreign)),
            None => Ok(changed),
        }
    }

    /// The names of the fields that are given.
    pub fn given(&self) -> impl Iterator<Item = &'static str> + use<> {
        let fields = [
            ("faculty", self.faculty.is_some()),
            ("department", self.department.is_some()),
            ("degree", self.degree.is_some()),
            ("level", self.level.is_some()),
            ("abbreviation", self.abbreviation.is_some()),
            ("zone", self.zone.is_some()),
            ("iso_code", self.iso_code.is_some()),
            ("section", self.section.is_some()),
        ];
        fields
            .into_iter()
            .filter_map(|(name, is_given)| is_given.then_some(name))
    }
}
