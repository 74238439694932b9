use super::{Violation, name::one_line};

/// One line about what something is for; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Parses a description after trimming the space around it.
    ///
    /// # Errors
    /// `description.length` beyond 300 characters, `name.control-character` if it contains a
    /// control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "description.length",
            rule: "must have at most 300 characters",
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        one_line(text, 300, LENGTH).map(Self)
    }

    /// The description as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The title of an office, such as `Vice President, North-West`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeTitle(String);

impl OfficeTitle {
    /// Parses a title after trimming the space around it.
    ///
    /// # Errors
    /// `office_title.length` unless 1 to 100 characters are left, `name.control-character` if it
    /// contains a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "office_title.length",
            rule: "must have 1 to 100 characters",
        };
        one_line(text, 100, LENGTH).map(Self)
    }

    /// The title as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The reason of an administrative action on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Parses a reason after trimming the space around it.
    ///
    /// # Errors
    /// `reason.length` unless 1 to 300 characters are left, `name.control-character` if it contains
    /// a control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "reason.length",
            rule: "must have 1 to 300 characters",
        };
        one_line(text, 300, LENGTH).map(Self)
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_description_may_be_empty() {
        assert_eq!(Description::parse("  ").unwrap().as_str(), "");
        assert!(OfficeTitle::parse(" ").is_err() && Reason::parse("").is_err());
    }

    #[test]
    fn notes_are_lines_of_bounded_length() {
        assert_eq!(Description::parse(" Ours. ").unwrap().as_str(), "Ours.");
        assert!(Description::parse(&"ṣ".repeat(300)).is_ok());
        assert!(Description::parse(&"ṣ".repeat(301)).is_err());
        assert!(OfficeTitle::parse(&"x".repeat(101)).is_err());
        assert!(Reason::parse(&"x".repeat(301)).is_err());
        for text in ["a\nb", "a\0b"] {
            assert!(Description::parse(text).is_err() && Reason::parse(text).is_err());
        }
    }
}
