use serde::{Deserialize, Serialize};

use crate::platform::text::{PersonName, Violation};

/// How many awards a claim may name.
pub const MAX_CLAIMED_AWARDS: usize = 5;

/// Years in which the university can have awarded a degree. It was founded in 1962.
const YEARS: std::ops::RangeInclusive<i32> = 1962..=2100;

/// An award that an applicant says they have. Departments, programmes and degrees are codes of the reference data, which
/// never change.
///
/// Deserialization trusts its input as storage does: each part was parsed before it was serialized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedAward {
    /// The matriculation number as the applicant wrote it.
    pub matric: Option<String>,
    /// The surname under which they graduated.
    pub surname_at_graduation: PersonName,
    /// The code of the department.
    pub department: Option<String>,
    /// The code of the programme.
    pub programme: Option<String>,
    /// The code of the degree.
    pub degree: String,
    /// The year of the award.
    pub year: i16,
}

/// Parses the year of an award.
///
/// # Errors
/// `year.range` unless it is 1962 to 2100.
pub fn award_year(year: i32) -> Result<i16, Violation> {
    const RANGE: Violation = Violation {
        code: "year.range",
        rule: "must be a year from 1962 to 2100",
    };
    match i16::try_from(year) {
        Ok(year) if YEARS.contains(&year.into()) => Ok(year),
        _ => Err(RANGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_award_is_of_a_year_since_the_foundation() {
        assert_eq!(award_year(1962), Ok(1962));
        assert_eq!(award_year(2100), Ok(2100));
        for year in [0, 1961, 2101, i32::MIN, 1962 + 65_536] {
            assert_eq!(award_year(year).unwrap_err().code, "year.range", "{year}");
        }
    }
}
