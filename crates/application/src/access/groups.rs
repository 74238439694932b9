use std::{collections::BTreeSet, slice};

use abu_domain::access::{
    AUTOMATIC_GROUPS, Group, GroupName, Permission, RoleName, SUPER_ADMIN_GROUP, super_admin_roles,
};

use super::{
    AccessError, Composite, Named, NamedSetKind, RightsError, TotpPolicy,
    named_sets::require_known, require_rank_over_members,
};
use crate::{
    access::ports::{CallerRecord, NamedSetReads, NamedSetWrites},
    platform::{audit::Action, ports::StoreError},
    store::{Reads, Writes},
};

impl NamedSetKind for GroupName {
    const KIND: Named = Named::Group;
    const VIEW: Permission = Permission::ViewGroup;
    const CREATE: Permission = Permission::CreateGroup;
    const MODIFY: Permission = Permission::ModifyGroup;
    const DELETE: Permission = Permission::DeleteGroup;
    const CREATED: Action = Action::GroupCreate;
    const UPDATED: Action = Action::GroupUpdate;
    const DELETED: Action = Action::GroupDelete;
    const UNIQUE_NAME: &'static str = "groups_name_key";
    const PARTS: &'static str = "roles";

    fn reads(tx: &mut dyn Reads) -> &mut dyn NamedSetReads<Self> {
        tx
    }

    fn writes(tx: &mut dyn Writes) -> &mut dyn NamedSetWrites<Self> {
        tx
    }

    /// By another name, its members would no longer owe one-time passwords.
    fn require_renamable(name: &Self, policy: &TotpPolicy) -> Result<(), RightsError> {
        if policy.requires(&[name.to_string()]) {
            return Err(RightsError::TotpGroup);
        }
        Ok(())
    }

    fn require_known_parts(tx: &mut dyn Reads, parts: &[RoleName]) -> Result<(), RightsError> {
        require_known(tx, parts)
    }

    fn given_by_parts(
        tx: &mut dyn Reads,
        parts: &[RoleName],
    ) -> Result<BTreeSet<String>, StoreError> {
        tx.permissions_of_roles(parts)
    }

    /// The group of super admins gives every permission, whatever its roles are.
    fn given_by(tx: &mut dyn Reads, set: &Group) -> Result<BTreeSet<String>, StoreError> {
        tx.permissions_of_groups(slice::from_ref(&set.name))
    }

    fn require_rank_over_users(
        tx: &mut dyn Reads,
        actor: &CallerRecord,
        name: &Self,
    ) -> Result<(), AccessError> {
        require_rank_over_members(tx, actor, name)
    }

    fn is_automatic(_tx: &mut dyn Reads, name: &Self) -> Result<bool, StoreError> {
        Ok(AUTOMATIC_GROUPS.contains(&name.as_str()))
    }

    /// The group of super admins keeps the roles that it begins with: its members hold every permission,
    /// and its roles must show that.
    fn require_removable(set: &Group, removed: &[RoleName]) -> Result<(), RightsError> {
        let mut removed = removed.iter();
        let loses = removed.any(|role| super_admin_roles().contains(&role.as_str()));
        if set.name.as_str() == SUPER_ADMIN_GROUP && loses {
            return Err(RightsError::LastSuperAdmin);
        }
        Ok(())
    }
}

impl Composite for GroupName {
    const ADDED_PART: Action = Action::GroupAddRole;
    const REMOVED_PART: Action = Action::GroupRemoveRole;
}
