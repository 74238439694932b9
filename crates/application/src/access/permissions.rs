use abu_domain::access::{Permission, PermissionName, Scope};

use super::{Named, NamedSetKind, RightsError, require_held};
use crate::{
    access::ports::{CallerRecord, NamedSetReads, NamedSetWrites},
    platform::audit::Action,
    store::{Reads, Writes},
};

impl NamedSetKind for PermissionName {
    const KIND: Named = Named::Permission;
    const VIEW: Permission = Permission::ViewPermission;
    const CREATE: Permission = Permission::CreatePermission;
    const MODIFY: Permission = Permission::ModifyPermission;
    const DELETE: Permission = Permission::DeletePermission;
    const CREATED: Action = Action::PermissionCreate;
    const UPDATED: Action = Action::PermissionUpdate;
    const DELETED: Action = Action::PermissionDelete;
    const UNIQUE_NAME: &'static str = "permissions_name_key";

    fn reads(tx: &mut dyn Reads) -> &mut dyn NamedSetReads<Self> {
        tx
    }

    fn writes(tx: &mut dyn Writes) -> &mut dyn NamedSetWrites<Self> {
        tx
    }

    /// Only seeding gives the names that the code asks for, even where they are not seeded yet: a
    /// permission of the office's own by such a name would allow more than the office knows.
    fn require_free_name(name: &Self) -> Result<(), RightsError> {
        match Permission::from_name(name.as_str()) {
            Some(_) => Err(RightsError::NameTaken),
            None => Ok(()),
        }
    }

    /// A permission that no role gives allows nothing yet.
    fn require_may_modify(
        tx: &mut dyn Reads,
        actor: &CallerRecord,
        name: &Self,
    ) -> Result<(), RightsError> {
        if tx.is_used(name)? {
            require_held(actor, [name.as_str()], Scope::Global)?;
        }
        Ok(())
    }
}
