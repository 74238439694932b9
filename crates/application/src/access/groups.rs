//! Groups: named sets of roles that people are put in.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    access::{Group, GroupName, Permission, RoleName, SUPER_ADMIN_GROUP, Scope, super_admin_roles},
    text::Description,
};

use super::{
    AccessControl, Caller, Named, RightsError,
    control::{Difference, name_taken, require_known},
    rank::require_to_edit,
    require, require_held, require_held_for_good, require_rank_over_members,
    require_to_change_rights,
};
use crate::{
    audit::{Action, Entry, Target},
    lists::{ListRequest, Listed},
    ports::{CallerRecord, NameFilter, StoreError, Transaction},
    versions::{Expected, Version},
};

/// A group about to be made.
#[derive(Clone, Debug)]
pub struct GroupDraft {
    /// Its name.
    pub name: GroupName,
    /// What it is for.
    pub description: Description,
    /// The roles it gives.
    pub roles: Vec<RoleName>,
}

/// What a group is changed to, as a whole.
#[derive(Clone, Debug)]
pub struct GroupChange {
    /// Another name; `None` keeps the one it has.
    pub name: Option<GroupName>,
    /// What it is for.
    pub description: Description,
    /// The roles it gives from now on, and nothing else.
    pub roles: Vec<RoleName>,
}

/// A group as it shall be.
struct Edit {
    name: GroupName,
    description: Description,
    roles: BTreeSet<RoleName>,
}

impl Edit {
    /// The group as it is, but for the roles.
    fn of(group: &Group, roles: BTreeSet<RoleName>) -> Self {
        Self {
            name: group.name.clone(),
            description: group.description.clone(),
            roles,
        }
    }
}

impl AccessControl {
    /// A group; takes `can_view_group`.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn group(&self, caller: Caller, name: GroupName) -> Result<Group, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewGroup)?;
                tx.group(&name)?.ok_or(RightsError::NotFound(Named::Group))
            })
            .await
    }

    /// A page of groups, by name; takes `can_view_group`.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn groups(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<Group>, RightsError> {
        self.database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewGroup)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_groups(&filter, seek, limit),
                    |tx| tx.count_groups(&filter),
                )?)
            })
            .await
    }

    /// Makes a group; takes `can_create_group` and every permission that its roles give.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn create_group(
        &self,
        caller: Caller,
        draft: GroupDraft,
    ) -> Result<Group, RightsError> {
        let (now, entry_id) = self.moment();
        self.database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, Permission::CreateGroup)?;
                require_known(Named::Role, &tx.unknown_roles(&draft.roles)?)?;
                let given = tx.permissions_of_roles(&draft.roles)?;
                require_held_for_good(tx, &caller, given.iter().map(String::as_str))?;
                tx.insert_group(&draft.name, &draft.description, now)
                    .map_err(group_name_taken)?;
                tx.add_roles_to_group(&draft.name, &draft.roles)?;
                let group = tx.group(&draft.name)?;
                Entry::by(&caller, Action::GroupCreate)
                    .on(Target::group(&draft.name))
                    .with_names("roles", &draft.roles)
                    .write(tx, entry_id, now)?;
                group.ok_or(RightsError::NotFound(Named::Group))
            })
            .await
    }

    /// Changes a group as a whole; takes `can_modify_group`, and every permission that the group gives
    /// before or after.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn update_group(
        &self,
        caller: Caller,
        name: GroupName,
        change: GroupChange,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let named = change.roles.clone();
        self.change_group(
            caller,
            name,
            named,
            expected,
            Action::GroupUpdate,
            |group| {
                Ok(Edit {
                    name: change.name.unwrap_or_else(|| group.name.clone()),
                    description: change.description,
                    roles: change.roles.into_iter().collect(),
                })
            },
        )
        .await
    }

    /// Has a group give more roles; takes what changing the group takes.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn add_roles(
        &self,
        caller: Caller,
        name: GroupName,
        roles: Vec<RoleName>,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let (named, action) = (roles.clone(), Action::GroupAddRole);
        self.change_group(caller, name, named, expected, action, |group| {
            let kept = group.roles.iter().cloned();
            Ok(Edit::of(group, kept.chain(roles).collect()))
        })
        .await
    }

    /// Has a group give these roles no longer; takes what changing the group takes. Roles that it does
    /// not give change nothing.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn remove_roles(
        &self,
        caller: Caller,
        name: GroupName,
        roles: Vec<RoleName>,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let (named, action) = (roles.clone(), Action::GroupRemoveRole);
        self.change_group(caller, name, named, expected, action, move |group| {
            Ok(without(group, &roles))
        })
        .await
    }

    /// Has a group give this role no longer; takes what changing the group takes.
    ///
    /// # Errors
    /// [`RightsError::NotPart`] where it does not give it.
    pub async fn remove_role(
        &self,
        caller: Caller,
        name: GroupName,
        role: RoleName,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let action = Action::GroupRemoveRole;
        self.change_group(caller, name, Vec::new(), expected, action, move |group| {
            if !group.roles.contains(&role) {
                return Err(RightsError::NotPart(Named::Role));
            }
            Ok(without(group, &[role]))
        })
        .await
    }

    /// Deletes a group that nobody is in; takes `can_delete_group` and every permission that it gives.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn delete_group(
        &self,
        caller: Caller,
        name: GroupName,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.moment();
        self.database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::DeleteGroup)?;
                let group = tx.group(&name)?;
                let group = group.ok_or(RightsError::NotFound(Named::Group))?;
                let given = tx.permissions_of_groups(std::slice::from_ref(&name))?;
                require_held(&actor, given.iter().map(String::as_str), Scope::Global)?;
                expected.check(Version::of(group.last_modified))?;
                if group.is_system {
                    return Err(RightsError::SystemRow);
                }
                if tx.group_is_used(&name)? {
                    return Err(RightsError::InUse(Named::Group));
                }
                tx.delete_group(&name)?;
                Entry::by(&caller, Action::GroupDelete)
                    .on(Target::group(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The one way in which groups change. `named` are roles that the request names.
    async fn change_group(
        &self,
        caller: Caller,
        name: GroupName,
        named: Vec<RoleName>,
        expected: Expected,
        action: Action,
        edit: impl FnOnce(&Group) -> Result<Edit, RightsError> + Send + 'static,
    ) -> Result<Group, RightsError> {
        let (now, entry_id) = self.moment();
        let policy = Arc::clone(&self.policy);
        self.database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::ModifyGroup)?;
                let group = tx.group(&name)?;
                let group = group.ok_or(RightsError::NotFound(Named::Group))?;
                require_known(Named::Role, &tx.unknown_roles(&named)?)?;
                let edit = edit(&group)?;
                let difference = Difference::between(&group.roles, &edit.roles);
                may_change(tx, &caller, &actor, &group, &difference)?;
                expected.check(Version::of(group.last_modified))?;
                let renamed = edit.name != group.name;
                if group.is_system && renamed {
                    return Err(RightsError::SystemRow);
                }
                if renamed && policy.requires_totp(&[name.to_string()]) {
                    return Err(RightsError::TotpGroup);
                }
                keeps_super_admins(&group, &difference)?;
                if difference.is_empty() && !renamed && edit.description == group.description {
                    return Ok(group);
                }
                tx.remove_roles_from_group(&name, &difference.removed)?;
                tx.add_roles_to_group(&name, &difference.added)?;
                tx.update_group(&name, &edit.name, &edit.description, now)
                    .map_err(group_name_taken)?;
                let changed = tx.group(&edit.name)?;
                let mut entry = Entry::by(&caller, action).on(Target::group(&edit.name));
                if renamed {
                    entry = entry.with("renamed-from", name.as_str());
                }
                entry
                    .with_names("added", &difference.added)
                    .with_names("removed", &difference.removed)
                    .write(tx, entry_id, now)?;
                changed.ok_or(RightsError::NotFound(Named::Group))
            })
            .await
    }
}

/// Whoever changes a group holds all that it gives, before and after; whoever takes something out of it
/// outranks all who are in it.
fn may_change(
    tx: &mut dyn Transaction,
    caller: &Caller,
    actor: &CallerRecord,
    group: &Group,
    difference: &Difference<RoleName>,
) -> Result<(), RightsError> {
    let gives = tx.permissions_of_groups(std::slice::from_ref(&group.name))?;
    let added = tx.permissions_of_roles(&difference.added)?;
    let gives = gives.iter().map(String::as_str);
    require_to_edit(tx, caller, actor, gives, added.iter().map(String::as_str))?;
    if !difference.removed.is_empty() {
        require_rank_over_members(tx, actor, &group.name)?;
    }
    Ok(())
}

/// The group of super admins keeps the roles that it begins with, so that what is shown of it is true:
/// whoever is in it may do everything.
fn keeps_super_admins(group: &Group, difference: &Difference<RoleName>) -> Result<(), RightsError> {
    let mut removed = difference.removed.iter();
    let loses = removed.any(|role| super_admin_roles().contains(&role.as_str()));
    if group.name.as_str() == SUPER_ADMIN_GROUP && loses {
        return Err(RightsError::LastSuperAdmin);
    }
    Ok(())
}

fn without(group: &Group, removed: &[RoleName]) -> Edit {
    let kept = group.roles.iter();
    let kept = kept.filter(|given| !removed.contains(given)).cloned();
    Edit::of(group, kept.collect())
}

fn group_name_taken(error: StoreError) -> RightsError {
    name_taken("groups_name_key", error)
}
