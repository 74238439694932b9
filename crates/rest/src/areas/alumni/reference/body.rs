//! Bodies of requests. Their fields are parsed once the list is known, which the path names.

use abu_application::alumni::reference::{Change, DetailsChange};
use abu_domain::alumni::reference::{
    Code, Confirmation, Content, DegreeLevel, Details, Kind, Label, Validity, Zone,
};
use chrono::NaiveDate;

use super::dto::{ReferenceLevel, ReferenceZone};
use crate::areas::prelude::*;

request_body! {
    /// A new entry. Only the fields of its list are allowed.
    #[schema(example = json!({
        "code": "software-engineering",
        "name": "Software Engineering",
        "aliases": ["Software Engr."],
        "faculty": "physical-sciences",
        "valid_from": "2026-10-01",
        "confirmed_by": "Registry, letter of 3 November 2026",
    }))]
    pub(super) struct NewReferenceEntry into NewReferenceEntry {
        /// 1 to 60 of a to z, 0 to 9 and single hyphens; of a country, its two letters in ISO 3166-1.
        #[schema(min_length = 1, max_length = 60)]
        code: String,
        #[schema(min_length = 1, max_length = 120)]
        name: String,
        /// Other and former names; no other entry of the list has one of them.
        #[schema(max_items = 30)]
        aliases: Option<Vec<String>>,
        /// A department must have it: the code of its faculty.
        faculty: Option<String>,
        /// A programme must have it: the code of its department.
        department: Option<String>,
        /// A programme must have it: the code of its degree.
        degree: Option<String>,
        /// A degree must have it.
        #[schema(value_type = Option<ReferenceLevel>)]
        level: Option<String>,
        /// A degree must have it: its short form.
        #[schema(min_length = 1, max_length = 120)]
        abbreviation: Option<String>,
        /// A state must have it.
        #[schema(value_type = Option<ReferenceZone>)]
        zone: Option<String>,
        /// A state must have it: its code in ISO 3166-2.
        #[schema(min_length = 1, max_length = 120)]
        iso_code: Option<String>,
        /// An industry must have it: its section in ISIC Rev. 4.
        #[schema(min_length = 1, max_length = 120)]
        section: Option<String>,
        /// The first day on which it is in use.
        #[schema(value_type = Option<NaiveDate>)]
        valid_from: Option<String>,
        /// The last day on which it was in use.
        #[schema(value_type = Option<NaiveDate>)]
        valid_until: Option<String>,
        /// The code of the entry that took its place.
        successor: Option<String>,
        /// What confirms it.
        #[schema(min_length = 1, max_length = 120)]
        confirmed_by: Option<String>,
    }
    |body, _violations| Some(body)
}

request_body! {
    /// What is to be changed: a merge patch (RFC 7396). Only the fields of the list are allowed.
    #[schema(example = json!({
        "valid_until": "2026-09-30",
        "successor": "public-administration",
        "confirmed_by": "Registry, letter of 3 November 2026",
    }))]
    pub(super) struct ReferenceChange into ReferenceChange {
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 120, nullable = false)]
        name: Option<String>,
        /// These replace the aliases that there are.
        #[serde(default, deserialize_with = "present")]
        #[schema(max_items = 30, nullable = false)]
        aliases: Option<Vec<String>>,
        /// Of a department.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        faculty: Option<String>,
        /// Of a programme.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        department: Option<String>,
        /// Of a programme.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        degree: Option<String>,
        /// Of a degree.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = ReferenceLevel, required = false)]
        level: Option<String>,
        /// Of a degree.
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 120, nullable = false)]
        abbreviation: Option<String>,
        /// Of a state.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = ReferenceZone, required = false)]
        zone: Option<String>,
        /// Of a state.
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 120, nullable = false)]
        iso_code: Option<String>,
        /// Of an industry.
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 120, nullable = false)]
        section: Option<String>,
        /// Null where it is not known.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<NaiveDate>)]
        valid_from: Option<Option<String>>,
        /// Null while it is in use.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<NaiveDate>)]
        valid_until: Option<Option<String>>,
        /// Null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        successor: Option<Option<String>>,
        /// Null takes the confirmation back.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
        confirmed_by: Option<Option<String>>,
    }
    |body, _violations| Some(body)
}

/// The texts of what only the entries of one list have.
struct DetailTexts {
    faculty: Option<String>,
    department: Option<String>,
    degree: Option<String>,
    level: Option<String>,
    abbreviation: Option<String>,
    zone: Option<String>,
    iso_code: Option<String>,
    section: Option<String>,
}

impl DetailTexts {
    fn require(&self, kind: Kind, violations: &mut Violations) {
        for (field, text) in [
            ("faculty", &self.faculty),
            ("department", &self.department),
            ("degree", &self.degree),
            ("level", &self.level),
            ("abbreviation", &self.abbreviation),
            ("zone", &self.zone),
            ("iso_code", &self.iso_code),
            ("section", &self.section),
        ] {
            if required_fields(kind).contains(&field) {
                violations.required(field, text.as_ref());
            }
        }
    }

    fn parse(self, violations: &mut Violations) -> DetailsChange {
        DetailsChange {
            faculty: code(violations, "faculty", Kind::Faculties, self.faculty),
            department: code(violations, "department", Kind::Departments, self.department),
            degree: code(violations, "degree", Kind::Degrees, self.degree),
            level: violations.optional("level", self.level, level),
            abbreviation: violations.optional("abbreviation", self.abbreviation, Label::parse),
            zone: violations.optional("zone", self.zone, zone),
            iso_code: violations.optional("iso_code", self.iso_code, Label::parse),
            section: violations.optional("section", self.section, Label::parse),
        }
    }
}

impl NewReferenceEntry {
    /// The entry as one of the list.
    pub(super) fn content(self, kind: Kind) -> Result<Content, Problem> {
        let mut violations = Violations::in_body();
        let content = self.parse(kind, &mut violations);
        violations.finish(content)
    }

    fn parse(self, kind: Kind, violations: &mut Violations) -> Option<Content> {
        let own_code = violations.check("code", Code::parse(kind, &self.code));
        let name = violations.check("name", Label::parse(&self.name));
        let aliases = aliases(violations, self.aliases.unwrap_or_default());
        let texts = DetailTexts {
            faculty: self.faculty,
            department: self.department,
            degree: self.degree,
            level: self.level,
            abbreviation: self.abbreviation,
            zone: self.zone,
            iso_code: self.iso_code,
            section: self.section,
        };
        texts.require(kind, violations);
        let given = texts.parse(violations);
        let details = details(kind, given, violations);
        let from = violations.optional("valid_from", self.valid_from, day);
        let until = violations.optional("valid_until", self.valid_until, day);
        let validity = violations.check("valid_until", Validity::new(from, until));
        Some(Content {
            successor: code(violations, "successor", kind, self.successor),
            confirmed_by: violations.optional(
                "confirmed_by",
                self.confirmed_by,
                Confirmation::parse,
            ),
            code: own_code?,
            name: name?,
            aliases: aliases?,
            validity: validity?,
            details: details?,
        })
    }
}

impl ReferenceChange {
    /// The change of an entry of the list.
    pub(super) fn change(self, kind: Kind) -> Result<Change, Problem> {
        let mut violations = Violations::in_body();
        let change = self.parse(kind, &mut violations);
        violations.finish(Some(change))
    }

    fn parse(self, kind: Kind, violations: &mut Violations) -> Change {
        let name = violations.optional("name", self.name, Label::parse);
        let aliases = self.aliases.and_then(|given| aliases(violations, given));
        let texts = DetailTexts {
            faculty: self.faculty,
            department: self.department,
            degree: self.degree,
            level: self.level,
            abbreviation: self.abbreviation,
            zone: self.zone,
            iso_code: self.iso_code,
            section: self.section,
        };
        Change {
            name,
            aliases,
            details: texts.parse(violations),
            valid_from: self
                .valid_from
                .map(|text| violations.optional("valid_from", text, day)),
            valid_until: self
                .valid_until
                .map(|text| violations.optional("valid_until", text, day)),
            successor: self
                .successor
                .map(|text| code(violations, "successor", kind, text)),
            confirmed_by: self
                .confirmed_by
                .map(|text| violations.optional("confirmed_by", text, Confirmation::parse)),
        }
    }
}

fn aliases(violations: &mut Violations, aliases: Vec<String>) -> Option<Vec<Label>> {
    violations.list("aliases", aliases, Content::MAX_ALIASES, |alias| {
        Label::parse(&alias)
    })
}

/// Refuses fields of other lists.
fn details(kind: Kind, given: DetailsChange, violations: &mut Violations) -> Option<Details> {
    let fields = required_fields(kind);
    if let Some(foreign) = given.given().find(|field| !fields.contains(field)) {
        violations.refuse(foreign, FOREIGN.code, FOREIGN.rule);
    }
    Some(match kind {
        Kind::Faculties => Details::Faculty,
        Kind::Countries => Details::Country,
        Kind::Departments => Details::Department {
            faculty: given.faculty?,
        },
        Kind::Degrees => Details::Degree {
            level: given.level?,
            abbreviation: given.abbreviation?,
        },
        Kind::Programmes => Details::Programme {
            department: given.department?,
            degree: given.degree?,
        },
        Kind::States => Details::State {
            zone: given.zone?,
            iso_code: given.iso_code?,
        },
        Kind::Industries => Details::Industry {
            section: given.section?,
        },
    })
}

/// What entries of the list have beside the fields of all lists.
fn required_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Faculties | Kind::Countries => &[],
        Kind::Departments => &["faculty"],
        Kind::Degrees => &["level", "abbreviation"],
        Kind::Programmes => &["department", "degree"],
        Kind::States => &["zone", "iso_code"],
        Kind::Industries => &["section"],
    }
}

pub(super) const FOREIGN: Violation = Violation {
    code: "field.of-another-list",
    rule: "belongs to entries of another list",
};

fn code(
    violations: &mut Violations,
    field: &'static str,
    kind: Kind,
    text: Option<String>,
) -> Option<Code> {
    violations.optional(field, text, |text| Code::parse(kind, text))
}

fn day(text: &str) -> Result<NaiveDate, Violation> {
    const NO_DAY: Violation = Violation {
        code: "day.invalid",
        rule: "must be a day such as 2026-09-30",
    };
    // The form of RFC 3339 alone: the parser takes others, too.
    let is_full = text.len() == 10 && text.is_ascii();
    let day = text.parse().ok().filter(|_| is_full);
    day.ok_or(NO_DAY)
}

fn level(text: &str) -> Result<DegreeLevel, Violation> {
    DegreeLevel::from_name(text).ok_or(Violation {
        code: "level.unknown",
        rule: "must be one of the levels that the API's description lists",
    })
}

fn zone(text: &str) -> Result<Zone, Violation> {
    Zone::from_name(text).ok_or(Violation {
        code: "zone.unknown",
        rule: "must be one of the zones that the API's description lists",
    })
}
