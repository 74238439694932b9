//! Years, dates, numbers and addresses, by rules that do not guess.

use chrono::{Datelike, NaiveDate};

use super::{
    DateOrder, Problem,
    cell::{
        is_converted_date, is_converted_number, is_formula, is_spreadsheet_error, month, unmarked,
    },
    mapping::FIRST_YEAR,
};
use crate::{
    alumni::register::MatricNumber,
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, Violation, one_line},
};

/// The youngest graduate's age in years.
const LEAST_AGE: i32 = 14;
/// The year of birth of the oldest graduate.
const FIRST_BIRTH: i32 = 1900;
/// Characters of a class of degree, at most.
const MAX_CLASS: usize = 60;

/// Refuses what a spreadsheet shows in place of a value.
fn plain(text: &str) -> Result<&str, Problem> {
    match is_spreadsheet_error(text) {
        true => Err(Problem::SpreadsheetError),
        false => Ok(text),
    }
}

/// Refuses text that a spreadsheet evaluates.
fn harmless(text: &str) -> Result<&str, Problem> {
    match is_formula(unmarked(text)) {
        true => Err(Problem::Formula),
        false => plain(text),
    }
}

/// A matriculation number. An apostrophe before it is a spreadsheet's sign for text.
pub(super) fn matric(text: &str) -> Result<MatricNumber, Problem> {
    let text = harmless(text)?.trim_start_matches('\'');
    if is_converted_number(text) || is_converted_date(text) {
        return Err(Problem::Converted);
    }
    Ok(MatricNumber::parse(text)?)
}

/// The year of an award: `2015`, or the later year of a session such as `2014/2015`, `2014-15`.
pub(super) fn year(text: &str, latest: i16) -> Result<i16, Problem> {
    let text = plain(text)?;
    let year = match text.split_once(['/', '-']) {
        None => four_digits(text),
        Some((first, second)) => four_digits(first.trim()).and_then(|first| {
            let next = first + 1;
            let second = second.trim();
            let follows =
                second == next.to_string() || second == format!("{:02}", next.rem_euclid(100));
            follows.then_some(next)
        }),
    };
    let year = year.ok_or(match is_converted_number(text) {
        true => Problem::Converted,
        false => Problem::Invalid,
    })?;
    match (FIRST_YEAR..=latest).contains(&year) {
        true => Ok(year),
        false => Err(Problem::OutOfRange),
    }
}

fn four_digits(text: &str) -> Option<i16> {
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_year.then(|| text.parse().ok()).flatten()
}

/// The class of a degree, as it is written.
pub(super) fn class_of_degree(text: &str) -> Result<String, Problem> {
    const LENGTH: Violation = Violation {
        code: "class_of_degree.length",
        rule: "must have 1 to 60 characters",
    };
    Ok(one_line(harmless(text)?, MAX_CLASS, LENGTH)?)
}

/// The first of the cell's values, which commas, semicolons, slashes or bars part.
fn first_of(text: &str) -> &str {
    let parts = text.split([',', ';', '/', '|']).map(str::trim);
    parts
        .into_iter()
        .find(|part| !part.is_empty())
        .unwrap_or(text)
}

/// The first e-mail address of a cell.
pub(super) fn email(text: &str) -> Result<String, Problem> {
    let address = EmailAddress::parse(first_of(plain(text)?))?;
    Ok(address.as_str().to_owned())
}

/// The first telephone number of a cell. Numbers of Nigeria may lack the zero that spreadsheets drop, or the sign
/// before their country's code.
pub(super) fn phone(text: &str) -> Result<String, Problem> {
    let text = first_of(plain(text)?).trim_start_matches('\'');
    if is_converted_number(text) {
        return Err(Problem::Converted);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let bare = text.trim_start_matches(['(', ' ']);
    let number = match (digits, bare.as_bytes().first()) {
        (10, Some(b'7'..=b'9')) => format!("0{bare}"),
        (13, Some(b'2')) if bare.starts_with("234") => format!("+{bare}"),
        _ => return parsed_phone(text),
    };
    parsed_phone(&number)
}

fn parsed_phone(text: &str) -> Result<String, Problem> {
    Ok(PhoneNumber::parse(text)?.as_str().to_owned())
}

/// A date of birth: `1985-03-07`, `7/3/1985` in the order given, `7 March 1985`. A midnight behind it is dropped.
pub(super) fn date_of_birth(
    text: &str,
    order: DateOrder,
    latest_year: i16,
) -> Result<NaiveDate, Problem> {
    let text = without_midnight(plain(text)?);
    if text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())
        || is_converted_number(text)
    {
        return Err(Problem::Converted);
    }
    let date = date(text, order).ok_or(Problem::Invalid)?;
    let years = FIRST_BIRTH..=i32::from(latest_year) - LEAST_AGE;
    match years.contains(&date.year()) {
        true => Ok(date),
        false => Err(Problem::OutOfRange),
    }
}

fn without_midnight(text: &str) -> &str {
    let midnights = ["T00:00:00", " 00:00:00", " 0:00:00", " 00:00", " 0:00"];
    let before = midnights.iter().find_map(|time| text.strip_suffix(time));
    before.unwrap_or(text).trim()
}

fn date(text: &str, order: DateOrder) -> Option<NaiveDate> {
    let separators = |c: char| matches!(c, '-' | '/' | '.' | ' ' | ',');
    let mut parts = text.split(separators).filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let small = |part: &str| match part.len() {
        1 | 2 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<u32>().ok(),
        _ => None,
    };
    let day = |part: &str| small(part.trim_end_matches(|c: char| c.is_ascii_alphabetic()));
    let (year, month, day) = match (four_digits(first), four_digits(third)) {
        (Some(year), None) => (year, small(second)?, small(third)?),
        (None, Some(year)) => match (month(first), month(second)) {
            (None, Some(month)) => (year, month, day(first)?),
            (Some(month), None) => (year, month, day(second)?),
            (None, None) if order == DateOrder::MonthFirst => (year, small(first)?, small(second)?),
            (None, None) => (year, small(second)?, small(first)?),
            (Some(_), Some(_)) => return None,
        },
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::from(year), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_written_in_full_or_as_a_session() {
        for (text, expected) in [
            ("2015", Ok(2015)),
            ("2014/2015", Ok(2015)),
            ("2014/15", Ok(2015)),
            ("1999 - 00", Ok(2000)),
            ("15", Err(Problem::Invalid)),
            ("2014/2016", Err(Problem::Invalid)),
            ("2015.0", Err(Problem::Invalid)),
            ("+2015", Err(Problem::Invalid)),
            ("MMXV", Err(Problem::Invalid)),
            ("2.015E+03", Err(Problem::Converted)),
            ("#VALUE!", Err(Problem::SpreadsheetError)),
            ("1961", Err(Problem::OutOfRange)),
            ("2027", Err(Problem::OutOfRange)),
            ("9999/10000", Err(Problem::OutOfRange)),
        ] {
            assert_eq!(year(text, 2026), expected, "{text}");
        }
    }

    #[test]
    fn a_matric_keeps_its_zeros_and_shows_what_a_spreadsheet_did() {
        let norm = |text| matric(text).map(|number| number.norm().to_owned());
        assert_eq!(norm("0012/85").as_deref(), Ok("001285"));
        assert_eq!(norm("'0012/85").as_deref(), Ok("001285"));
        for text in ["8.9E+11", "8,9E+11", "12-Dec", "Dec-85", "890012345678.0"] {
            assert_eq!(norm(text), Err(Problem::Converted), "{text}");
        }
        assert_eq!(norm("=A1&\"x\""), Err(Problem::Formula));
        assert_eq!(norm("#####"), Err(Problem::SpreadsheetError));
        assert_eq!(norm(&"1".repeat(41)), Err(Problem::Length));
    }

    #[test]
    fn numbers_of_nigeria_get_their_country_code() {
        for text in [
            "0803 123 4567",
            "8031234567",
            "2348031234567",
            "+234 803 123 4567",
            "'08031234567",
            "(0803) 123-4567",
            "0803 123 4567, 0805 765 4321",
            "08031234567/08057654321",
        ] {
            assert_eq!(phone(text).as_deref(), Ok("+2348031234567"), "{text}");
        }
        assert_eq!(phone("8.03E+09"), Err(Problem::Converted));
        assert_eq!(phone("12345"), Err(Problem::Invalid));
        assert_eq!(phone("see file"), Err(Problem::Invalid));
    }

    #[test]
    fn of_several_addresses_the_first_counts() {
        assert_eq!(
            email("Amina@Example.com; b@example.com").as_deref(),
            Ok("amina@example.com")
        );
        assert_eq!(email("amina at example.com"), Err(Problem::Invalid));
    }

    #[test]
    fn a_date_is_read_in_the_order_that_the_mapping_says() {
        let march = NaiveDate::from_ymd_opt(1985, 3, 7).unwrap();
        for text in [
            "1985-03-07",
            "1985/3/7",
            "7/3/1985",
            "07.03.1985",
            "7 March 1985",
            "07-Mar-1985",
            "7th March, 1985",
            "March 7, 1985",
            "1985-03-07 00:00:00",
            "1985-03-07T00:00:00",
        ] {
            assert_eq!(
                date_of_birth(text, DateOrder::DayFirst, 2026),
                Ok(march),
                "{text}"
            );
        }
        assert_eq!(
            date_of_birth("3/7/1985", DateOrder::MonthFirst, 2026),
            Ok(march)
        );
        for (text, problem) in [
            ("3/25/1985", Problem::Invalid),
            ("29/2/1985", Problem::Invalid),
            ("7/3/85", Problem::Invalid),
            ("1985", Problem::Invalid),
            ("1985-03-07 12:30:00", Problem::Invalid),
            ("31113", Problem::Converted),
            ("7/3/1885", Problem::OutOfRange),
            ("7/3/2020", Problem::OutOfRange),
        ] {
            assert_eq!(
                date_of_birth(text, DateOrder::DayFirst, 2026),
                Err(problem),
                "{text}"
            );
        }
    }

    #[test]
    fn a_class_of_degree_is_a_short_harmless_line() {
        assert_eq!(
            class_of_degree(" Second  Class Upper ").as_deref(),
            Ok("Second Class Upper")
        );
        assert_eq!(class_of_degree("@SUM(A1)"), Err(Problem::Formula));
        assert_eq!(class_of_degree(&"x".repeat(61)), Err(Problem::Length));
    }
}
