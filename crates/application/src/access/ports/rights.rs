use abu_domain::{
    access::{Group, GroupName, PermissionName, PermissionRecord, Role, RoleName},
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

/// Permissions in the store.
pub trait PermissionReads {
    /// The permission.
    fn permission(&mut self, name: &PermissionName)
    -> Result<Option<PermissionRecord>, StoreError>;

    /// At most `limit` permissions by name.
    fn list_permissions(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<PermissionRecord>, StoreError>;

    /// How many permissions pass the filter.
    fn count_permissions(&mut self, filter: &NameFilter) -> Result<Total, StoreError>;

    /// Those of `names` that are no permissions.
    fn unknown_permissions(
        &mut self,
        names: &[PermissionName],
    ) -> Result<Vec<PermissionName>, StoreError>;

    /// Whether a role gives it.
    fn permission_is_used(&mut self, name: &PermissionName) -> Result<bool, StoreError>;
}

/// Writes beside [`PermissionReads`].
pub trait PermissionWrites {
    /// Makes a permission of the office's own.
    ///
    /// # Errors
    /// A conflict with `permissions_name_key` where there is one of that name.
    fn insert_permission(
        &mut self,
        name: &PermissionName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Gives the permission another name and description; the roles that give it have changed with its
    /// name.
    ///
    /// # Errors
    /// A conflict with `permissions_name_key` where there is another one of the new name.
    fn update_permission(
        &mut self,
        name: &PermissionName,
        new_name: &PermissionName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Deletes the permission.
    fn delete_permission(&mut self, name: &PermissionName) -> Result<(), StoreError>;
}

/// Roles in the store.
pub trait RoleReads {
    /// The role.
    fn role(&mut self, name: &RoleName) -> Result<Option<Role>, StoreError>;

    /// At most `limit` roles by name.
    fn list_roles(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<Role>, StoreError>;

    /// How many roles pass the filter.
    fn count_roles(&mut self, filter: &NameFilter) -> Result<Total, StoreError>;

    /// Those of `names` that are no roles.
    fn unknown_roles(&mut self, names: &[RoleName]) -> Result<Vec<RoleName>, StoreError>;

    /// Whether a group gives it, or it is assigned to somebody for a term that is not over.
    fn role_is_used(&mut self, name: &RoleName) -> Result<bool, StoreError>;
}

/// Writes beside [`RoleReads`].
pub trait RoleWrites {
    /// Makes a role of the office's own, which gives nothing yet.
    ///
    /// # Errors
    /// A conflict with `roles_name_key` where there is one of that name.
    fn insert_role(
        &mut self,
        name: &RoleName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Gives the role another name and description, or notes that what it gives was changed; the groups
    /// that give it have changed with its name.
    ///
    /// # Errors
    /// A conflict with `roles_name_key` where there is another one of the new name.
    fn update_role(
        &mut self,
        name: &RoleName,
        new_name: &RoleName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Has the role give these permissions too.
    fn add_permissions_to_role(
        &mut self,
        role: &RoleName,
        permissions: &[PermissionName],
    ) -> Result<(), StoreError>;

    /// Has the role give these permissions no longer.
    fn remove_permissions_from_role(
        &mut self,
        role: &RoleName,
        permissions: &[PermissionName],
    ) -> Result<(), StoreError>;

    /// Deletes the role, and the terms for which it was held.
    fn delete_role(&mut self, name: &RoleName) -> Result<(), StoreError>;
}

/// Groups in the store, and who is in them.
pub trait GroupReads {
    /// The group.
    fn group(&mut self, name: &GroupName) -> Result<Option<Group>, StoreError>;

    /// At most `limit` groups by name.
    fn list_groups(
        &mut self,
        filter: &NameFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError>;

    /// How many groups pass the filter.
    fn count_groups(&mut self, filter: &NameFilter) -> Result<Total, StoreError>;

    /// Those of `names` that are no groups.
    fn unknown_groups(&mut self, names: &[GroupName]) -> Result<Vec<GroupName>, StoreError>;

    /// Whether anybody is in it.
    fn group_is_used(&mut self, name: &GroupName) -> Result<bool, StoreError>;
}

/// Writes beside [`GroupReads`].
pub trait GroupWrites {
    /// Makes a group of the office's own, which gives nothing yet.
    ///
    /// # Errors
    /// A conflict with `groups_name_key` where there is one of that name.
    fn insert_group(
        &mut self,
        name: &GroupName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Gives the group another name and description, or notes that what it gives was changed; those who
    /// are in it have changed with its name.
    ///
    /// # Errors
    /// A conflict with `groups_name_key` where there is another one of the new name.
    fn update_group(
        &mut self,
        name: &GroupName,
        new_name: &GroupName,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Has the group give these roles too.
    fn add_roles_to_group(
        &mut self,
        group: &GroupName,
        roles: &[RoleName],
    ) -> Result<(), StoreError>;

    /// Has the group give these roles no longer.
    fn remove_roles_from_group(
        &mut self,
        group: &GroupName,
        roles: &[RoleName],
    ) -> Result<(), StoreError>;

    /// Deletes the group.
    fn delete_group(&mut self, name: &GroupName) -> Result<(), StoreError>;
}
