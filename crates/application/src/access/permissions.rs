//! Permissions, as the office sees them and adds its own.

use abu_domain::{
    access::{Permission, PermissionName, PermissionRecord, Scope},
    text::Description,
};

use super::{
    AccessControl, Caller, Named, RightsError, control::name_taken, require, require_held,
    require_to_change_rights,
};
use crate::{
    audit::{Action, Entry, Target},
    lists::{ListRequest, Listed},
    ports::{NameFilter, StoreError},
    versions::{Expected, Version},
};

/// A permission about to be made.
#[derive(Clone, Debug)]
pub struct PermissionDraft {
    /// Its name.
    pub name: PermissionName,
    /// What it allows.
    pub description: Description,
}

/// What a permission is changed to.
#[derive(Clone, Debug)]
pub struct PermissionChange {
    /// Another name; `None` keeps the one it has.
    pub name: Option<PermissionName>,
    /// What it allows.
    pub description: Description,
}

impl AccessControl {
    /// A permission; takes `can_view_permission`.
    pub async fn permission(
        &self,
        caller: Caller,
        name: PermissionName,
    ) -> Result<PermissionRecord, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewPermission)?;
                let found = tx.permission(&name)?;
                found.ok_or(RightsError::NotFound(Named::Permission))
            })
            .await
    }

    /// A page of permissions, by name; takes `can_view_permission`.
    pub async fn permissions(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<PermissionRecord>, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewPermission)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_permissions(&filter, seek, limit),
                    |tx| tx.count_permissions(&filter),
                )?)
            })
            .await
    }

    /// Makes a permission, which no role gives yet; takes `can_create_permission`. Names of permissions
    /// that the code asks for are taken, even where they are not seeded yet.
    pub async fn create_permission(
        &self,
        caller: Caller,
        draft: PermissionDraft,
    ) -> Result<PermissionRecord, RightsError> {
        let (now, entry_id) = self.now_and_entry_id();
        self.database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, Permission::CreatePermission)?;
                refuse_names_of_the_code(&draft.name)?;
                tx.insert_permission(&draft.name, &draft.description, now)
                    .map_err(permission_name_taken)?;
                let made = tx.permission(&draft.name)?;
                Entry::by(&caller, Action::PermissionCreate)
                    .on(Target::permission(&draft.name))
                    .write(tx, entry_id, now)?;
                made.ok_or(RightsError::NotFound(Named::Permission))
            })
            .await
    }

    /// Changes a permission; takes `can_modify_permission`, and the permission itself where a role
    /// gives it.
    pub async fn update_permission(
        &self,
        caller: Caller,
        name: PermissionName,
        change: PermissionChange,
        expected: Expected,
    ) -> Result<PermissionRecord, RightsError> {
        let (now, entry_id) = self.now_and_entry_id();
        self.database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::ModifyPermission)?;
                let before = tx
                    .permission(&name)?
                    .ok_or(RightsError::NotFound(Named::Permission))?;
                if tx.permission_is_used(&name)? {
                    require_held(&actor, [name.as_str()], Scope::Global)?;
                }
                expected.check(Version::of(before.last_modified))?;
                let new_name = change.name.unwrap_or_else(|| name.clone());
                if before.is_system && new_name != name {
                    return Err(RightsError::SystemRow);
                }
                if new_name != name {
                    refuse_names_of_the_code(&new_name)?;
                }
                if new_name == name && change.description == before.description {
                    return Ok(before);
                }
                tx.update_permission(&name, &new_name, &change.description, now)
                    .map_err(permission_name_taken)?;
                let after = tx.permission(&new_name)?;
                let mut entry =
                    Entry::by(&caller, Action::PermissionUpdate).on(Target::permission(&new_name));
                if new_name != name {
                    entry = entry.with("renamed-from", name.as_str());
                }
                entry.write(tx, entry_id, now)?;
                after.ok_or(RightsError::NotFound(Named::Permission))
            })
            .await
    }

    /// Deletes a permission that no role gives; takes `can_delete_permission`.
    pub async fn delete_permission(
        &self,
        caller: Caller,
        name: PermissionName,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.now_and_entry_id();
        self.database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, Permission::DeletePermission)?;
                let permission = tx
                    .permission(&name)?
                    .ok_or(RightsError::NotFound(Named::Permission))?;
                expected.check(Version::of(permission.last_modified))?;
                if permission.is_system {
                    return Err(RightsError::SystemRow);
                }
                if tx.permission_is_used(&name)? {
                    return Err(RightsError::InUse(Named::Permission));
                }
                tx.delete_permission(&name)?;
                Entry::by(&caller, Action::PermissionDelete)
                    .on(Target::permission(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }
}

/// What the code asks for is made by seeding alone: a permission of the office's own by such a name would
/// open what the office knows nothing of.
fn refuse_names_of_the_code(name: &PermissionName) -> Result<(), RightsError> {
    match Permission::from_name(name.as_str()) {
        Some(_) => Err(RightsError::NameTaken),
        None => Ok(()),
    }
}

fn permission_name_taken(error: StoreError) -> RightsError {
    name_taken("permissions_name_key", error)
}
