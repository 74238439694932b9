//! Grown vocabularies: the names of employers and skills, as members write them.

use uuid::Uuid;

use crate::{
    Violation, named_enum,
    platform::text::{folded, one_line},
};

/// How many members must use a name before it is suggested to others.
pub const USERS_THAT_CONFIRM: u32 = 3;

named_enum! {
    /// A vocabulary that members' entries grow.
    pub enum Vocabulary {
        /// Employers.
        Employers => "employers",
        /// Skills.
        Skills => "skills",
    }
}

named_enum! {
    /// How far a name of a vocabulary has come.
    pub enum TermState {
        /// Shown on the profiles that use it, and nowhere else.
        Proposed => "proposed",
        /// Suggested to members, and a filter of the directory.
        Confirmed => "confirmed",
        /// Another name replaced it.
        Merged => "merged",
    }
}

/// A name of a vocabulary, on a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term<Id> {
    /// Names it in storage.
    pub id: Id,
    /// Names it on the wire.
    pub uuid: Uuid,
    /// What people read.
    pub name: String,
    /// Whether the directory filters by it, and suggests it.
    pub is_facet: bool,
}

/// A name for a vocabulary, with the key that its spellings share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermName {
    name: String,
    key: String,
}

impl TermName {
    /// Parses a name: composes it (NFC), trims it, and makes each run of spaces one.
    ///
    /// # Errors
    /// `employer.length` or `skill.length` for one that is too long, `employer.no-letter` or `skill.no-letter` for one
    /// without a letter and a digit; those of characters that do not show.
    pub fn parse(vocabulary: Vocabulary, text: &str) -> Result<Self, Violation> {
        let (max_chars, length, no_letter) = match vocabulary {
            Vocabulary::Employers => (
                120,
                Violation {
                    code: "employer.length",
                    rule: "must have 1 to 120 characters",
                },
                Violation {
                    code: "employer.no-letter",
                    rule: "must contain a letter or a digit",
                },
            ),
            Vocabulary::Skills => (
                60,
                Violation {
                    code: "skill.length",
                    rule: "must have 1 to 60 characters",
                },
                Violation {
                    code: "skill.no-letter",
                    rule: "must contain a letter or a digit",
                },
            ),
        };
        let name = one_line(text, max_chars, length)?;
        match key(&name) {
            key if key.is_empty() => Err(no_letter),
            key => Ok(Self { name, key }),
        }
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The key: equal for names that differ in case, accents and punctuation alone.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Signs that part names of skills become words: `C`, `C++` and `C#` are three.
fn key(name: &str) -> String {
    let spelled = name
        .replace('+', "plus")
        .replace('#', "sharp")
        .replace('&', " and ");
    folded(&spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(text: &str) -> String {
        TermName::parse(Vocabulary::Skills, text).unwrap().key
    }

    #[test]
    fn spellings_share_a_key_and_languages_of_one_letter_do_not() {
        assert_eq!(key_of("  Machine  Learning"), key_of("machine-learning"));
        assert_eq!(
            key_of("Research & Development"),
            key_of("research and development")
        );
        assert_eq!(key_of("Hausá"), key_of("hausa"));
        let keys = ["C", "C++", "C#", "7UP", "Up"].map(key_of);
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{key}");
        }
    }

    #[test]
    fn a_name_has_a_letter_or_a_digit_and_a_bounded_length() {
        let code = |vocabulary, text: &str| TermName::parse(vocabulary, text).unwrap_err().code;
        assert_eq!(code(Vocabulary::Skills, "—"), "skill.no-letter");
        assert_eq!(code(Vocabulary::Skills, &"x".repeat(61)), "skill.length");
        assert_eq!(code(Vocabulary::Employers, ""), "employer.length");
        assert!(TermName::parse(Vocabulary::Employers, &"x".repeat(120)).is_ok());
    }
}
