//! JSON forms of the directory. An absent field is hidden, unknown, or was not asked for.

use std::collections::BTreeMap;

use abu_application::alumni::{
    directory::{Card, CountedSet, DirectorySearch, FacetCount, Sets, Suggestions, rounded},
    ports::{self, SetKind},
};
use abu_domain::alumni::directory::Facet;

use crate::areas::prelude::*;

json_form! {
    /// A member in the directory.
    #[schema(example = json!({
        "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41", "name": "Fatima Bello", "set": 2015,
        "department": "computer-science", "headline": "Data engineer", "city": "Kaduna", "country": "NG",
    }))]
    pub(super) struct DirectoryCard from card: Card {
        /// The account.
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = card.position.place.user.uuid(),
        #[schema(example = "Fatima Bello")]
        name: String = card.name,
        /// The year of the first award.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = 2015)]
        set: Option<i16> = card.year,
        /// The code of the department of the first award.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "computer-science")]
        department: Option<String> = card.department,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Data engineer")]
        headline: Option<String> = card.headline,
        /// The city of residence.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Kaduna")]
        city: Option<String> = card.city,
        /// The code of the country of residence.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "NG")]
        country: Option<String> = card.country,
    }
}

json_form! {
    /// A value of a facet.
    pub(super) struct FacetValue from counted: FacetCount {
        /// What filters by it: a code, a year, a city or an id.
        #[schema(example = "computer-science")]
        value: String = counted.value,
        /// What people call it, where that differs.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Computer Science")]
        name: Option<String> = counted.name,
        /// How many members of the search have it.
        #[schema(example = 120)]
        count: u32 = counted.count,
    }
}

/// What stands beside a page of the directory.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// Values of the facets that `facets` asked for, at most 50 each, the most frequent first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Vec<FacetValue>>>, example = json!({"year": [{"value": "2015", "count": 120}]}))]
    facets: Option<BTreeMap<&'static str, Vec<FacetValue>>>,
    /// True where a facet was asked for and the search has too many results to count it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = true)]
    facets_omitted: Option<bool>,
    /// Facets that would narrow a search with too many results, whose page lists whole names first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["year", "department"]))]
    narrow: Vec<&'static str>,
}

impl Found {
    pub(super) fn of(
        search: &DirectorySearch,
        facets: BTreeMap<Facet, Vec<FacetCount>>,
        omitted: bool,
        narrow: &[Facet],
    ) -> Self {
        let facets = facets.into_iter().map(|(facet, values)| {
            let values = values.into_iter().map(FacetValue::from);
            (facet.name(), values.collect())
        });
        Self {
            facets: (!search.facets.is_empty()).then(|| facets.collect()),
            facets_omitted: omitted.then_some(true),
            narrow: narrow.iter().map(|facet| facet.name()).collect(),
        }
    }
}

json_form! {
    /// An employer or a skill.
    pub(super) struct NamedId from suggested: ports::Suggested {
        #[schema(example = "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42")]
        uuid: Uuid = suggested.uuid,
        #[schema(example = "Ahmadu Bello University")]
        name: String = suggested.name,
    }
}

json_form! {
    /// How a text may go on.
    pub(super) struct Suggested from suggestions: Suggestions {
        /// Names that several members have, folded.
        #[schema(example = json!(["bello", "bellonwu"]))]
        names: Vec<String> = suggestions.names,
        /// Members whose surname begins so.
        people: Vec<DirectoryCard> = suggestions.people.into_iter().map(Into::into).collect(),
        employers: Vec<NamedId> = suggestions.employers.into_iter().map(Into::into).collect(),
        skills: Vec<NamedId> = suggestions.skills.into_iter().map(Into::into).collect(),
    }
}

json_form! {
    /// A set of graduates.
    pub(super) struct SetSize from counted: CountedSet {
        /// `faculty`, `department`, `year` or `faculty_year`.
        #[schema(example = "faculty_year")]
        kind: &'static str = kind(counted.count.kind),
        /// The code of the faculty.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "engineering")]
        faculty: Option<String> = counted.faculty,
        /// The code of the department.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = json!(null))]
        department: Option<String> = counted.department,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = 2015)]
        year: Option<i16> = Some(counted.count.year).filter(|year| *year != 0),
        /// People in the register of graduates: `<10`, or a multiple of five.
        #[schema(example = "415")]
        graduates: String = rounded(counted.count.graduates),
        /// Listed members: `<10`, or a multiple of five.
        #[schema(example = "<10")]
        members: String = rounded(counted.count.members),
    }
}

json_form! {
    /// Sizes of sets of graduates.
    pub(super) struct SetSizes from sets: Sets {
        /// The night that counted them; null before the first one.
        #[schema(example = "2026-01-05T03:45:00Z")]
        as_of: Option<DateTime<Utc>> = sets.counted_at,
        sets: Vec<SetSize> = sets.sets.into_iter().map(Into::into).collect(),
    }
}

const fn kind(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Faculty => "faculty",
        SetKind::Department => "department",
        SetKind::Year => "year",
        SetKind::FacultyYear => "faculty_year",
    }
}
