use std::fmt;

use crate::platform::text::Violation;

/// A telephone number in E.164 form, such as `+2348031234567`.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses a number: drops spaces, dots, hyphens and brackets, and turns the national form of
    /// Nigeria (`0803 123 4567`) into `+2348031234567`.
    ///
    /// # Errors
    /// `phone.invalid` for anything that is then not `+` and 7 to 15 digits.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const INVALID: Violation = Violation {
            code: "phone.invalid",
            rule: "must be a full number such as +2348031234567",
        };
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')'))
            .collect();
        let number = match bare.strip_prefix('0') {
            Some(national) if national.len() == 10 => format!("+234{national}"),
            _ => bare,
        };
        let is_e164 = number.strip_prefix('+').is_some_and(|digits| {
            (7..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|b| b.is_ascii_digit())
        });
        if is_e164 {
            Ok(Self(number))
        } else {
            Err(INVALID)
        }
    }

    /// Wraps a number that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the number: it is personal data, and debug output ends in logs.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    #[test]
    fn numbers_as_people_write_them_become_e164() {
        for text in [
            "+2348031234567",
            "0803 123 4567",
            "0803-123-4567",
            "+234 (803) 123.4567",
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), "+2348031234567");
        }
    }

    #[test]
    fn text_that_is_no_full_number_is_refused() {
        for text in [
            "",
            "+",
            "12345",
            "+0123456789",
            "+12345678901234567",
            "phone",
            "080312345x7",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_parsed_number_parses_to_itself(text in "[+0-9 ().-]{0,20}", noise in any_text()) {
            for text in [text.clone(), noise, format!("+234{text}"), format!("0{text}")] {
                if let Ok(number) = PhoneNumber::parse(&text) {
                    prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number));
                }
            }
        }
    }
}
