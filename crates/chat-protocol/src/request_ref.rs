//! Correlation ids: the `ref` by which a client matches an answer to its request.

use std::fmt;

/// The most characters of a [`RequestRef`].
pub const MAX_REF_CHARACTERS: usize = 64;

/// The `ref` of a packet: any text the client likes, at most [`MAX_REF_CHARACTERS`] long. The server
/// sends it back with whatever answers that packet, to that session alone. Profile v2 has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestRef(String);

/// The text is longer than [`MAX_REF_CHARACTERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefTooLong;

impl RequestRef {
    /// A name for a request.
    ///
    /// # Errors
    /// [`RefTooLong`].
    pub fn new(text: impl Into<String>) -> Result<Self, RefTooLong> {
        let text = text.into();
        match text.chars().nth(MAX_REF_CHARACTERS) {
            None => Ok(Self(text)),
            Some(_) => Err(RefTooLong),
        }
    }

    /// The text, as the client chose it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RefTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a `ref` has at most {MAX_REF_CHARACTERS} characters")
    }
}

impl std::error::Error for RefTooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_has_up_to_64_characters_of_any_kind() {
        for text in ["", "a", &"\u{1f600}".repeat(MAX_REF_CHARACTERS)] {
            assert_eq!(
                RequestRef::new(text).map(|text| text.0),
                Ok(text.to_owned())
            );
        }
        assert_eq!(
            RequestRef::new("a".repeat(MAX_REF_CHARACTERS + 1)),
            Err(RefTooLong)
        );
        assert!(RefTooLong.to_string().contains("64"));
    }
}
