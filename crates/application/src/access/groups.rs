//! Groups: named sets of roles that people are put in.

use std::sync::Arc;

use abu_domain::{
    access::{Group, GroupName, Permission, RoleName, SUPER_ADMIN_GROUP, Scope, super_admin_roles},
    platform::text::Description,
};

use super::{
    AccessControl, Caller, Named, RightsError,
    control::{Difference, Parts, Revision, name_taken, require_known},
    rank::require_to_edit,
    require, require_held, require_held_for_good, require_rank_over_members,
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

impl AccessControl {
    /// A group; takes `can_view_group`.
    pub async fn group(&self, caller: Caller, name: GroupName) -> Result<Group, RightsError> {
        self.context
            .database
            .read(move |tx| {
                require(tx, &caller, Permission::ViewGroup)?;
                tx.group(&name)?.ok_or(RightsError::NotFound(Named::Group))
            })
            .await
    }

    /// A page of groups, by name; takes `can_view_group`.
    pub async fn groups(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<Group>, RightsError> {
        self.context
            .database
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
    pub async fn create_group(
        &self,
        caller: Caller,
        draft: GroupDraft,
    ) -> Result<Group, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, Permission::CreateGroup)?;
                require_known(Named::Role, &tx.unknown_roles(&draft.roles)?)?;
                let given = tx.permissions_of_roles(&draft.roles)?;
                require_held_for_good(tx, &caller, given.iter().map(String::as_str))?;
                tx.insert_group(&draft.name, &draft.description, now)
                    .map_err(group_name_taken)?;
                tx.add_roles_to_group(&draft.name, &draft.roles)?;
                let group = tx.group(&draft.name)?;
                caller
                    .entry(Action::GroupCreate)
                    .on(Target::group(&draft.name))
                    .with_names("roles", &draft.roles)
                    .write(tx, entry_id, now)?;
                group.ok_or(RightsError::NotFound(Named::Group))
            })
            .await
    }

    /// Changes a group as a whole; takes `can_modify_group`, and every permission that the group gives
    /// before or after.
    pub async fn update_group(
        &self,
        caller: Caller,
        name: GroupName,
        change: GroupChange,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let revision = Revision {
            name: change.name,
            description: Some(change.description),
            parts: Parts::These(change.roles),
        };
        self.change_group(caller, name, revision, expected, Action::GroupUpdate)
            .await
    }

    /// Has a group give more roles; takes what changing the group takes.
    pub async fn add_roles(
        &self,
        caller: Caller,
        name: GroupName,
        roles: Vec<RoleName>,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let revision = Revision::of_parts(Parts::And(roles));
        self.change_group(caller, name, revision, expected, Action::GroupAddRole)
            .await
    }

    /// Has a group give these roles no longer; takes what changing the group takes. Roles that it does
    /// not give change nothing.
    pub async fn remove_roles(
        &self,
        caller: Caller,
        name: GroupName,
        roles: Vec<RoleName>,
        expected: Expected,
    ) -> Result<Group, RightsError> {
        let revision = Revision::of_parts(Parts::Without(roles));
        self.change_group(caller, name, revision, expected, Action::GroupRemoveRole)
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
        let revision = Revision::of_parts(Parts::WithoutOne(role));
        self.change_group(caller, name, revision, expected, Action::GroupRemoveRole)
            .await
    }

    /// Deletes a group that nobody is in; takes `can_delete_group` and every permission that it gives.
    pub async fn delete_group(
        &self,
        caller: Caller,
        name: GroupName,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
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
                caller
                    .entry(Action::GroupDelete)
                    .on(Target::group(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The one way in which groups change.
    async fn change_group(
        &self,
        caller: Caller,
        name: GroupName,
        revision: Revision<GroupName, RoleName>,
        expected: Expected,
        action: Action,
    ) -> Result<Group, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let totp_policy = Arc::clone(&self.totp_policy);
        self.context
            .database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, Permission::ModifyGroup)?;
                let group = tx.group(&name)?;
                let group = group.ok_or(RightsError::NotFound(Named::Group))?;
                let named = revision.parts.named();
                require_known(Named::Role, &tx.unknown_roles(named)?)?;
                let difference = revision.parts.difference(&group.roles, Named::Role)?;
                may_change(tx, &caller, &actor, &group, &difference)?;
                expected.check(Version::of(group.last_modified))?;
                let new_name = revision.name.unwrap_or_else(|| name.clone());
                let description = revision
                    .description
                    .unwrap_or_else(|| group.description.clone());
                let renamed = new_name != name;
                if group.is_system && renamed {
                    return Err(RightsError::SystemRow);
                }
                if renamed && totp_policy.requires(&[name.to_string()]) {
                    return Err(RightsError::TotpGroup);
                }
                keeps_super_admins(&group, &difference)?;
                if difference.is_empty() && !renamed && description == group.description {
                    return Ok(group);
                }
                tx.remove_roles_from_group(&name, &difference.removed)?;
                tx.add_roles_to_group(&name, &difference.added)?;
                tx.update_group(&name, &new_name, &description, now)
                    .map_err(group_name_taken)?;
                let changed = tx.group(&new_name)?;
                let mut entry = caller.entry(action).on(Target::group(&new_name));
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
    tx: &mut dyn Reads,
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

fn group_name_taken(error: StoreError) -> RightsError {
    name_taken("groups_name_key", error)
}
