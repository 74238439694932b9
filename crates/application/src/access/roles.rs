use std::collections::BTreeSet;

use abu_domain::access::{AUTOMATIC_GROUPS, GroupName, Permission, PermissionName, RoleName};

use super::{
    AccessError, Composite, Named, NamedSetKind, RightsError, named_sets::require_known,
    require_rank_over_holders,
};
use crate::{
    access::ports::{CallerRecord, NamedSetReads, NamedSetWrites},
    platform::{audit::Action, ports::StoreError},
    store::{Reads, Writes},
};

impl NamedSetKind for RoleName {
    const KIND: Named = Named::Role;
    const VIEW: Permission = Permission::ViewRole;
    const CREATE: Permission = Permission::CreateRole;
    const MODIFY: Permission = Permission::ModifyRole;
    const DELETE: Permission = Permission::DeleteRole;
    const CREATED: Action = Action::RoleCreate;
    const UPDATED: Action = Action::RoleUpdate;
    const DELETED: Action = Action::RoleDelete;
    const UNIQUE_NAME: &'static str = "roles_name_key";
    const PARTS: &'static str = "permissions";

    fn reads(tx: &mut dyn Reads) -> &mut dyn NamedSetReads<Self> {
        tx
    }

    fn writes(tx: &mut dyn Writes) -> &mut dyn NamedSetWrites<Self> {
        tx
    }

    fn require_known_parts(
        tx: &mut dyn Reads,
        parts: &[PermissionName],
    ) -> Result<(), RightsError> {
        require_known(tx, parts)
    }

    fn given_by_parts(
        _tx: &mut dyn Reads,
        parts: &[PermissionName],
    ) -> Result<BTreeSet<String>, StoreError> {
        Ok(parts.iter().map(ToString::to_string).collect())
    }

    fn require_rank_over_users(
        tx: &mut dyn Reads,
        actor: &CallerRecord,
        name: &Self,
    ) -> Result<(), AccessError> {
        require_rank_over_holders(tx, actor, name)
    }

    /// Whether an automatic group gives the role.
    fn is_automatic(tx: &mut dyn Reads, name: &Self) -> Result<bool, StoreError> {
        for group in AUTOMATIC_GROUPS
            .iter()
            .flat_map(|name| GroupName::parse(name))
        {
            let group = tx.named(&group)?;
            if group.is_some_and(|group| group.parts.contains(name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Composite for RoleName {
    const ADDED_PART: Action = Action::RoleAddPermission;
    const REMOVED_PART: Action = Action::RoleRemovePermission;
}
