//! Roles: named sets of permissions.

use std::collections::BTreeSet;

use abu_domain::{
    access::{Permission, PermissionName, Role, RoleName, Scope},
    text::Description,
};

use super::{
    AccessControl, Caller, Named, RightsError,
    control::{Difference, name_taken, require_known},
    rank::require_to_edit,
    require, require_held, require_held_for_good, require_rank_over_holders,
    require_to_change_rights,
};
use crate::{
    audit::{Action, Entry, Target},
    lists::{ListRequest, Listed},
    ports::{CallerRecord, NameFilter, StoreError, Transaction},
    versions::{Expected, Version},
};

/// A role about to be made.
#[derive(Clone, Debug)]
pub struct RoleDraft {
    /// Its name.
    pub name: RoleName,
    /// What it is for.
    pub description: Description,
    /// What it allows.
    pub permissions: Vec<PermissionName>,
}

/// What a role is changed to, as a whole.
#[derive(Clone, Debug)]
pub struct RoleChange {
    /// Another name; `None` keeps the one it has.
    pub name: Option<RoleName>,
    /// What it is for.
    pub description: Description,
    /// What it allows from now on, and nothing else.
    pub permissions: Vec<PermissionName>,
}

/// A role as it shall be.
struct Edit {
    name: RoleName,
    description: Description,
    permissions: BTreeSet<PermissionName>,
}

impl Edit {
    /// The role as it is, but for the permissions.
    fn of(role: &Role, permissions: BTreeSet<PermissionName>) -> Self {
        Self {
            name: role.name.clone(),
            description: role.description.clone(),
            permissions,
        }
    }
}

impl AccessControl {
    /// A role; takes `can_view_role`.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn role(&self, caller: Caller, name: RoleName) -> Result<Role, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewRole)?;
                tx.role(&name)?.ok_or(RightsError::NotFound(Named::Role))
            })
            .await
    }

    /// A page of roles, by name; takes `can_view_role`.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn roles(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<Role>, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewRole)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_roles(&filter, seek, limit),
                    |tx| tx.count_roles(&filter),
                )?)
            })
            .await
    }

    /// Makes a role; takes `can_create_role` and every permission that the role gives.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn create_role(&self, caller: Caller, draft: RoleDraft) -> Result<Role, RightsError> {
        let (now, entry_id) = self.moment();
        self.database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, Permission::CreateRole)?;
                require_known(
                    Named::Permission,
                    &tx.unknown_permissions(&draft.permissions)?,
                )?;
                let given = draft.permissions.iter().map(PermissionName::as_str);
                require_held_for_good(tx, &caller, given)?;
                tx.insert_role(&draft.name, &draft.description, now)
                    .map_err(role_name_taken)?;
                tx.add_permissions_to_role(&draft.name, &draft.permissions)?;
                let role = tx.role(&draft.name)?;
                Entry::by(&caller, Action::RoleCreate)
                    .on(Target::role(&draft.name))
                    .with_names("permissions", &draft.permissions)
                    .write(tx, entry_id, now)?;
                role.ok_or(RightsError::NotFound(Named::Role))
            })
            .await
    }

    /// Changes a role as a whole; takes `can_modify_role`, and every permission that the role gives
    /// before or after.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn update_role(
        &self,
        caller: Caller,
        name: RoleName,
        change: RoleChange,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let named = change.permissions.clone();
        self.change_role(caller, name, named, expected, Action::RoleUpdate, |role| {
            Ok(Edit {
                name: change.name.unwrap_or_else(|| role.name.clone()),
                description: change.description,
                permissions: change.permissions.into_iter().collect(),
            })
        })
        .await
    }

    /// Has a role give more permissions; takes what changing the role takes.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn add_permissions(
        &self,
        caller: Caller,
        name: RoleName,
        permissions: Vec<PermissionName>,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let (named, action) = (permissions.clone(), Action::RoleAddPermission);
        self.change_role(caller, name, named, expected, action, |role| {
            let kept = role.permissions.iter().cloned();
            Ok(Edit::of(role, kept.chain(permissions).collect()))
        })
        .await
    }

    /// Has a role give these permissions no longer; takes what changing the role takes. Permissions that
    /// it does not give change nothing.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn remove_permissions(
        &self,
        caller: Caller,
        name: RoleName,
        permissions: Vec<PermissionName>,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let (named, action) = (permissions.clone(), Action::RoleRemovePermission);
        self.change_role(caller, name, named, expected, action, move |role| {
            Ok(without(role, &permissions))
        })
        .await
    }

    /// Has a role give this permission no longer; takes what changing the role takes.
    ///
    /// # Errors
    /// [`RightsError::NotPart`] where it does not give it.
    pub async fn remove_permission(
        &self,
        caller: Caller,
        name: RoleName,
        permission: PermissionName,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let action = Action::RoleRemovePermission;
        self.change_role(caller, name, Vec::new(), expected, action, move |role| {
            if !role.permissions.contains(&permission) {
                return Err(RightsError::NotPart(Named::Permission));
            }
            Ok(without(role, &[permission]))
        })
        .await
    }

    /// Deletes a role that nobody has; takes `can_delete_role` and every permission that it gives.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn delete_role(
        &self,
        caller: Caller,
        name: RoleName,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.moment();
        self.database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::DeleteRole)?;
                let role = tx.role(&name)?.ok_or(RightsError::NotFound(Named::Role))?;
                let given = role.permissions.iter().map(PermissionName::as_str);
                require_held(&actor, given, Scope::Global)?;
                expected.check(Version::of(role.last_modified))?;
                if role.is_system {
                    return Err(RightsError::SystemRow);
                }
                if tx.role_is_used(&name)? {
                    return Err(RightsError::InUse(Named::Role));
                }
                tx.delete_role(&name)?;
                Entry::by(&caller, Action::RoleDelete)
                    .on(Target::role(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The one way in which roles change. `named` are permissions that the request names.
    async fn change_role(
        &self,
        caller: Caller,
        name: RoleName,
        named: Vec<PermissionName>,
        expected: Expected,
        action: Action,
        edit: impl FnOnce(&Role) -> Result<Edit, RightsError> + Send + 'static,
    ) -> Result<Role, RightsError> {
        let (now, entry_id) = self.moment();
        self.database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::ModifyRole)?;
                let role = tx.role(&name)?.ok_or(RightsError::NotFound(Named::Role))?;
                require_known(Named::Permission, &tx.unknown_permissions(&named)?)?;
                let edit = edit(&role)?;
                let difference = Difference::between(&role.permissions, &edit.permissions);
                may_change(tx, &caller, &actor, &role, &difference)?;
                expected.check(Version::of(role.last_modified))?;
                let renamed = edit.name != role.name;
                if role.is_system && renamed {
                    return Err(RightsError::SystemRow);
                }
                if difference.is_empty() && !renamed && edit.description == role.description {
                    return Ok(role);
                }
                tx.remove_permissions_from_role(&name, &difference.removed)?;
                tx.add_permissions_to_role(&name, &difference.added)?;
                tx.update_role(&name, &edit.name, &edit.description, now)
                    .map_err(role_name_taken)?;
                let changed = tx.role(&edit.name)?;
                let mut entry = Entry::by(&caller, action).on(Target::role(&edit.name));
                if renamed {
                    entry = entry.with("renamed-from", name.as_str());
                }
                entry
                    .with_names("added", &difference.added)
                    .with_names("removed", &difference.removed)
                    .write(tx, entry_id, now)?;
                changed.ok_or(RightsError::NotFound(Named::Role))
            })
            .await
    }
}

/// Whoever changes a role holds all that it gives, before and after; whoever takes something out of it
/// outranks all who have it.
fn may_change(
    tx: &mut dyn Transaction,
    caller: &Caller,
    actor: &CallerRecord,
    role: &Role,
    difference: &Difference<PermissionName>,
) -> Result<(), RightsError> {
    let gives = role.permissions.iter().map(PermissionName::as_str);
    let added = difference.added.iter().map(PermissionName::as_str);
    require_to_edit(tx, caller, actor, gives, added)?;
    if !difference.removed.is_empty() {
        require_rank_over_holders(tx, actor, &role.name)?;
    }
    Ok(())
}

fn without(role: &Role, removed: &[PermissionName]) -> Edit {
    let kept = role.permissions.iter();
    let kept = kept.filter(|held| !removed.contains(held)).cloned();
    Edit::of(role, kept.collect())
}

fn role_name_taken(error: StoreError) -> RightsError {
    name_taken("roles_name_key", error)
}
