//! Education outside the university.

use super::{
    Dated,
    text::{DegreeName, Institution, Subject},
};
use crate::{EducationId, Violation};

/// What a member says about an education.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EducationDetails {
    /// The school.
    pub institution: Institution,
    /// The degree or certificate.
    pub degree: Option<DegreeName>,
    /// The field of study.
    pub field: Option<Subject>,
    /// The first year.
    pub from_year: Option<i16>,
    /// The last year.
    pub to_year: Option<i16>,
}

/// An education on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Education {
    /// Which one.
    pub id: EducationId,
    /// What it says.
    pub details: EducationDetails,
}

impl Dated for Education {
    type Key = (i16, i16, EducationId);

    /// An education without years is the oldest.
    fn key(&self) -> Self::Key {
        let to = self.details.to_year.or(self.details.from_year);
        let from = self.details.from_year.unwrap_or(0);
        (to.unwrap_or(0), from, self.id)
    }
}

/// The first and the last year of an education.
pub type Years = (Option<i16>, Option<i16>);

/// Parses the years of an education.
///
/// # Errors
/// With the name of the field: `year.range` for one outside of 1940 to 2100, `years.order` if the last is before the
/// first.
pub fn years(from: Option<i32>, to: Option<i32>) -> Result<Years, (&'static str, Violation)> {
    const RANGE: Violation = Violation {
        code: "year.range",
        rule: "must be a year from 1940 to 2100",
    };
    const ORDER: Violation = Violation {
        code: "years.order",
        rule: "must not be before the first year",
    };
    let year = |field, year: Option<i32>| match year.map(i16::try_from) {
        None => Ok(None),
        Some(Ok(year)) if (1940..=2100).contains(&year) => Ok(Some(year)),
        Some(_) => Err((field, RANGE)),
    };
    let (from, to) = (year("from_year", from)?, year("to_year", to)?);
    match from.zip(to) {
        Some((from, to)) if to < from => Err(("to_year", ORDER)),
        _ => Ok((from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_in_range_and_in_order() {
        let check = |from, to| years(from, to).map_err(|(field, it)| (field, it.code));
        assert_eq!(check(Some(2001), Some(2001)), Ok((Some(2001), Some(2001))));
        assert_eq!(check(None, Some(2001)), Ok((None, Some(2001))));
        assert_eq!(check(Some(1939), None), Err(("from_year", "year.range")));
        assert_eq!(check(None, Some(i32::MAX)), Err(("to_year", "year.range")));
        assert_eq!(
            check(Some(2002), Some(2001)),
            Err(("to_year", "years.order"))
        );
    }
}
