//! What a client asks for, in codes; and the filter that they name.

use std::collections::{BTreeMap, BTreeSet};

use abu_domain::{
    Violation,
    alumni::{
        directory::{Facet, Filter, Order},
        names::Query,
        reference::{Catalogue, Kind},
    },
};
use uuid::Uuid;

use super::DirectoryError;
use crate::{alumni::ports::Grown, store::Reads};

const UNKNOWN: Violation = Violation {
    code: "reference.unknown",
    rule: "must be a code or an id that the reference data or the suggestions have",
};

/// Values of the facets, any of each: codes, years, a folded city, or ids of employers and skills.
#[derive(Clone, Debug, Default)]
pub struct FacetCodes {
    /// Codes of the reference data.
    pub codes: BTreeMap<Facet, Vec<String>>,
    pub years: Vec<i16>,
    pub year_from: Option<i16>,
    pub year_to: Option<i16>,
    pub cities: Vec<String>,
    pub employers: Vec<Uuid>,
    pub skills: Vec<Uuid>,
}

/// A search of the directory.
#[derive(Clone, Debug, Default)]
pub struct DirectorySearch {
    /// Words of a name.
    pub name: Option<Query>,
    pub filter: FacetCodes,
    /// Without one, by relevance if there are words, else by name.
    pub order: Option<Order>,
    /// Facets to count.
    pub facets: BTreeSet<Facet>,
}

impl DirectorySearch {
    pub(super) fn order(&self) -> Order {
        let usual = match self.name {
            Some(_) => Order::Relevance,
            None => Order::Name,
        };
        match self.order {
            Some(Order::Relevance) | None => usual,
            Some(order) => order,
        }
    }
}

/// The list of the reference data that the codes of a facet are in.
pub(super) fn kind(facet: Facet) -> Option<Kind> {
    match facet {
        Facet::Faculty => Some(Kind::Faculties),
        Facet::Department => Some(Kind::Departments),
        Facet::Programme => Some(Kind::Programmes),
        Facet::Degree => Some(Kind::Degrees),
        Facet::State => Some(Kind::States),
        Facet::Country => Some(Kind::Countries),
        Facet::Industry => Some(Kind::Industries),
        Facet::Year | Facet::City | Facet::Employer | Facet::Skill => None,
    }
}

impl FacetCodes {
    pub(super) fn filter(
        &self,
        tx: &mut dyn Reads,
        catalogue: &Catalogue,
    ) -> Result<Filter, DirectoryError> {
        let mut filter = Filter::default();
        for (facet, codes) in &self.codes {
            let numbers = codes.iter().map(|code| {
                let list = catalogue.list(kind(*facet)?);
                list.of_code(code).map(|entry| entry.id)
            });
            let numbers: Option<Vec<i32>> = numbers.collect();
            filter.any_of(*facet, numbers.ok_or_else(|| unknown(*facet))?);
        }
        filter.any_of(Facet::Year, &self.years);
        filter.years(self.year_from, self.year_to);
        filter.any_of(Facet::City, &self.cities);
        for (facet, of, ids) in [
            (Facet::Employer, Grown::Employers, &self.employers),
            (Facet::Skill, Grown::Skills, &self.skills),
        ] {
            if ids.is_empty() {
                continue;
            }
            let known = tx.grown_numbers(of, ids)?;
            let numbers: Option<Vec<i32>> = ids.iter().map(|id| known.get(id).copied()).collect();
            filter.any_of(facet, numbers.ok_or_else(|| unknown(facet))?);
        }
        Ok(filter)
    }
}

fn unknown(facet: Facet) -> DirectoryError {
    DirectoryError::Unknown(facet.name(), UNKNOWN)
}
