use serde::{Deserialize, Serialize};

use super::Violation;

const ONE_TO_100: Violation = Violation {
    code: "name.length",
    rule: "must have 1 to 100 characters",
};

/// One part of a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Parses a name after trimming the space around it.
    ///
    /// # Errors
    /// `name.length` unless 1 to 100 characters are left, `name.control-character` if it contains a
    /// control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, 100, ONE_TO_100).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonName {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Self::parse(&text)
    }
}

/// The name that a client gives its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Parses a name after trimming the space around it.
    ///
    /// # Errors
    /// `name.length` unless 1 to 100 characters are left, `name.control-character` if it contains a
    /// control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, 100, ONE_TO_100).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Trims the text; it must then have 1 to `max_chars` characters and no control character.
pub(crate) fn one_line(
    text: &str,
    max_chars: usize,
    length: Violation,
) -> Result<String, Violation> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(length);
    }
    if text.chars().any(char::is_control) {
        return Err(Violation {
            code: "name.control-character",
            rule: "must not contain control characters",
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters_not_bytes() {
        let name = "Ṣ".repeat(100);
        assert_eq!(
            PersonName::parse(&format!("  {name} ")).unwrap().as_str(),
            name
        );
        assert!(PersonName::parse(&"Ṣ".repeat(101)).is_err());
    }

    #[test]
    fn empty_names_and_control_characters_are_refused() {
        for text in ["", "   ", "a\0b", "a\nb"] {
            assert!(PersonName::parse(text).is_err(), "{text:?}");
        }
    }
}
