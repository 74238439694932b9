//! The use cases of access control, and why they refuse.

use std::sync::Arc;

use abu_domain::named_enum;

use super::{AccessError, Caller, TotpPolicy};
use crate::{
    Context,
    access::ports::HeldPermission,
    platform::{ports::StoreError, versions::PreconditionFailed},
};

/// The limit of [`AccessControl::own_permissions`]. The code checks some dozens of permissions; only
/// offices in many chapters hold more.
const MAX_OWN_PERMISSIONS: u32 = 1_000;

/// The use cases of permissions, roles, groups, and roles assigned for a term.
#[derive(Clone)]
pub struct AccessControl {
    pub context: Context,
    pub totp_policy: Arc<TotpPolicy>,
}

named_enum! {
    /// The kinds of named sets in access control.
    pub enum Named {
        Permission => "permission",
        Role => "role",
        Group => "group",
    }
}

/// Why a permission, role or group was not made, changed, deleted or shown.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is none of that name.
    #[error("there is nothing of that name")]
    NotFound(Named),
    /// A role does not give this permission, or a group not this role.
    #[error("it is not part of it")]
    NotPart(Named),
    /// There is another one of that name.
    #[error("the name is taken")]
    NameTaken,
    /// There are none of these names.
    #[error("some names are not known")]
    Unknown(Named, Vec<String>),
    /// Every installation has it: it can be neither deleted nor renamed.
    #[error("it belongs to every installation")]
    SystemRow,
    /// The TOTP policy names the group. Under another name, its members would no longer owe one-time
    /// passwords.
    #[error("one-time passwords are required of the group by its name")]
    TotpGroup,
    /// It is used: it must be taken out of use before it is deleted.
    #[error("it is in use")]
    InUse(Named),
    /// Accounts receive the set automatically, and these permissions would let all of them raise
    /// rights.
    #[error("accounts get it automatically")]
    Automatic(Named, Vec<String>),
    /// Super admins would not be able to do everything any more.
    #[error("super admins must be able to do everything")]
    LastSuperAdmin,
    /// It is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessControl {
    /// What the caller holds, and where, and until when.
    pub async fn own_permissions(
        &self,
        caller: Caller,
    ) -> Result<Vec<HeldPermission>, AccessError> {
        self.context
            .database
            .read(move |tx| {
                super::require_self(tx, &caller)?;
                Ok(tx.held_permissions(caller.user, MAX_OWN_PERMISSIONS)?)
            })
            .await
    }
}
