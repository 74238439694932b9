use icu_properties::props::Script;
use serde::{Deserialize, Serialize};

use super::{
    Violation,
    characters::{is_letter, script},
    fold::folded,
    line::{mended_line, one_line},
};

const MAX_CHARS: usize = 100;
const ONE_TO_100: Violation = Violation {
    code: "name.length",
    rule: "must have 1 to 100 characters",
};
pub(crate) const NO_LETTER: Violation = Violation {
    code: "name.no-letter",
    rule: "must contain a letter",
};
const MIXED_SCRIPTS: Violation = Violation {
    code: "name.mixed-scripts",
    rule: "must not mix Latin letters with Cyrillic or Greek ones in a word",
};

/// Names that only the platform's office has.
const RESERVED: [&str; 4] = ["alumni office", "abu alumni", "abu admin", "former member"];

/// One part of a person's name.
///
/// Deserialization trusts its input as storage does: the text was parsed before it was serialized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// Parses a name: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `name.length` unless 1 to 100 characters are left. `name.control-character` and
    /// `name.invisible-character` for characters that a name cannot have, `name.no-letter` for a
    /// name without a letter, `name.mixed-scripts` for a word that mixes scripts that look alike.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = one_line(text, MAX_CHARS, ONE_TO_100)?;
        if !name.chars().any(is_letter) {
            return Err(NO_LETTER);
        }
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

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Requires that a person's full name, with the middle names and without, is not one of the
/// platform's office.
///
/// # Errors
/// `name.reserved` if it is.
pub fn require_free_name(
    firstname: &PersonName,
    middlename: Option<&PersonName>,
    lastname: &PersonName,
) -> Result<(), Violation> {
    let middlename = middlename.map_or("", PersonName::as_str);
    let is_reserved = |middlename: &str| {
        let full = format!("{} {middlename} {}", firstname.0, lastname.0);
        RESERVED.contains(&folded(&full).as_str())
    };
    if is_reserved("") || is_reserved(middlename) {
        return Err(Violation {
            code: "name.reserved",
            rule: "must not make a name that the platform uses itself",
        });
    }
    Ok(())
}

/// Letters of these scripts look alike: a word that mixes them imitates another.
pub(crate) fn of_one_script_a_word(name: String) -> Result<String, Violation> {
    let mixes = |word: &str| {
        let has = |known: Script| word.chars().any(|c| script(c) == known);
        has(Script::Latin) && (has(Script::Cyrillic) || has(Script::Greek))
    };
    match !name.is_ascii() && name.split(' ').any(mixes) {
        true => Err(MIXED_SCRIPTS),
        false => Ok(name),
    }
}

/// The name that a client gives its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Parses a name: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `name.length` unless 1 to 100 characters are left. `name.control-character`,
    /// `name.invisible-character` and `name.not-visible` for what does not show.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, MAX_CHARS, ONE_TO_100).map(Self)
    }

    /// The form that a name of an earlier release takes, if it can take one.
    pub fn mended(text: &str) -> Option<Self> {
        Self::parse(&mended_line(text)).ok()
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

    fn code(text: &str) -> &'static str {
        PersonName::parse(text).unwrap_err().code
    }

    fn assert_stable(text: &str) {
        if let Ok(name) = PersonName::parse(text) {
            assert_eq!(
                PersonName::parse(name.as_str()),
                Ok(name.clone()),
                "{text:?}"
            );
            assert_eq!(PersonName::mended(name.as_str()), Some(name));
        }
        if let Some(name) = PersonName::mended(text) {
            assert_eq!(PersonName::parse(name.as_str()), Ok(name), "{text:?}");
        }
        if let Ok(name) = DeviceName::parse(text) {
            assert_eq!(DeviceName::parse(name.as_str()), Ok(name), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters_not_bytes() {
        let name = "Ṣ".repeat(100);
        assert_eq!(
            PersonName::parse(&format!("  {name} ")).unwrap().as_str(),
            name
        );
        assert!(PersonName::parse(&"Ṣ".repeat(101)).is_err());
        assert!(PersonName::parse(&"S\u{323}".repeat(100)).is_ok());
    }

    #[test]
    fn empty_names_and_control_characters_are_refused() {
        for text in ["", "   ", "a\0b", "a\nb"] {
            assert!(PersonName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_of_many_languages_pass() {
        for text in [
            "Abu",
            "Hauwa'u",
            "Abdul-Ƙadir",
            "Ọlá",
            "Muḥammad",
            "محمد",
            "Анна",
            "Ελένη",
            "李",
            "O'Neill",
            "Bello III",
            "Jr.",
            "अहमद",
            "می\u{200c}خواهم",
        ] {
            assert_eq!(PersonName::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_person_has_a_letter_and_nothing_hidden_in_the_name() {
        for text in ["123", "👍", "—", "\u{3164}", "\u{301}"] {
            assert!(PersonName::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(code("..."), "name.no-letter");
        assert_eq!(code("Ami\u{200b}na"), "name.invisible-character");
        assert_eq!(code("Amina\u{202e}"), "name.invisible-character");
        assert_eq!(code("\u{e000}Amina"), "name.invisible-character");
    }

    #[test]
    fn no_word_mixes_latin_with_cyrillic_or_greek() {
        for text in ["Аmina", "Αbu", "Bello-Анна", "Bell\u{3bf}"] {
            assert_eq!(code(text), "name.mixed-scripts", "{text}");
        }
        assert!(PersonName::parse("Anna Анна").is_ok());
    }

    #[test]
    fn only_the_full_names_of_the_office_are_refused() {
        let check = |names: &[&str]| {
            let names = names.iter().map(|name| PersonName::parse(name).unwrap());
            let [first, between @ .., last] = &names.collect::<Vec<_>>()[..] else {
                panic!("a person has two names")
            };
            require_free_name(first, between.first(), last)
        };
        for names in [
            ["Alumni", "Office"],
            ["ABU", "Àlumni"],
            ["abu", "ADMIN"],
            ["A\u{200d}bu", "Admin."],
            ["Former", "Member"],
        ] {
            assert_eq!(
                check(&names).unwrap_err().code,
                "name.reserved",
                "{names:?}"
            );
        }
        assert!(check(&["Abu", "Bello", "Admin"]).is_err());
        assert!(check(&["Alumni", "Office", "—x"]).is_ok());
        for names in [
            ["Abu", "Bello"],
            ["System", "Administrator"],
            ["Admin", "Abu"],
        ] {
            assert_eq!(check(&names), Ok(()), "{names:?}");
        }
    }

    #[test]
    fn a_name_with_any_character_parses_to_itself_again() {
        for c in every_character() {
            assert_stable(&format!("x{c}"));
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
