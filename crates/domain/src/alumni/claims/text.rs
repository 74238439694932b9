use crate::platform::text::{Violation, nfc};

const MAX_CHARS: usize = 2_000;

/// A message between an applicant and a reviewer: up to 2,000 characters in several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMessage(String);

impl ClaimMessage {
    /// Parses a message: composes it (NFC) and trims it. Line ends become `\n`.
    ///
    /// # Errors
    /// `claim_message.length` unless 1 to 2,000 characters are left; `claim_message.control-character` for control
    /// characters other than line ends and tabs.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "claim_message.length",
            rule: "must have 1 to 2000 characters",
        };
        const CONTROL: Violation = Violation {
            code: "claim_message.control-character",
            rule: "must not contain control characters other than line ends and tabs",
        };
        // Bounded before it is composed: a character composes from a few at most.
        if text.len() > 16 * MAX_CHARS {
            return Err(LENGTH);
        }
        let lines = nfc(text.trim()).replace("\r\n", "\n").replace('\r', "\n");
        if lines.is_empty() || lines.chars().count() > MAX_CHARS {
            return Err(LENGTH);
        }
        let is_unfit = |c: char| c.is_control() && c != '\n' && c != '\t';
        match lines.chars().any(is_unfit) {
            true => Err(CONTROL),
            false => Ok(Self(lines)),
        }
    }

    /// Wraps a message that was parsed before it was stored.
    pub fn from_storage(text: String) -> Self {
        Self(text)
    }

    /// The message as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_lines_and_a_bounded_length() {
        let parsed = ClaimMessage::parse(" one\r\ntwo\r\tthree ").unwrap();
        assert_eq!(parsed.as_str(), "one\ntwo\n\tthree");
        assert!(ClaimMessage::parse(&"ọ".repeat(MAX_CHARS)).is_ok());
        for text in ["", " \n ", &"x".repeat(MAX_CHARS + 1)] {
            let violation = ClaimMessage::parse(text).unwrap_err();
            assert_eq!(violation.code, "claim_message.length");
        }
        let violation = ClaimMessage::parse("a\0b").unwrap_err();
        assert_eq!(violation.code, "claim_message.control-character");
    }
}
