//! Validation of the emoji in reactions.

use std::fmt;

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

use crate::Profile;
use crate::wire::{Reading, Text, Wire};

/// The most characters of an [`Emoji`]: the longest in use are families and flags of about a dozen.
pub const MAX_EMOJI_CHARACTERS: usize = 16;

/// The emoji of a reaction, which may consist of several characters. Words are no emoji.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Emoji(String);

/// The text is no emoji.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAnEmoji;

const RULE: &str = "must be an emoji of at most 16 characters";

impl Emoji {
    /// The emoji that `text` is. Unicode adds new ones every year, so this is no list: it refuses
    /// text that is empty, too long, plain ASCII, or holds letters, spaces or control characters.
    /// The server has the list. It takes exactly one RGI emoji, and answers with its fully-qualified
    /// form: `❤` comes back as `❤️`.
    ///
    /// # Errors
    /// [`NotAnEmoji`].
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnEmoji> {
        let text = text.into();
        let fits = !text.is_ascii()
            && text.chars().nth(MAX_EMOJI_CHARACTERS).is_none()
            && text.chars().all(may_be_part);
        if fits {
            Ok(Self(text))
        } else {
            Err(NotAnEmoji)
        }
    }

    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Digits stand before keycaps; the six letters are emoji of their own, which Unicode counts as
/// letters too: information, M in a circle, and the blood groups.
fn may_be_part(character: char) -> bool {
    let is_letter_like = matches!(
        character,
        '\u{2139}' | '\u{24c2}' | '\u{1f170}' | '\u{1f171}' | '\u{1f17e}' | '\u{1f17f}'
    );
    character.is_ascii_digit()
        || is_letter_like
        || !(character.is_alphanumeric() || character.is_whitespace() || character.is_control())
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NotAnEmoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reaction {RULE}")
    }
}

impl std::error::Error for NotAnEmoji {}

impl Wire for Emoji {
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error> {
        Text::deserialize(input)
            .and_then(|Text(text)| Self::new(text).map_err(D::Error::custom))
            .inspect_err(|_| reading.note(RULE))
    }

    fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(&self.0)
    }

    #[cfg(feature = "schema")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}

impl_serde!(Emoji);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Emoji {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Emoji".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An emoji, which may consist of several characters: no letters, spaces or control characters, and not ASCII alone.",
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_EMOJI_CHARACTERS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_of_one_and_of_many_characters_are_taken() {
        for text in [
            "\u{1f44d}",
            "\u{1f44d}\u{1f3ff}",
            "\u{2764}\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "\u{1f1f3}\u{1f1ec}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}",
            "\u{1f469}\u{1f3fb}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f48b}\u{200d}\u{1f468}\u{1f3ff}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "\u{2139}\u{fe0f}",
            "\u{1f171}\u{fe0f}",
        ] {
            assert_eq!(
                Emoji::new(text).map(|emoji| emoji.to_string()),
                Ok(text.to_owned())
            );
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
            "\u{0644}\u{0627}",
            "\u{4eba}",
            "\u{1f44d} \u{1f44d}",
            "\u{1f44d}\n",
            "\u{1f44d}\u{0}",
            &"\u{1f44d}".repeat(MAX_EMOJI_CHARACTERS + 1),
        ] {
            assert_eq!(Emoji::new(text), Err(NotAnEmoji), "{text}");
        }
        assert!(
            NotAnEmoji
                .to_string()
                .contains(&MAX_EMOJI_CHARACTERS.to_string())
        );
    }
}
