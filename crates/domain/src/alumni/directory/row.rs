//! Search rows: what alumni may find of a member, and nothing else.

use std::collections::BTreeSet;

use super::{Facet, city_value};
use crate::{
    CountryId, DepartmentId, EmployerId, IndustryId, StateId, UserId,
    alumni::{
        names::Name,
        visibility::{VisibleAward, VisibleProfile},
    },
};

/// A member as the directory stores them. It is made of a projection alone, so a field that its audience may not see
/// cannot match, filter, sort, be counted or be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRow {
    user: UserId,
    display_name: String,
    name: Name,
    terms: Vec<String>,
    year: Option<i16>,
    department: Option<DepartmentId>,
    country: Option<CountryId>,
    state: Option<StateId>,
    city: Option<String>,
    industry: Option<IndustryId>,
    employer: Option<EmployerId>,
    headline: Option<String>,
}

impl SearchRow {
    /// The row of a profile; `None` if its name has no letter that a search could find.
    pub fn of(profile: &VisibleProfile) -> Option<Self> {
        let name = format!("{} {}", profile.surname(), profile.given_names());
        let first = profile.awards().first();
        let employer = profile.employer().filter(|employer| employer.is_facet);
        Some(Self {
            user: profile.user(),
            display_name: profile.display_name().to_owned(),
            name: Name::parse(&name).ok()?,
            terms: terms(profile),
            year: first.map(|award| award.year),
            department: first.and_then(|award| Some(award.department.as_ref()?.id)),
            country: profile.country().map(|country| country.id),
            state: profile.state().map(|state| state.id),
            city: profile.city().map(str::to_owned),
            industry: profile.industry().map(|industry| industry.id),
            employer: employer.map(|employer| employer.id),
            headline: profile.headline().map(str::to_owned),
        })
    }

    /// Whose row it is.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The name as a card shows it.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The folded name, the surname first. It sorts members.
    pub fn name_key(&self) -> &str {
        self.name.key()
    }

    /// The sorted tokens of the name: equal for names that differ in order alone.
    pub fn name_set(&self) -> String {
        self.name.set()
    }

    /// How many tokens the name has.
    pub fn name_count(&self) -> i16 {
        i16::try_from(self.name.tokens().count()).unwrap_or(i16::MAX)
    }

    /// Tokens of all names that may be found, and the terms of facets; sorted, without blanks.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// The tokens of names among the terms.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        let terms = self.terms.iter().map(String::as_str);
        terms.filter(|term| !term.starts_with('#'))
    }

    /// The year of the first award.
    pub const fn year(&self) -> Option<i16> {
        self.year
    }

    /// The department of the first award.
    pub const fn department(&self) -> Option<DepartmentId> {
        self.department
    }

    /// The country of residence.
    pub const fn country(&self) -> Option<CountryId> {
        self.country
    }

    /// The state of residence.
    pub const fn state(&self) -> Option<StateId> {
        self.state
    }

    /// The city of residence, as the member writes it.
    pub fn city(&self) -> Option<&str> {
        self.city.as_deref()
    }

    /// The industry.
    pub const fn industry(&self) -> Option<IndustryId> {
        self.industry
    }

    /// The employer, if it is a facet.
    pub const fn employer(&self) -> Option<EmployerId> {
        self.employer
    }

    /// What the member says in one line.
    pub fn headline(&self) -> Option<&str> {
        self.headline.as_deref()
    }
}

fn terms(profile: &VisibleProfile) -> Vec<String> {
    let mut terms: BTreeSet<String> = profile.name_tokens().iter().cloned().collect();
    for award in profile.awards() {
        terms.extend(award_terms(award));
    }
    let one = [
        profile
            .country()
            .map(|country| Facet::Country.term(country.id.get())),
        profile
            .state()
            .map(|state| Facet::State.term(state.id.get())),
        profile
            .city()
            .and_then(city_value)
            .map(|city| Facet::City.term(city)),
        profile
            .industry()
            .map(|industry| Facet::Industry.term(industry.id.get())),
        profile
            .employer()
            .filter(|employer| employer.is_facet)
            .map(|employer| Facet::Employer.term(employer.id.get())),
    ];
    terms.extend(one.into_iter().flatten());
    let skills = profile.skills().iter().filter(|skill| skill.is_facet);
    terms.extend(skills.map(|skill| Facet::Skill.term(skill.id.get())));
    terms.into_iter().collect()
}

fn award_terms(award: &VisibleAward) -> BTreeSet<String> {
    let year = award.year;
    let units = [
        (
            Facet::Faculty,
            award.faculty.as_ref().map(|unit| i32::from(unit.id.get())),
        ),
        (
            Facet::Department,
            award
                .department
                .as_ref()
                .map(|unit| i32::from(unit.id.get())),
        ),
        (
            Facet::Programme,
            award.programme.as_ref().map(|unit| unit.id.get()),
        ),
    ];
    let units = units
        .into_iter()
        .filter_map(|(facet, id)| Some((facet, id?)));
    let units = units.flat_map(|(facet, id)| [facet.term(id), facet.in_year(id, year)]);
    let own = [
        Facet::Year.term(year),
        Facet::Degree.term(award.degree.id.get()),
    ];
    units.chain(own).collect()
}
