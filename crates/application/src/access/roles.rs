//! Roles: named sets of permissions.

use abu_domain::{
    access::{Permission, PermissionName, Role, RoleName, Scope},
    platform::text::Description,
};

use super::{
    AccessControl, Caller, Named, RightsError,
    control::{Difference, Parts, Revision, name_taken, require_known},
    rank::require_to_edit,
    require, require_held, require_held_for_good, require_rank_over_holders,
    require_to_change_rights,
};
use crate::{
    access::{
        Authority,
        ports::{CallerRecord, NameFilter},
    },
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed},
        ports::StoreError,
        versions::{Expected, Version},
    },
    store::Reads,
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

impl AccessControl {
    /// A role; takes `can_view_role`.
    pub async fn role(&self, caller: Caller, name: RoleName) -> Result<Role, RightsError> {
        self.context
            .database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewRole)?;
                tx.role(&name)?.ok_or(RightsError::NotFound(Named::Role))
            })
            .await
    }

    /// A page of roles, by name; takes `can_view_role`.
    pub async fn roles(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<Role>, RightsError> {
        self.context
            .database
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
    pub async fn create_role(&self, caller: Caller, draft: RoleDraft) -> Result<Role, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
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
                caller
                    .entry(Action::RoleCreate)
                    .on(Target::role(&draft.name))
                    .with_names("permissions", &draft.permissions)
                    .write(tx, entry_id, now)?;
                role.ok_or(RightsError::NotFound(Named::Role))
            })
            .await
    }

    /// Changes a role as a whole; takes `can_modify_role`, and every permission that the role gives
    /// before or after.
    pub async fn update_role(
        &self,
        caller: Caller,
        name: RoleName,
        change: RoleChange,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let revision = Revision {
            name: change.name,
            description: Some(change.description),
            parts: Parts::These(change.permissions),
        };
        self.change_role(caller, name, revision, expected, Action::RoleUpdate)
            .await
    }

    /// Has a role give more permissions; takes what changing the role takes.
    pub async fn add_permissions(
        &self,
        caller: Caller,
        name: RoleName,
        permissions: Vec<PermissionName>,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let revision = Revision::of_parts(Parts::And(permissions));
        self.change_role(caller, name, revision, expected, Action::RoleAddPermission)
            .await
    }

    /// Has a role give these permissions no longer; takes what changing the role takes. Permissions that
    /// it does not give change nothing.
    pub async fn remove_permissions(
        &self,
        caller: Caller,
        name: RoleName,
        permissions: Vec<PermissionName>,
        expected: Expected,
    ) -> Result<Role, RightsError> {
        let revision = Revision::of_parts(Parts::Without(permissions));
        let action = Action::RoleRemovePermission;
        self.change_role(caller, name, revision, expected, action)
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
        let revision = Revision::of_parts(Parts::WithoutOne(permission));
        let action = Action::RoleRemovePermission;
        self.change_role(caller, name, revision, expected, action)
            .await
    }

    /// Deletes a role that nobody has; takes `can_delete_role` and every permission that it gives.
    pub async fn delete_role(
        &self,
        caller: Caller,
        name: RoleName,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
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
                caller
                    .entry(Action::RoleDelete)
                    .on(Target::role(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The one way in which roles change.
    async fn change_role(
        &self,
        caller: Caller,
        name: RoleName,
        revision: Revision<RoleName, PermissionName>,
        expected: Expected,
        action: Action,
    ) -> Result<Role, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::ModifyRole)?;
                let role = tx.role(&name)?.ok_or(RightsError::NotFound(Named::Role))?;
                let named = revision.parts.named();
                require_known(Named::Permission, &tx.unknown_permissions(named)?)?;
                let difference = revision
                    .parts
                    .difference(&role.permissions, Named::Permission)?;
                may_change(tx, &caller, &actor, &role, &difference)?;
                expected.check(Version::of(role.last_modified))?;
                let new_name = revision.name.unwrap_or_else(|| name.clone());
                let description = revision
                    .description
                    .unwrap_or_else(|| role.description.clone());
                let renamed = new_name != name;
                if role.is_system && renamed {
                    return Err(RightsError::SystemRow);
                }
                if difference.is_empty() && !renamed && description == role.description {
                    return Ok(role);
                }
                tx.remove_permissions_from_role(&name, &difference.removed)?;
                tx.add_permissions_to_role(&name, &difference.added)?;
                tx.update_role(&name, &new_name, &description, now)
                    .map_err(role_name_taken)?;
                let changed = tx.role(&new_name)?;
                let mut entry = caller.entry(action).on(Target::role(&new_name));
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
    tx: &mut dyn Reads,
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

fn role_name_taken(error: StoreError) -> RightsError {
    name_taken("roles_name_key", error)
}
