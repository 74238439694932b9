//! Facets, and the terms by which one inverted index holds them beside the tokens of names.

use std::fmt::Display;

use crate::{named_enum, platform::text::folded};

/// The mark that no token of a name has.
const MARK: char = '#';

named_enum! {
    /// What the directory filters and counts by.
    #[derive(PartialOrd, Ord)]
    pub enum Facet {
        /// The faculty of an award.
        Faculty => "faculty",
        /// The department of an award.
        Department => "department",
        /// The programme of an award.
        Programme => "programme",
        /// The degree of an award.
        Degree => "degree",
        /// The year of an award.
        Year => "year",
        /// The state of residence, in Nigeria.
        State => "state",
        /// The country of residence.
        Country => "country",
        /// The city of residence.
        City => "city",
        /// The industry of the current work.
        Industry => "industry",
        /// The current employer.
        Employer => "employer",
        /// A skill.
        Skill => "skill",
    }
}

impl Facet {
    const fn letter(self) -> char {
        match self {
            Self::Faculty => 'f',
            Self::Department => 'd',
            Self::Programme => 'p',
            Self::Degree => 'g',
            Self::Year => 'y',
            Self::State => 's',
            Self::Country => 'n',
            Self::City => 't',
            Self::Industry => 'i',
            Self::Employer => 'e',
            Self::Skill => 'k',
        }
    }

    /// What all terms of the facet begin with, and no other term.
    pub fn prefix(self) -> String {
        format!("{MARK}{}", self.letter())
    }

    /// The term of a value: the number of an entry, a year, or a [`city_value`].
    pub fn term(self, value: impl Display) -> String {
        format!("{MARK}{}{value}", self.letter())
    }

    /// The term of a faculty, a department or a programme in a year: both of one award.
    pub fn in_year(self, value: impl Display, year: impl Display) -> String {
        format!("{}{year}", self.years_of(value))
    }

    /// What the terms of [`in_year`](Self::in_year) of a value begin with; the year follows.
    pub fn years_of(self, value: impl Display) -> String {
        format!(
            "{MARK}{}{}{value}.",
            self.letter().to_ascii_uppercase(),
            Self::Year.letter()
        )
    }

    /// The value of a term of this facet; `None` for another term.
    pub fn value_of(self, term: &str) -> Option<&str> {
        term.strip_prefix(MARK)?.strip_prefix(self.letter())
    }
}

/// A city as its terms hold it: folded, with `_` for blanks; `None` without a letter or digit.
pub fn city_value(city: &str) -> Option<String> {
    let value = folded(city).replace(' ', "_");
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn terms_of_two_facets_are_never_equal() {
        let letters: BTreeSet<char> = Facet::ALL.iter().map(|facet| facet.letter()).collect();
        assert_eq!(letters.len(), Facet::ALL.len());
        for facet in Facet::ALL {
            let term = facet.term(12);
            assert_eq!(facet.value_of(&term), Some("12"));
            for other in Facet::ALL.iter().filter(|other| *other != facet) {
                assert_eq!(other.value_of(&term), None);
                assert_eq!(other.value_of(&facet.in_year(12, 2015)), None);
            }
        }
    }

    #[test]
    fn a_pair_with_a_year_has_a_prefix_of_its_own() {
        assert_eq!(Facet::Department.in_year(12, 2015), "#Dy12.2015");
        assert_eq!(Facet::Department.years_of(1), "#Dy1.");
        assert_eq!(Facet::Department.value_of("#Dy12.2015"), None);
    }

    #[test]
    fn spellings_of_a_city_have_one_value() {
        for city in ["Port Harcourt", "port-harcourt", " PORT  HARCOURT "] {
            assert_eq!(city_value(city).as_deref(), Some("port_harcourt"), "{city}");
        }
        assert_eq!(city_value("…"), None);
    }
}
