use abu_domain::{
    alumni::{
        claims::{ClaimedAward, award_year},
        register::MatricNumber,
    },
    platform::text::PersonName,
};

use crate::areas::prelude::*;

const CODE: Violation = Violation {
    code: "reference.unknown",
    rule: "must be a code of the reference data",
};

/// An award of the university, as you have it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::areas::alumni) struct AwardBody {
    /// The matriculation number, in any spelling.
    #[schema(example = "U15CS1070", min_length = 1, max_length = 40)]
    pub matric: Option<String>,
    /// The surname under which you graduated.
    #[schema(example = "Bello", min_length = 1, max_length = 100)]
    pub surname_at_graduation: String,
    /// The code of the department, as `/reference/departments` has it.
    #[schema(example = "computer-science")]
    pub department: Option<String>,
    /// The code of the programme, as `/reference/programmes` has it.
    #[schema(example = "bsc-computer-science")]
    pub programme: Option<String>,
    /// The code of the degree, as `/reference/degrees` has it.
    #[schema(example = "bsc")]
    pub degree: String,
    /// The year of the award.
    #[schema(example = 2015, minimum = 1962, maximum = 2100)]
    pub year: i32,
}

impl AwardBody {
    /// Parses the award with this number of the field `awards`.
    pub(in crate::areas::alumni) fn parse(
        self,
        number: usize,
        violations: &mut Violations,
    ) -> Option<ClaimedAward> {
        let mut field = |name, parsed: Result<(), Violation>| {
            violations.in_element("awards", number, name, parsed)
        };
        let mut is_valid = true;
        let mut check = |name, text: Option<&str>, parse: fn(&str) -> Result<(), Violation>| {
            if let Some(text) = text {
                is_valid &= field(name, parse(text)).is_some();
            }
        };
        check("matric", self.matric.as_deref(), matric);
        check("department", self.department.as_deref(), code);
        check("programme", self.programme.as_deref(), code);
        check("degree", Some(&self.degree), code);
        let surname = PersonName::parse(&self.surname_at_graduation);
        let surname = violations.in_element("awards", number, "surname_at_graduation", surname);
        let year = violations.in_element("awards", number, "year", award_year(self.year));
        let (surname_at_graduation, year) = (surname?, year?);
        is_valid.then_some(ClaimedAward {
            matric: self.matric.map(|text| text.trim().to_owned()),
            surname_at_graduation,
            department: self.department,
            programme: self.programme,
            degree: self.degree,
            year,
        })
    }
}

fn matric(text: &str) -> Result<(), Violation> {
    MatricNumber::parse(text).map(drop)
}

/// The form of a code; the use case knows which there are.
fn code(text: &str) -> Result<(), Violation> {
    let is_letter = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let fits = (1..=60).contains(&text.len()) && text.bytes().all(is_letter);
    fits.then_some(()).ok_or(CODE)
}

json_form! {
    /// An award that a claim names.
    pub(in crate::areas::alumni) struct ClaimedAwardForm from award: ClaimedAward {
        /// As the applicant wrote it; null where they gave none.
        #[schema(example = "U15CS1070")]
        matric: Option<String> = award.matric,
        #[schema(example = "Bello")]
        surname_at_graduation: String = award.surname_at_graduation.as_str().to_owned(),
        /// A code; null where they gave none.
        #[schema(example = "computer-science")]
        department: Option<String> = award.department,
        /// A code; null where they gave none.
        #[schema(example = "bsc-computer-science")]
        programme: Option<String> = award.programme,
        /// A code.
        #[schema(example = "bsc")]
        degree: String = award.degree,
        #[schema(example = 2015)]
        year: i16 = award.year,
    }
}
