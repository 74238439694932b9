//! Texts of profiles.

use crate::platform::text::{Violation, nfc, one_line};

macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $max:literal, $code:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Parses a line: composes it (NFC), trims it, and makes each run of spaces one.
            ///
            /// # Errors
            #[doc = concat!("`", $code, "` for a line that ", $rule, " and does not; `name.control-character`, ")]
            /// `name.invisible-character` and `name.not-visible` for what does not show.
            pub fn parse(text: &str) -> Result<Self, Violation> {
                const LENGTH: Violation = Violation {
                    code: $code,
                    rule: $rule,
                };
                one_line(text, $max, LENGTH).map(Self)
            }

            /// Wraps a line that was parsed before it was stored.
            pub fn from_storage(text: String) -> Self {
                Self(text)
            }

            /// The line as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

line!(
    /// A line about a member.
    Headline, 120, "headline.length", "must have 1 to 120 characters"
);
line!(
    /// A city or town.
    City, 80, "city.length", "must have 1 to 80 characters"
);
line!(
    /// The title of a post.
    JobTitle, 100, "title.length", "must have 1 to 100 characters"
);
line!(
    /// A school, college or university.
    Institution, 150, "institution.length", "must have 1 to 150 characters"
);
line!(
    /// A degree or certificate, in the member's words.
    DegreeName, 100, "degree.length", "must have 1 to 100 characters"
);
line!(
    /// A field of study, in the member's words.
    Subject, 100, "field.length", "must have 1 to 100 characters"
);

/// Characters of a text about a member, at most.
const MAX_BIO: usize = 1_000;

/// A text about a member, in several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bio(String);

impl Bio {
    /// Parses a text: composes it (NFC) and trims it. Line ends become `\n`.
    ///
    /// # Errors
    /// `bio.length` unless 1 to 1,000 characters are left; `bio.control-character` for control characters other than
    /// line ends and tabs.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "bio.length",
            rule: "must have 1 to 1000 characters",
        };
        const CONTROL: Violation = Violation {
            code: "bio.control-character",
            rule: "must not contain control characters other than line ends and tabs",
        };
        // Bounded before it is composed: a character composes from a few at most.
        if text.len() > 16 * MAX_BIO {
            return Err(LENGTH);
        }
        let lines = nfc(text.trim()).replace("\r\n", "\n").replace('\r', "\n");
        if lines.is_empty() || lines.chars().count() > MAX_BIO {
            return Err(LENGTH);
        }
        let is_unfit = |c: char| c.is_control() && c != '\n' && c != '\t';
        match lines.chars().any(is_unfit) {
            true => Err(CONTROL),
            false => Ok(Self(lines)),
        }
    }

    /// Wraps a text that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_bounded_and_visible() {
        assert_eq!(
            Headline::parse("  Data   engineer ").unwrap().as_str(),
            "Data engineer"
        );
        assert!(Headline::parse(&"ọ".repeat(120)).is_ok());
        for (text, code) in [
            ("", "headline.length"),
            (&"x".repeat(121), "headline.length"),
            ("a\0b", "name.control-character"),
            ("a\u{202e}b", "name.invisible-character"),
        ] {
            assert_eq!(Headline::parse(text).unwrap_err().code, code);
        }
    }

    #[test]
    fn a_bio_has_lines_and_a_bounded_length() {
        assert_eq!(Bio::parse(" one\r\ntwo ").unwrap().as_str(), "one\ntwo");
        assert_eq!(
            Bio::parse(&"x".repeat(1_001)).unwrap_err().code,
            "bio.length"
        );
        assert_eq!(Bio::parse(" ").unwrap_err().code, "bio.length");
        assert_eq!(Bio::parse("a\0").unwrap_err().code, "bio.control-character");
    }
}
