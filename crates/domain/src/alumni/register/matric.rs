//! Matriculation numbers, in the many forms that six decades of registers hold.

use std::fmt;

use crate::platform::text::{Violation, nfkc, one_line};

const MAX_CHARS: usize = 40;
const LENGTH: Violation = Violation {
    code: "matric.length",
    rule: "must have 1 to 40 characters",
};
const NO_SIGN: Violation = Violation {
    code: "matric.invalid",
    rule: "must have a letter of A to Z or a digit",
};

/// A matriculation number as it is written, and the form that compares.
///
/// `U15/CS-1070` and `u15cs1070` are one number. No pattern is required: only one is known to be official, and older
/// registers use others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatricNumber {
    raw: String,
    norm: String,
}

impl MatricNumber {
    /// Parses a number: trims it, and makes each run of spaces one. Leading zeros stay.
    ///
    /// # Errors
    /// `matric.length` unless 1 to 40 characters are left, and `matric.invalid` if none of them is a letter of A to Z
    /// or a digit. `name.control-character`, `name.invisible-character` and `name.not-visible` for what does not show.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let raw = one_line(text, MAX_CHARS, LENGTH)?;
        let norm = normalized(&raw);
        match norm.len() {
            0 => Err(NO_SIGN),
            1..=MAX_CHARS => Ok(Self { raw, norm }),
            _ => Err(LENGTH),
        }
    }

    /// The number as it is written, such as `U15/CS/1070`.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The form that compares: letters of A to Z in upper case and digits alone, such as `U15CS1070`.
    pub fn norm(&self) -> &str {
        &self.norm
    }

    /// Both forms: as it is written, and the one that compares.
    pub fn into_parts(self) -> (String, String) {
        (self.raw, self.norm)
    }
}

/// Full-width letters and digits count as their plain forms.
fn normalized(raw: &str) -> String {
    let signs = |text: &str| {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect()
    };
    match raw.is_ascii() {
        true => signs(raw),
        false => signs(&nfkc(raw)),
    }
}

/// Hides the number: it is personal data, and debug output ends in logs.
impl fmt::Debug for MatricNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatricNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    #[test]
    fn spellings_of_one_number_compare_equal() {
        for text in [
            "U15CS1070",
            "u15cs1070",
            " U15/CS/1070 ",
            "U15-CS.1070",
            "Ｕ１５ＣＳ１０７０",
        ] {
            assert_eq!(MatricNumber::parse(text).unwrap().norm(), "U15CS1070");
        }
    }

    #[test]
    fn leading_zeros_and_the_written_form_stay() {
        let number = MatricNumber::parse("  0012/85 ").unwrap();
        assert_eq!((number.raw(), number.norm()), ("0012/85", "001285"));
    }

    #[test]
    fn a_number_has_one_to_forty_characters_and_a_sign() {
        for (text, code) in [
            ("", "matric.length"),
            ("  ", "matric.length"),
            ("//", "matric.invalid"),
            ("ƙ", "matric.invalid"),
            ("U15\0", "name.control-character"),
            ("U15\u{202e}", "name.invisible-character"),
        ] {
            assert_eq!(
                MatricNumber::parse(text).unwrap_err().code,
                code,
                "{text:?}"
            );
        }
        assert!(MatricNumber::parse(&"1".repeat(40)).is_ok());
        assert!(MatricNumber::parse(&"1".repeat(41)).is_err());
    }

    #[test]
    fn debug_output_does_not_show_the_number() {
        let number = MatricNumber::parse("U15CS1070").unwrap();
        assert!(!format!("{number:?}").contains("1070"));
    }

    proptest! {
        #[test]
        fn a_parsed_number_parses_to_itself(text in any_text()) {
            if let Ok(number) = MatricNumber::parse(&text) {
                prop_assert_eq!(MatricNumber::parse(number.raw()), Ok(number.clone()));
                let again = MatricNumber::parse(number.norm());
                prop_assert_eq!(again.as_ref().map(MatricNumber::norm), Ok(number.norm()));
            }
        }
    }
}
