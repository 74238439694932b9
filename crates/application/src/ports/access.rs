use std::collections::BTreeSet;

use abu_domain::{UserId, access::Permission};
use chrono::{DateTime, Utc};

use super::StoreError;

/// What is known of who asks.
#[derive(Clone, Debug)]
pub struct CallerRecord {
    /// False while suspended.
    pub is_active: bool,
    /// Holds every permission.
    pub is_superuser: bool,
    /// Names of the permissions their groups' roles give.
    pub permissions: BTreeSet<String>,
}

impl CallerRecord {
    /// Whether they hold `permission`.
    pub fn holds(&self, permission: Permission) -> bool {
        self.is_superuser || self.permissions.contains(permission.name())
    }
}

/// Permissions, roles and groups in the store.
pub trait AccessRows {
    /// What is known of `id`; `None` where there is no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    fn caller(&mut self, id: UserId) -> Result<Option<CallerRecord>, StoreError>;

    /// Makes every permission, role and group of [`abu_domain::access`] that is missing, and gives
    /// seeded roles and groups what they miss. Takes nothing away. Returns how many rows were added.
    ///
    /// # Errors
    /// [`StoreError`].
    fn seed_access(&mut self, now: DateTime<Utc>) -> Result<usize, StoreError>;

    /// Puts the user in the group of that name; false where they are in it already.
    ///
    /// # Errors
    /// A conflict where there is no such user; [`StoreError::Other`] where there is no such group.
    fn add_to_group(&mut self, user: UserId, group: &str) -> Result<bool, StoreError>;
}
