//! Dates with the precision of a month.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::Violation;

/// A month of a year from 1940 to 2100, such as `2019-07`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i16,
    month: u8,
}

impl Month {
    /// Parses `YYYY-MM`.
    ///
    /// # Errors
    /// `month.invalid` for anything else, and for a year outside of 1940 to 2100.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const INVALID: Violation = Violation {
            code: "month.invalid",
            rule: "must be a month from 1940 to 2100 such as 2019-07",
        };
        let digits = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i16>().ok().filter(|_| is_number)
        };
        let parsed = text
            .split_once('-')
            .filter(|(year, month)| year.len() == 4 && month.len() == 2)
            .and_then(|(year, month)| Some((digits(year)?, u8::try_from(digits(month)?).ok()?)))
            .filter(|(year, month)| (1940..=2100).contains(year) && (1..=12).contains(month));
        let (year, month) = parsed.ok_or(INVALID)?;
        Ok(Self { year, month })
    }

    /// The month of a date that a month was stored as.
    pub fn from_storage(date: NaiveDate) -> Self {
        Self {
            year: i16::try_from(date.year()).unwrap_or(i16::MAX),
            month: u8::try_from(date.month()).unwrap_or(1),
        }
    }

    /// The first day of the month, for storage.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year.into(), self.month.into(), 1).unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_year_and_month_and_survives_storage() {
        for text in ["1940-01", "2019-07", "2100-12"] {
            let month = Month::parse(text).unwrap();
            assert_eq!(month.to_string(), text);
            assert_eq!(Month::from_storage(month.first_day()), month);
        }
        assert!(Month::parse("2019-12").unwrap() < Month::parse("2020-01").unwrap());
    }

    #[test]
    fn anything_but_year_and_month_is_refused() {
        for text in [
            "",
            "2019",
            "2019-7",
            "2019-00",
            "2019-13",
            "1939-12",
            "2101-01",
            "2019-07-01",
            "+019-07",
            "2019-+7",
            "２０１９-07",
            " 2019-07",
            "2019/07",
        ] {
            assert_eq!(
                Month::parse(text).unwrap_err().code,
                "month.invalid",
                "{text}"
            );
        }
    }
}
