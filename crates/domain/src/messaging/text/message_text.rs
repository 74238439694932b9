use std::fmt;

use serde::{Deserialize, Serialize};

use crate::platform::text::{Violation, characters::is_visible};

/// The text of a chat message.
///
/// Deserialization trusts its input as storage does: the text was parsed before it was serialized.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(String);

impl MessageText {
    /// Maximum number of characters (Unicode scalar values) after trimming.
    pub const MAX_CHARS: usize = 4_000;

    /// Parses a message after trimming the space around it; keeps the rest as sent.
    ///
    /// # Errors
    /// `message.length` unless 1 to 4,000 characters are left. `message.control-character` for a
    /// control character other than line feed and tab. `message.not-visible` if no character shows.
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
        if text.chars().any(is_refused_control) {
            return Err(Violation {
                code: "message.control-character",
                rule: "must not contain control characters other than line feed and tab",
            });
        }
        if !text.chars().any(is_visible) {
            return Err(Violation {
                code: "message.not-visible",
                rule: "must contain a visible character",
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

fn is_refused_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
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
    use crate::platform::text::any_text;

    #[test]
    fn the_limit_counts_characters_after_trimming() {
        let longest = "é".repeat(MessageText::MAX_CHARS);
        assert!(MessageText::parse(&format!(" {longest}\n")).is_ok());
        assert!(MessageText::parse(&format!("{longest}é")).is_err());
    }

    #[test]
    fn controls_other_than_line_feed_and_tab_are_refused() {
        assert!(MessageText::parse("a\n\tb").is_ok());
        for text in ["a\0b", "a\rb", "a\u{7f}b", "a\u{85}b", "a\u{1b}[2Jb"] {
            let code = MessageText::parse(text).unwrap_err().code;
            assert_eq!(code, "message.control-character", "{text:?}");
        }
    }

    #[test]
    fn a_message_shows_at_least_one_character() {
        for text in [
            "\u{200b}",
            "\u{200d}\u{fe0f}",
            "\u{2800}",
            "\u{3164}",
            "\u{202e}",
        ] {
            let code = MessageText::parse(text).unwrap_err().code;
            assert_eq!(code, "message.not-visible", "{text:?}");
        }
        for text in ["", " \n\t"] {
            assert_eq!(MessageText::parse(text).unwrap_err().code, "message.length");
        }
        assert!(MessageText::parse("\u{2764}").is_ok());
    }

    proptest! {
        #[test]
        fn any_text_either_breaks_a_rule_or_keeps_its_trimmed_self(text in any_text()) {
            match MessageText::parse(&text) {
                Ok(parsed) => {
                    prop_assert_eq!(parsed.as_str(), text.trim());
                    prop_assert_eq!(MessageText::parse(parsed.as_str()), Ok(parsed));
                }
                Err(violation) => prop_assert!(violation.code.starts_with("message.")),
            }
        }
    }
}
