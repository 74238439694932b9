//! What the changes of permissions, roles and groups have in common.

use std::{collections::BTreeSet, fmt::Display, sync::Arc};

use abu_domain::text::Description;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{AccessError, Caller};
use crate::{
    Database,
    ports::{Clock, HeldPermission, Ids, StoreError},
    sessions::SessionPolicy,
    versions::PreconditionFailed,
};

/// How many permissions [`AccessControl::own_permissions`] tells of. The code asks for some dozens;
/// more come only of offices in many chapters.
const MAX_OWN_PERMISSIONS: u32 = 1_000;

/// The use cases of permissions, roles, groups, and roles assigned for a term.
#[derive(Clone)]
pub struct AccessControl {
    /// The store.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
    /// What the operator decides about sessions.
    pub policy: Arc<SessionPolicy>,
}

/// What has a name in access control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A permission.
    Permission,
    /// A role.
    Role,
    /// A group.
    Group,
}

/// Why a permission, role or group was not made, changed, deleted or shown.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// The caller may not.
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
    /// The operator names it where one-time passwords are required: by another name, nobody in it would
    /// owe them any more.
    #[error("one-time passwords are required of the group by its name")]
    TotpGroup,
    /// It is used: it must be taken out of use before it is deleted.
    #[error("it is in use")]
    InUse(Named),
    /// Super admins would not be able to do everything any more.
    #[error("super admins must be able to do everything")]
    LastSuperAdmin,
    /// It is not as the caller has seen it.
    #[error(transparent)]
    Changed(#[from] PreconditionFailed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessControl {
    /// What the caller holds, and where, and until when.
    pub async fn own_permissions(
        &self,
        caller: Caller,
    ) -> Result<Vec<HeldPermission>, AccessError> {
        self.database
            .read(move |tx| {
                super::require_self(tx, &caller)?;
                Ok(tx.held_permissions(caller.user, MAX_OWN_PERMISSIONS)?)
            })
            .await
    }

    /// Now, and the id of the audit entry that is about to be written.
    pub(super) fn now_and_entry_id(&self) -> (DateTime<Utc>, Uuid) {
        (self.clock.now(), self.ids.time_ordered())
    }
}

/// A role or a group as it shall be; `None` stays what it is.
pub(super) struct Revision<N, P> {
    pub(super) name: Option<N>,
    pub(super) description: Option<Description>,
    pub(super) parts: Parts<P>,
}

impl<N, P> Revision<N, P> {
    pub(super) fn of_parts(parts: Parts<P>) -> Self {
        Self {
            name: None,
            description: None,
            parts,
        }
    }
}

/// What becomes of the parts of a role or a group: of the permissions or roles that it gives.
pub(super) enum Parts<P> {
    /// These from now on, and nothing else.
    These(Vec<P>),
    /// These besides.
    And(Vec<P>),
    /// These no longer, as far as it gives them.
    Without(Vec<P>),
    /// This one no longer, which it must give.
    WithoutOne(P),
}

/// What comes to a set and what goes from it.
pub(super) struct Difference<P> {
    pub(super) added: Vec<P>,
    pub(super) removed: Vec<P>,
}

impl<P: Clone + Ord> Parts<P> {
    /// Those that the request names, and that must be there.
    pub(super) fn named(&self) -> &[P] {
        match self {
            Self::These(named) | Self::And(named) | Self::Without(named) => named,
            Self::WithoutOne(_) => &[],
        }
    }

    /// What it comes to where those are given that were `before`.
    pub(super) fn difference(
        self,
        before: &[P],
        kind: Named,
    ) -> Result<Difference<P>, RightsError> {
        let before: BTreeSet<P> = before.iter().cloned().collect();
        let mut after = before.clone();
        match self {
            Self::These(these) => after = these.into_iter().collect(),
            Self::And(more) => after.extend(more),
            Self::Without(gone) => after.retain(|part| !gone.contains(part)),
            Self::WithoutOne(gone) if after.remove(&gone) => {}
            Self::WithoutOne(_) => return Err(RightsError::NotPart(kind)),
        }
        Ok(Difference {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        })
    }
}

impl<P> Difference<P> {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Refuses names of what is not there.
pub(super) fn require_known<N: Display>(kind: Named, unknown: &[N]) -> Result<(), RightsError> {
    if unknown.is_empty() {
        Ok(())
    } else {
        let names = unknown.iter().map(ToString::to_string).collect();
        Err(RightsError::Unknown(kind, names))
    }
}

/// A conflict over this constraint means that the name is taken.
pub(super) fn name_taken(constraint_of_names: &str, error: StoreError) -> RightsError {
    match error {
        StoreError::Conflict { constraint } if constraint == constraint_of_names => {
            RightsError::NameTaken
        }
        error => RightsError::Store(error),
    }
}
