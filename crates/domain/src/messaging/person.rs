//! Users as the other members of a room see them.

use crate::{UserId, platform::text::PersonName};

/// A user and their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user.
    pub id: UserId,
    /// The first name.
    pub firstname: PersonName,
    /// The last name.
    pub lastname: PersonName,
}
