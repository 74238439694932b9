//! A member's choices of levels.

use std::collections::BTreeMap;

use super::{Field, Level};
use crate::platform::text::Violation;

/// The levels that a member chose, where they deviate from the defaults. A member without choices has the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privacy(BTreeMap<Field, Level>);

impl Privacy {
    /// The choices as they were stored. A level that its field does not allow any more becomes the widest allowed one
    /// that is not wider, or else the narrowest.
    pub fn from_storage(choices: impl IntoIterator<Item = (Field, Level)>) -> Self {
        let deviations = choices.into_iter().filter_map(|(field, chosen)| {
            let allowed = field.allowed_levels();
            let within = allowed.iter().rfind(|level| **level <= chosen);
            let level = *within.or(allowed.first())?;
            (level != field.default_level()).then_some((field, level))
        });
        Self(deviations.collect())
    }

    /// The level of the field.
    pub fn level(&self, field: Field) -> Level {
        let chosen = self.0.get(&field).copied();
        chosen.unwrap_or_else(|| field.default_level())
    }

    /// Chooses a level for the field.
    ///
    /// # Errors
    /// `level.not-allowed` for a level that the field does not allow.
    pub fn choose(&mut self, field: Field, level: Level) -> Result<(), Violation> {
        const NOT_ALLOWED: Violation = Violation {
            code: "level.not-allowed",
            rule: "must be a level that this field allows",
        };
        if !field.allowed_levels().contains(&level) {
            return Err(NOT_ALLOWED);
        }
        match level == field.default_level() {
            true => self.0.remove(&field),
            false => self.0.insert(field, level),
        };
        Ok(())
    }

    /// The choices that deviate from the defaults.
    pub fn deviations(&self) -> impl Iterator<Item = (Field, Level)> {
        self.0.iter().map(|(field, level)| (*field, *level))
    }
}
