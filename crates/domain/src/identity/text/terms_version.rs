use crate::platform::text::Violation;

const MAX_BYTES: usize = 40;

/// The version of the terms that a user accepted, such as `2026-01`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsVersion(String);

impl TermsVersion {
    /// Parses a version.
    ///
    /// # Errors
    /// `terms_version.invalid` unless it has 1 to 40 ASCII letters, digits, dots, hyphens and
    /// underscores.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Violation {
                code: "terms_version.invalid",
                rule: "must have 1 to 40 letters, digits, dots, hyphens and underscores",
            })
        }
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_short_plain_word() {
        for text in ["1", "2026-01", "v1.2_b"] {
            assert_eq!(TermsVersion::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " 1", "1\0", "vérsion", "a/b", &"1".repeat(41)] {
            assert!(TermsVersion::parse(text).is_err(), "{text:?}");
        }
    }
}
