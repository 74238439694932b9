use super::{
    Violation,
    line::{mended_line, one_line},
};

/// One line about what something is for; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Parses a description: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `description.length` beyond 300 characters. `name.control-character`,
    /// `name.invisible-character` and `name.not-visible` for what does not show.
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

    /// Wraps a description that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The form that a description of an earlier release takes, if it can take one.
    pub fn mended(text: &str) -> Option<Self> {
        Self::parse(&mended_line(text)).ok()
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
    /// Parses a title: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `office_title.length` unless 1 to 100 characters are left. `name.control-character`,
    /// `name.invisible-character` and `name.not-visible` for what does not show.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "office_title.length",
            rule: "must have 1 to 100 characters",
        };
        one_line(text, 100, LENGTH).map(Self)
    }

    /// Wraps a title that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The form that a title of an earlier release takes, if it can take one.
    pub fn mended(text: &str) -> Option<Self> {
        Self::parse(&mended_line(text)).ok()
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
    /// Parses a reason: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `reason.length` unless 1 to 300 characters are left. `name.control-character`,
    /// `name.invisible-character` and `name.not-visible` for what does not show.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "reason.length",
            rule: "must have 1 to 300 characters",
        };
        one_line(text, 300, LENGTH).map(Self)
    }

    /// The reason of an action on the own account, which needs none.
    pub fn own_wish() -> Self {
        Self("The owner asked for it.".to_owned())
    }

    /// The reason of an erasure that is repeated after a backup was restored.
    pub fn of_restored_backup() -> Self {
        Self("It was erased before the backup was restored.".to_owned())
    }

    /// The form that a reason of an earlier release takes, if it can take one.
    pub fn mended(text: &str) -> Option<Self> {
        Self::parse(&mended_line(text)).ok()
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

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
        for text in ["a\nb", "a\0b", "a\u{202e}b"] {
            assert!(Description::parse(text).is_err() && Reason::parse(text).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_parsed_note_parses_to_itself(text in any_text()) {
            if let Ok(note) = Description::parse(&text) {
                prop_assert_eq!(Description::parse(note.as_str()), Ok(note));
            }
            if let Ok(note) = OfficeTitle::parse(&text) {
                prop_assert_eq!(OfficeTitle::parse(note.as_str()), Ok(note));
            }
            if let Ok(note) = Reason::parse(&text) {
                prop_assert_eq!(Reason::parse(note.as_str()), Ok(note));
            }
        }
    }
}
