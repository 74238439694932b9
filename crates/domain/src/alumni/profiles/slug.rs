//! Addresses of public pages.

use crate::Violation;

/// Words that a public page cannot be called, because people would take it for one of the university.
const RESERVED: [&str; 12] = [
    "abu",
    "admin",
    "administrator",
    "alumni",
    "help",
    "me",
    "official",
    "registry",
    "root",
    "security",
    "support",
    "university",
];

/// The address of a public page, which its member chose: 3 to 40 small letters and digits, with single hyphens between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Parses an address; capital letters become small.
    ///
    /// # Errors
    /// `slug.invalid` for another form, `slug.reserved` for a word that the platform keeps.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const INVALID: Violation = Violation {
            code: "slug.invalid",
            rule: "must have 3 to 40 letters a-z and digits, with single hyphens between them",
        };
        const IS_RESERVED: Violation = Violation {
            code: "slug.reserved",
            rule: "must not be a word that the platform keeps",
        };
        let slug = text.to_ascii_lowercase();
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_letter);
        if !(3..=40).contains(&slug.len()) || !slug.split('-').all(is_word) {
            return Err(INVALID);
        }
        match RESERVED.contains(&slug.as_str()) {
            true => Err(IS_RESERVED),
            false => Ok(Self(slug)),
        }
    }

    /// Wraps an address that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_words_of_letters_and_digits() {
        for (text, slug) in [
            ("musa-bello", "musa-bello"),
            ("Musa2015", "musa2015"),
            ("a-1", "a-1"),
        ] {
            assert_eq!(Slug::parse(text).unwrap().as_str(), slug);
        }
        let long = "a".repeat(41);
        for text in [
            "", "ab", "-ab", "ab-", "a--b", "a b", "mụsa", "a/b", "..", &long,
        ] {
            assert_eq!(
                Slug::parse(text).unwrap_err().code,
                "slug.invalid",
                "{text}"
            );
        }
        assert_eq!(Slug::parse("Admin").unwrap_err().code, "slug.reserved");
    }
}
