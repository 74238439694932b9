use std::fmt;

use super::Kind;
use crate::platform::text::{Violation, one_line};

/// The most characters of a [`Code`].
const MAX_CODE: usize = 60;

/// What programs call an entry: `computer-science`, `kaduna`, `NG`. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// Parses a code of a list without changing its case.
    ///
    /// # Errors
    /// `code.form` unless a country has two letters `A` to `Z` (ISO 3166-1 alpha-2), and any other entry 1 to 60 of
    /// `a` to `z`, `0` to `9` and single hyphens inside.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, Violation> {
        let (is_code, rule) = match kind {
            Kind::Countries => (
                text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase()),
                "must have two of the letters A to Z",
            ),
            _ => (
                text.len() <= MAX_CODE && text.split('-').all(is_word),
                "must have 1 to 60 of the characters a to z, 0 to 9 and single hyphens inside",
            ),
        };
        match is_code {
            true => Ok(Self(text.to_owned())),
            false => Err(Violation {
                code: "code.form",
                rule,
            }),
        }
    }

    /// Wraps a code that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_word(text: &str) -> bool {
    let is_allowed = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9');
    !text.is_empty() && text.bytes().all(is_allowed)
}

macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses the text: composes it (NFC), trims it, and makes each run of spaces one.
            ///
            /// # Errors
            #[doc = concat!("`", $length, "` unless 1 to 120 characters are left. `name.control-character`,")]
            /// `name.invisible-character` and `name.not-visible` for what does not show.
            pub fn parse(text: &str) -> Result<Self, Violation> {
                const LENGTH: Violation = Violation {
                    code: $length,
                    rule: "must have 1 to 120 characters",
                };
                one_line(text, 120, LENGTH).map(Self)
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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

line!(
    /// A name or an alias of an entry, as people write it.
    Label,
    "label.length"
);
line!(
    /// What confirms an entry, such as `Registry, letter of 3 November 2026`.
    Confirmation,
    "confirmed_by.length"
);
