use serde::{Deserialize, Serialize};

use crate::platform::text::Violation;

/// An emoji of a reaction, which may consist of several characters; never a word.
///
/// Deserialization trusts its input as storage does: the text was parsed before it was serialized.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

impl Emoji {
    /// Maximum number of characters; the longest in use are families and flags of about a dozen.
    pub const MAX_CHARS: usize = 16;

    /// Parses an emoji. Unicode adds new ones every year, so there is no list of them.
    ///
    /// # Errors
    /// `emoji.invalid` for text that is empty, too long, plain ASCII, or contains letters, spaces
    /// or control characters.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let fits = !text.is_ascii()
            && text.chars().nth(Self::MAX_CHARS).is_none()
            && text.chars().all(may_be_part);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Violation {
                code: "emoji.invalid",
                rule: "must be an emoji of at most 16 characters",
            })
        }
    }

    /// Wraps an emoji that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keycaps contain digits. Six emoji are letters to Unicode, too: information, M in a circle, and
/// the blood groups.
fn may_be_part(character: char) -> bool {
    let is_letter_like = matches!(
        character,
        '\u{2139}' | '\u{24c2}' | '\u{1f170}' | '\u{1f171}' | '\u{1f17e}' | '\u{1f17f}'
    );
    character.is_ascii_digit()
        || is_letter_like
        || !(character.is_alphanumeric() || character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_of_one_and_of_many_characters_are_taken() {
        for text in [
            "\u{1f44d}",
            "\u{2764}\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "\u{1f1f3}\u{1f1ec}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}",
            "\u{2139}\u{fe0f}",
        ] {
            assert_eq!(Emoji::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn words_and_blanks_are_not_taken() {
        for text in [
            "",
            " ",
            "like",
            ":+1:",
            "7",
            "\u{4eba}",
            "\u{1f44d} ",
            "\u{1f44d}\0",
        ] {
            assert_eq!(
                Emoji::parse(text).unwrap_err().code,
                "emoji.invalid",
                "{text:?}"
            );
        }
        assert!(Emoji::parse(&"\u{1f44d}".repeat(17)).is_err());
    }
}
