use std::fmt;

use serde::{Deserialize, Serialize};

use crate::platform::text::Violation;

/// The text of a chat message.
///
/// Deserialization trusts its input as storage does: the text was parsed before it was serialized.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(String);

impl MessageText {
    /// Maximum number of characters (Unicode scalar values) after trimming.
    pub const MAX_CHARS: usize = 4_000;

    /// Parses a message after trimming the space around it.
    ///
    /// # Errors
    /// `message.length` unless 1 to 4,000 characters are left. `message.nul` if it contains NUL,
    /// which PostgreSQL cannot store.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim();
        // The length in bytes decides nearly every case without counting characters.
        if text.is_empty() || text.len() > Self::MAX_CHARS && text.chars().count() > Self::MAX_CHARS
        {
            return Err(Violation {
                code: "message.length",
                rule: "must have 1 to 4000 characters after trimming",
            });
        }
        if text.contains('\0') {
            return Err(Violation {
                code: "message.nul",
                rule: "must not contain the NUL character",
            });
        }
        Ok(Self(text.to_owned()))
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

/// Hides the text: messages between users must not appear in logs.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limit_counts_characters_after_trimming() {
        let longest = "é".repeat(MessageText::MAX_CHARS);
        assert!(MessageText::parse(&format!(" {longest}\n")).is_ok());
        assert!(MessageText::parse(&format!("{longest}é")).is_err());
    }

    #[test]
    fn nothing_and_nul_are_refused() {
        for text in ["", " \n\t", "a\0b"] {
            assert!(MessageText::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_either_breaks_a_rule_or_keeps_its_trimmed_self(text in "\\PC{0,50}") {
            match MessageText::parse(&text) {
                Ok(parsed) => prop_assert_eq!(parsed.as_str(), text.trim()),
                Err(violation) => prop_assert!(violation.code.starts_with("message.")),
            }
        }
    }
}
