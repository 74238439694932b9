use serde::{Deserialize, Serialize};

use crate::platform::text::Violation;

/// The emoji of a reaction: one sequence that Unicode recommends for general interchange (RGI), in
/// its fully-qualified form.
///
/// Deserialization trusts its input as storage does: the text was parsed before it was serialized.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

impl Emoji {
    /// Parses an emoji and qualifies it fully: `❤` becomes `❤️`.
    ///
    /// # Errors
    /// `emoji.invalid` for text that is not exactly one RGI emoji.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let known = emojis::get(text).ok_or(Violation {
            code: "emoji.invalid",
            rule: "must be exactly one emoji",
        })?;
        Ok(Self(known.as_str().to_owned()))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::{any_text, every_character};

    fn parse(text: &str) -> String {
        Emoji::parse(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn emoji_of_one_and_of_many_characters_are_taken() {
        for text in [
            "\u{1f44d}",
            "\u{1f44d}\u{1f3ff}",
            "\u{2764}\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "#\u{fe0f}\u{20e3}",
            "\u{1f1f3}\u{1f1ec}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}",
            "\u{1f469}\u{1f3fb}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f48b}\u{200d}\u{1f468}\u{1f3ff}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "\u{2139}\u{fe0f}",
            "\u{1f171}\u{fe0f}",
        ] {
            assert_eq!(parse(text), text);
        }
    }

    #[test]
    fn an_unqualified_emoji_becomes_fully_qualified() {
        for (text, qualified) in [
            ("\u{2764}", "\u{2764}\u{fe0f}"),
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            (
                "\u{1f3f3}\u{200d}\u{1f308}",
                "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            ),
            (
                "\u{1f441}\u{fe0f}\u{200d}\u{1f5e8}",
                "\u{1f441}\u{fe0f}\u{200d}\u{1f5e8}\u{fe0f}",
            ),
        ] {
            assert_eq!(parse(text), qualified);
        }
    }

    #[test]
    fn anything_but_exactly_one_emoji_is_refused() {
        let smileys = "\u{1f600}".repeat(16);
        for text in [
            "\u{200b}",
            "\u{200d}",
            "\u{202e}",
            "₦5000",
            "—",
            &smileys,
            "",
            " ",
            "like",
            ":+1:",
            "+1",
            "7",
            "\u{4eba}",
            "\u{1f44d} ",
            "\u{1f44d}\0",
            "\u{1f44d}\u{1f44d}",
            "\u{1f1f3}",
            "\u{1f1e6}\u{1f1e6}",
            "\u{fe0f}",
            "\u{2764}\u{fe0e}",
            "\u{1f469}\u{200d}",
            "\u{1f44d}\u{200b}",
        ] {
            let refused = Emoji::parse(text).unwrap_err();
            assert_eq!(refused.code, "emoji.invalid", "{text:?}");
        }
    }

    #[test]
    fn every_recommended_sequence_is_taken_as_it_is() {
        let known = emojis::iter().flat_map(|emoji| {
            let tones = emoji.skin_tones().into_iter().flatten();
            std::iter::once(emoji).chain(tones)
        });
        let mut flags = 0;
        for emoji in known {
            assert_eq!(parse(emoji.as_str()), emoji.as_str());
            flags += usize::from(emoji.group() == emojis::Group::Flags);
        }
        // Every country and region with a code, and the flags that have none.
        assert!(flags >= 268, "{flags}");
    }

    #[test]
    fn every_character_that_is_an_emoji_parses_to_itself_again() {
        for c in every_character() {
            if let Ok(emoji) = Emoji::parse(c.encode_utf8(&mut [0; 4])) {
                assert_eq!(parse(emoji.as_str()), emoji.as_str());
            }
        }
    }

    proptest! {
        #[test]
        fn a_parsed_emoji_parses_to_itself(text in any_text()) {
            if let Ok(emoji) = Emoji::parse(&text) {
                prop_assert_eq!(Emoji::parse(emoji.as_str()), Ok(emoji));
            }
        }
    }
}
