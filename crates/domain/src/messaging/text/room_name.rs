use crate::platform::text::{Violation, one_line};

/// The name of a group room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    /// Parses a name after trimming the space around it.
    ///
    /// # Errors
    /// `name.length` unless 1 to 80 characters are left, `name.control-character` if it contains a
    /// control character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        const LENGTH: Violation = Violation {
            code: "name.length",
            rule: "must have 1 to 80 characters",
        };
        one_line(text, 80, LENGTH).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_name_has_at_most_80_characters() {
        assert!(RoomName::parse(&"Ṣ".repeat(80)).is_ok());
        assert!(RoomName::parse(&"Ṣ".repeat(81)).is_err());
    }
}
