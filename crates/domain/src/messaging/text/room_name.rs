use crate::platform::text::{Violation, folded, mended_line, of_one_script_a_word, one_line};

const MAX_CHARS: usize = 80;
const LENGTH: Violation = Violation {
    code: "name.length",
    rule: "must have 1 to 80 characters",
};

/// Names that only staff give a room.
const RESERVED: [&str; 7] = [
    "abu",
    "alumni office",
    "abu alumni office",
    "admin",
    "administrator",
    "moderator",
    "support",
];

/// The name of a group room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    /// Parses a name: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `name.length` unless 1 to 80 characters are left. `name.control-character`,
    /// `name.invisible-character` and `name.not-visible` for what does not show,
    /// `name.mixed-scripts` for a word that mixes scripts that look alike.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = one_line(text, MAX_CHARS, LENGTH)?;
        of_one_script_a_word(name).map(Self)
    }

    /// Wraps a name that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The form that a name of an earlier release takes, if it can take one: without the characters
    /// that names cannot have.
    pub fn mended(text: &str) -> Option<Self> {
        Self::parse(&mended_line(text)).ok()
    }

    /// The violation for a caller who is not staff, if the name speaks for the platform: accents,
    /// case and punctuation do not make it another.
    pub fn reserved(&self) -> Option<Violation> {
        let name = folded(&self.0);
        let reserved = RESERVED.contains(&name.as_str()) || name.starts_with("official");
        reserved.then_some(Violation {
            code: "name.reserved",
            rule: "is reserved for the platform's staff",
        })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::{any_text, every_character};

    fn parse(text: &str) -> RoomName {
        RoomName::parse(text).unwrap()
    }

    fn assert_stable(text: &str) {
        if let Ok(name) = RoomName::parse(text) {
            assert_eq!(RoomName::parse(name.as_str()), Ok(name.clone()), "{text:?}");
            assert_eq!(RoomName::mended(name.as_str()), Some(name));
        }
        if let Some(name) = RoomName::mended(text) {
            assert_eq!(RoomName::parse(name.as_str()), Ok(name), "{text:?}");
        }
    }

    #[test]
    fn a_room_name_has_at_most_80_characters() {
        assert!(RoomName::parse(&"Ṣ".repeat(80)).is_ok());
        assert!(RoomName::parse(&"Ṣ".repeat(81)).is_err());
    }

    #[test]
    fn a_room_name_needs_a_visible_character_and_no_letter() {
        for text in ["2010", "👩\u{200d}🎓", "❤\u{fe0f}", "#1"] {
            assert_eq!(parse(text).as_str(), text);
        }
        for text in [
            "\u{3164}",
            "a\u{200b}",
            "\u{202e}a",
            "Cla\u{455}s",
            "\u{e000}",
        ] {
            assert!(RoomName::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse(" Class \u{a0} of  2010").as_str(), "Class of 2010");
    }

    #[test]
    fn names_that_speak_for_the_platform_are_reserved() {
        for text in [
            "ABU",
            "Alumni Office",
            "abu alumni-office",
            "ÀDMIN",
            "Administrator",
            "moderator!",
            "Support",
            "Official news",
            "officials",
            "Sup\u{200d}port",
        ] {
            assert_eq!(
                parse(text).reserved().unwrap().code,
                "name.reserved",
                "{text}"
            );
        }
        for text in [
            "ABU Set of 2010",
            "Abu and friends",
            "Admins",
            "Tech support",
            "Unofficial",
            "2010",
        ] {
            assert_eq!(parse(text).reserved(), None, "{text}");
        }
    }

    #[test]
    fn a_name_with_any_character_parses_to_itself_again() {
        for c in every_character() {
            assert_stable(&format!("{c}x {c}"));
        }
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(text in any_text()) {
            assert_stable(&text);
        }
    }
}
