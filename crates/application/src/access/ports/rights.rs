use abu_domain::{
    access::{AccessName, NamedSet},
    platform::text::Description,
};
use chrono::{DateTime, Utc};

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// Which permissions, roles or groups a list shows; `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct NameFilter {
    /// What the name contains, in any case.
    pub contains: Option<String>,
}

/// Permissions, roles or groups in the store, by the type of their names.
pub trait NamedSetReads<N: AccessName> {
    fn named(&mut self, name: &N) -> Result<Option<NamedSet<N>>, StoreError>;

    /// At most `limit` of them by name.
    fn list_named(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<NamedSet<N>>, StoreError>;

    fn count_named(&mut self, filter: &NameFilter) -> Result<Total, StoreError>;

    /// Those of `names` that nothing has, in their order.
    fn unknown_names(&mut self, names: &[N]) -> Result<Vec<N>, StoreError>;

    /// Whether a role gives the permission; whether a group gives the role, or a user holds it for a
    /// term that is not over; whether a user is in the group.
    fn is_used(&mut self, name: &N) -> Result<bool, StoreError>;
}

/// Writes beside [`NamedSetReads`].
pub trait NamedSetWrites<N: AccessName> {
    /// Inserts a set of the office's own, without parts.
    ///
    /// # Errors
    /// A conflict with `permissions_name_key`, `roles_name_key` or `groups_name_key` where the name is
    /// taken.
    fn insert_named(
        &mut self,
        name: &N,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Sets name and description, and the next version. A new name is also the next version of all that
    /// show it: roles show permissions, groups show roles, and users show groups.
    ///
    /// # Errors
    /// As [`Self::insert_named`].
    fn update_named(
        &mut self,
        name: &N,
        new_name: &N,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn add_parts(&mut self, name: &N, parts: &[N::Part]) -> Result<(), StoreError>;

    fn remove_parts(&mut self, name: &N, parts: &[N::Part]) -> Result<(), StoreError>;

    /// Deletes the set, and the terms for which users held it.
    fn delete_named(&mut self, name: &N) -> Result<(), StoreError>;
}
