//! Cells as spreadsheets write and damage them.

use std::borrow::Cow;

/// Signs that begin a formula in a spreadsheet. Some spreadsheets also read the full-width ones.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Words for no value, in lower case.
const NO_VALUE: [&str; 9] = [
    "nil",
    "null",
    "none",
    "n/a",
    "na",
    "n.a",
    "n.a.",
    "not available",
    "#n/a",
];

/// Whether a spreadsheet would read the cell as a formula, or take the apostrophe before one for its own mark.
///
/// Only the signs that spreadsheets evaluate count; the full-width ones do too, since some convert them.
pub fn needs_mark(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// The cell as a spreadsheet shows it and does not evaluate it: with an apostrophe before a formula (OWASP, CSV
/// injection). [`unmarked`] takes it off again.
pub fn marked(cell: &str) -> Cow<'_, str> {
    match needs_mark(cell) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// The cell without the apostrophe that [`marked`] put before it.
pub fn unmarked(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if needs_mark(rest) => rest,
        _ => cell,
    }
}

/// Whether the cell begins as a formula, with spaces before it or none.
pub(super) fn is_formula(cell: &str) -> bool {
    cell.starts_with(FORMULA) || cell.trim_start().starts_with(FORMULA)
}

/// The trimmed cell, unless it says that there is no value: blank, dashes and dots, `nil`, `N/A`.
pub(super) fn value(cell: &str) -> Option<&str> {
    let text = unmarked(cell).trim();
    let filler = |c: char| matches!(c, '-' | '–' | '—' | '.' | '_' | '/' | ' ' | '\u{a0}');
    if text.chars().all(filler) {
        return None;
    }
    let is_no_value = text.len() <= 13 && NO_VALUE.iter().any(|no| no.eq_ignore_ascii_case(text));
    (!is_no_value).then_some(text)
}

/// Whether the text is an error that a spreadsheet shows in place of a value.
pub(super) fn is_spreadsheet_error(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('#') else {
        return false;
    };
    let is_word = |word: &&str| word.eq_ignore_ascii_case(rest);
    rest.bytes().all(|byte| byte == b'#')
        || ["REF!", "VALUE!", "NAME?", "DIV/0!", "NUM!", "NULL!"]
            .iter()
            .any(is_word)
}

/// Whether a spreadsheet turned a number of many digits into one with an exponent: `8.9E+11`, `8,9e11`, or into one
/// with a fraction: `120034.0`.
pub(super) fn is_converted_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |bytes: &[u8]| {
        bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits(bytes);
    if whole == 0 {
        return false;
    }
    let mut rest = &bytes[whole..];
    let mut is_zero_fraction = false;
    if let Some((b'.' | b',', fraction)) = rest.split_first() {
        let length = digits(fraction);
        is_zero_fraction = length > 0 && fraction[..length].iter().all(|byte| *byte == b'0');
        rest = &fraction[length..];
        if length == 0 {
            return false;
        }
    }
    match rest {
        [] => is_zero_fraction && whole >= 5,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        // Without its sign an exponent of a number may be part of a matriculation number: `85E12`.
        [b'e' | b'E', exponent @ ..] => {
            whole < bytes.len() - rest.len()
                && !exponent.is_empty()
                && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

/// Whether a spreadsheet turned a text such as `12/85` into a date: `12-Dec`, `Dec-85`.
pub(super) fn is_converted_date(text: &str) -> bool {
    let Some((left, right)) = text.split_once('-') else {
        return false;
    };
    let is_day_or_year =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_month = |part: &str| part.len() == 3 && month(part).is_some();
    is_day_or_year(left) && is_month(right) || is_month(left) && is_day_or_year(right)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The month of an English name or its first three letters or more: 1 to 12.
pub(super) fn month(name: &str) -> Option<u32> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name == "sept" {
        return Some(9);
    }
    let is_it = |month: &str| name.len() >= 3 && month.starts_with(&name);
    (1..)
        .zip(MONTHS)
        .find(|(_, month)| is_it(month))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    #[test]
    fn a_cell_that_a_spreadsheet_evaluates_gets_an_apostrophe() {
        for cell in [
            "=HYPERLINK(\"http://x\")",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "＝1",
            "'=1",
            "''=1",
        ] {
            assert_eq!(marked(cell), format!("'{cell}"));
            assert_eq!(unmarked(&marked(cell)), cell);
        }
        for cell in ["", "Bello", "'Yaradua", "a=b", "''"] {
            assert_eq!(marked(cell), cell);
            assert_eq!(unmarked(cell), cell);
        }
    }

    #[test]
    fn words_and_dashes_for_no_value_are_no_value() {
        for cell in [
            "", "  ", "-", "--", " — ", ".", "NIL", "n/a", "None", "#N/A", "'-",
        ] {
            assert_eq!(value(cell), None, "{cell:?}");
        }
        assert_eq!(value(" Bello "), Some("Bello"));
        assert_eq!(value("Nil Bello"), Some("Nil Bello"));
    }

    #[test]
    fn numbers_and_dates_that_a_spreadsheet_made_are_recognized() {
        for text in [
            "8.9E+11", "8,9e+11", "8E+11", "8.9e11", "1.2E-05", "120034.0", "12345.00",
        ] {
            assert!(is_converted_number(text), "{text}");
        }
        for text in [
            "",
            "0012/85",
            "85E12",
            "E+11",
            "8.E+11",
            "8.9E+",
            "12.5",
            "2015.0",
            "U15CS1070",
        ] {
            assert!(!is_converted_number(text), "{text}");
        }
        assert!(
            ["12-Dec", "Dec-85", "1-jan"]
                .into_iter()
                .all(is_converted_date)
        );
        assert!(
            !["12-85", "Dec-1985", "abc-12", "12-Decx"]
                .into_iter()
                .any(is_converted_date)
        );
        assert!(
            ["#REF!", "#VALUE!", "#####", "#"]
                .into_iter()
                .all(is_spreadsheet_error)
        );
        assert!(!["", "REF!", "#12"].into_iter().any(is_spreadsheet_error));
    }

    #[test]
    fn months_have_their_names_or_three_letters_of_them() {
        for (name, expected) in [
            ("January", Some(1)),
            ("sept", Some(9)),
            ("DEC", Some(12)),
            ("May", Some(5)),
            ("ju", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(month(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_marked_cell_is_harmless_and_reads_as_it_was(start in "['=+@\t\r-]{0,3}", rest in any_text()) {
            let cell = format!("{start}{rest}");
            let marked = marked(&cell);
            prop_assert!(!marked.starts_with(FORMULA));
            prop_assert_eq!(unmarked(&marked), &cell);
        }
    }
}
