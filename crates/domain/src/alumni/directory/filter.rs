//! Filters: any value of a facet, all facets together.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Display,
    ops::RangeInclusive,
};

use super::{Facet, Words};

/// The years that an award can have.
const YEARS: RangeInclusive<i16> = 1962..=2100;
/// More pairs of a unit and a year than this are two conditions.
const MAX_PAIRS: usize = 256;
/// The facets of an award that pair with its year, the most selective first.
const UNITS: [Facet; 3] = [Facet::Programme, Facet::Department, Facet::Faculty];

/// What members must have to be listed.
///
/// Values of one facet are alternatives. A unit and a year mean one award; all other facets of awards may be those of
/// several awards of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    values: BTreeMap<Facet, BTreeSet<String>>,
    from: Option<i16>,
    to: Option<i16>,
}

/// Terms of which a row has one or more. Without a term it holds for no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Sorted.
    pub terms: Vec<String>,
}

impl Condition {
    /// The condition that a row has one of these terms.
    pub fn any_of(terms: impl IntoIterator<Item = String>) -> Self {
        let terms: BTreeSet<String> = terms.into_iter().collect();
        Self {
            terms: terms.into_iter().collect(),
        }
    }

    /// The share of rows that have one of the terms, by the number of rows of each term.
    fn share(&self, frequencies: &HashMap<String, u32>, total: u32) -> f64 {
        let sum: u64 = self
            .terms
            .iter()
            .map(|term| u64::from(frequencies.get(term).copied().unwrap_or(0)))
            .sum();
        Words::share(sum, total)
    }
}

impl Filter {
    /// Adds alternatives of a facet.
    pub fn any_of(&mut self, facet: Facet, values: impl IntoIterator<Item = impl Display>) {
        let values = values.into_iter().map(|value| value.to_string());
        let mut values = values.peekable();
        if values.peek().is_some() {
            self.values.entry(facet).or_default().extend(values);
        }
    }

    /// Bounds the years, both ends included.
    pub fn years(&mut self, from: Option<i16>, to: Option<i16>) {
        (self.from, self.to) = (from, to);
    }

    /// The facets that the filter names.
    pub fn facets(&self) -> BTreeSet<Facet> {
        let years = (self.from.is_some() || self.to.is_some()).then_some(Facet::Year);
        self.values.keys().copied().chain(years).collect()
    }

    /// The only value of the only facet; `None` for any other filter.
    pub fn only(&self) -> Option<(Facet, &str)> {
        let mut values = self.values.iter();
        match (values.next(), values.next(), self.from.or(self.to)) {
            (Some((facet, values)), None, None) if values.len() == 1 => {
                values.first().map(|value| (*facet, value.as_str()))
            }
            _ => None,
        }
    }

    /// The only value of a facet, where the filter gives it one.
    pub fn value(&self, facet: Facet) -> Option<&str> {
        let values = self.values.get(&facet).filter(|values| values.len() == 1);
        values?.first().map(String::as_str)
    }

    /// The years, if the filter bounds them.
    fn chosen_years(&self) -> Option<BTreeSet<String>> {
        let given = self.values.get(&Facet::Year);
        if given.is_none() && self.from.is_none() && self.to.is_none() {
            return None;
        }
        let from = self.from.unwrap_or(*YEARS.start()).max(*YEARS.start());
        let to = self.to.unwrap_or(*YEARS.end()).min(*YEARS.end());
        let years = (from..=to).map(|year| year.to_string());
        Some(match given {
            Some(given) => years.filter(|year| given.contains(year)).collect(),
            None => years.collect(),
        })
    }

    /// What a row must satisfy, all of it.
    pub fn conditions(&self) -> Vec<Condition> {
        let years = self.chosen_years();
        let paired = years.as_ref().and_then(|years| self.paired(years));
        let mut conditions: Vec<Condition> = self
            .values
            .iter()
            .filter(|(facet, _)| **facet != Facet::Year && Some(**facet) != paired)
            .map(|(facet, values)| Condition::any_of(values.iter().map(|value| facet.term(value))))
            .collect();
        if let Some(years) = years {
            conditions.push(
                match paired.and_then(|unit| Some((unit, self.values.get(&unit)?))) {
                    Some((unit, values)) => {
                        Condition::any_of(values.iter().flat_map(|value| {
                            years.iter().map(move |year| unit.in_year(value, year))
                        }))
                    }
                    None => Condition::any_of(years.iter().map(|year| Facet::Year.term(year))),
                },
            );
        }
        conditions
    }

    /// The unit whose pairs with the years are one condition.
    fn paired(&self, years: &BTreeSet<String>) -> Option<Facet> {
        UNITS.into_iter().find(|unit| {
            let values = self.values.get(unit);
            values.is_some_and(|values| values.len() * years.len() <= MAX_PAIRS)
        })
    }

    /// The share of rows that satisfy all conditions, as if they were independent.
    pub fn selectivity(
        conditions: &[Condition],
        frequencies: &HashMap<String, u32>,
        total: u32,
    ) -> f64 {
        let shares = conditions
            .iter()
            .map(|condition| condition.share(frequencies, total));
        shares.product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(filter: &Filter) -> Vec<Vec<String>> {
        let conditions = filter.conditions().into_iter();
        conditions.map(|condition| condition.terms).collect()
    }

    #[test]
    fn values_of_a_facet_are_alternatives_and_facets_are_not() {
        let mut filter = Filter::default();
        filter.any_of(Facet::State, [5, 7, 5]);
        filter.any_of(Facet::Skill, [3]);
        filter.any_of(Facet::City, Vec::<String>::new());
        assert_eq!(terms(&filter), [vec!["#s5", "#s7"], vec!["#k3"]]);
    }

    #[test]
    fn a_department_and_a_year_mean_one_award() {
        let mut filter = Filter::default();
        filter.any_of(Facet::Department, [12]);
        filter.any_of(Facet::Faculty, [3]);
        filter.any_of(Facet::Year, [2015, 2016]);
        assert_eq!(
            terms(&filter),
            [vec!["#f3"], vec!["#Dy12.2015", "#Dy12.2016"]]
        );
    }

    #[test]
    fn a_range_bounds_the_years_that_are_given() {
        let mut filter = Filter::default();
        filter.years(Some(2015), Some(2017));
        assert_eq!(terms(&filter), [vec!["#y2015", "#y2016", "#y2017"]]);
        filter.any_of(Facet::Year, [1999, 2016]);
        assert_eq!(terms(&filter), [vec!["#y2016"]]);
        filter.years(Some(2018), None);
        assert_eq!(terms(&filter), [Vec::<String>::new()]);
        assert_eq!(filter.facets(), BTreeSet::from([Facet::Year]));
    }

    #[test]
    fn too_many_pairs_are_two_conditions() {
        let mut filter = Filter::default();
        filter.any_of(Facet::Department, 1..=20);
        filter.years(Some(1962), None);
        let terms = terms(&filter);
        assert_eq!((terms[0].len(), terms[1].len()), (20, 139));
    }

    #[test]
    fn only_one_value_of_one_facet_is_the_only_one() {
        let mut filter = Filter::default();
        assert_eq!(filter.only(), None);
        filter.any_of(Facet::Faculty, [3]);
        assert_eq!(filter.only(), Some((Facet::Faculty, "3")));
        filter.years(Some(2000), None);
        assert_eq!(filter.only(), None);
        assert_eq!(filter.value(Facet::Faculty), Some("3"));
    }

    #[test]
    fn selectivity_multiplies_the_shares_of_conditions() {
        let frequencies = HashMap::from([("#s5".to_owned(), 250), ("#i7".to_owned(), 100)]);
        let share = |text: &str| Condition::any_of([text.to_owned()]);
        let of = |conditions: &[Condition]| Filter::selectivity(conditions, &frequencies, 1_000);
        assert!((of(&[share("#s5"), share("#i7")]) - 0.025).abs() < 1e-9);
        assert_eq!(of(&[share("#s9")]), 0.0);
        assert_eq!(of(&[]), 1.0);
    }
}
