//! Create, get, list, update and delete permissions, roles and groups: one flow for all three.

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    access::{AccessName, NamedSet, Permission, Scope},
    platform::text::Description,
};

use super::{
    AccessControl, AccessError, Caller, Named, RightsError, TotpPolicy,
    parts::{Difference, Parts},
    rank::require_to_edit,
    require, require_held, require_held_for_good, require_to_change_rights,
};
use crate::{
    access::{
        Authority,
        ports::{CallerRecord, NameFilter, NamedSetReads, NamedSetWrites},
    },
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed},
        ports::StoreError,
        versions::{Expected, Version},
    },
    store::{Reads, Writes},
};

/// What differs between permissions, roles and groups, by the type of their names. The defaults are the
/// rules of a set without parts of its own, whose names are free to choose.
pub trait NamedSetKind: AccessName {
    const KIND: Named;
    const VIEW: Permission;
    const CREATE: Permission;
    const MODIFY: Permission;
    const DELETE: Permission;
    const CREATED: Action;
    const UPDATED: Action;
    const DELETED: Action;
    /// The unique constraint over the names.
    const UNIQUE_NAME: &'static str;
    /// The key of the parts in the details of an audit entry.
    const PARTS: &'static str = "parts";

    fn reads(tx: &mut dyn Reads) -> &mut dyn NamedSetReads<Self>;

    fn writes(tx: &mut dyn Writes) -> &mut dyn NamedSetWrites<Self>;

    /// Refuses a name that the office may not give.
    fn require_free_name(_name: &Self) -> Result<(), RightsError> {
        Ok(())
    }

    /// Refuses to rename what the settings know by its name.
    fn require_renamable(_name: &Self, _policy: &TotpPolicy) -> Result<(), RightsError> {
        Ok(())
    }

    /// Refuses parts that do not exist.
    fn require_known_parts(_tx: &mut dyn Reads, _parts: &[Self::Part]) -> Result<(), RightsError> {
        Ok(())
    }

    /// Names of the permissions that the parts give.
    fn given_by_parts(
        _tx: &mut dyn Reads,
        _parts: &[Self::Part],
    ) -> Result<BTreeSet<String>, StoreError> {
        Ok(BTreeSet::new())
    }

    /// Names of the permissions that the set gives.
    fn given_by(tx: &mut dyn Reads, set: &NamedSet<Self>) -> Result<BTreeSet<String>, StoreError> {
        Self::given_by_parts(tx, &set.parts)
    }

    /// Refuses a change to what the actor does not hold.
    fn require_may_modify(
        _tx: &mut dyn Reads,
        _actor: &CallerRecord,
        _name: &Self,
    ) -> Result<(), RightsError> {
        Ok(())
    }

    /// Refuses to remove parts while a user who has the set outranks the actor.
    fn require_rank_over_users(
        _tx: &mut dyn Reads,
        _actor: &CallerRecord,
        _name: &Self,
    ) -> Result<(), AccessError> {
        Ok(())
    }

    /// Whether accounts receive the set automatically, by registration or verification.
    fn is_automatic(_tx: &mut dyn Reads, _name: &Self) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// Refuses to remove parts that the set keeps for good.
    fn require_removable(
        _set: &NamedSet<Self>,
        _removed: &[Self::Part],
    ) -> Result<(), RightsError> {
        Ok(())
    }
}

/// A kind of set whose parts are named sets too.
pub trait Composite: NamedSetKind<Part: NamedSetKind> {
    const ADDED_PART: Action;
    const REMOVED_PART: Action;
}

/// A permission, role or group to be created.
#[derive(Clone, Debug)]
pub struct NamedSetDraft<N: AccessName> {
    pub name: N,
    pub description: Description,
    pub parts: Vec<N::Part>,
}

/// What a permission, role or group is changed to, as a whole.
#[derive(Clone, Debug)]
pub struct NamedSetChange<N: AccessName> {
    /// `None` keeps the name.
    pub name: Option<N>,
    pub description: Description,
    /// These replace the parts.
    pub parts: Vec<N::Part>,
}

/// A change; `None` keeps what there is.
struct Revision<N: AccessName> {
    name: Option<N>,
    description: Option<Description>,
    parts: Parts<N::Part>,
}

impl<N: AccessName> Revision<N> {
    fn of_parts(parts: Parts<N::Part>) -> Self {
        Self {
            name: None,
            description: None,
            parts,
        }
    }
}

impl AccessControl {
    /// Takes the permission to view the kind.
    pub async fn get_named<N: NamedSetKind>(
        &self,
        caller: Caller,
        name: N,
    ) -> Result<NamedSet<N>, RightsError> {
        self.context
            .database
            .read(move |tx| {
                require(tx, &caller, N::VIEW)?;
                find(tx, &name)
            })
            .await
    }

    /// A page by name; takes the permission to view the kind.
    pub async fn list_named<N: NamedSetKind>(
        &self,
        caller: Caller,
        filter: NameFilter,
        page: ListRequest<String>,
    ) -> Result<Listed<NamedSet<N>>, RightsError> {
        self.context
            .database
            .read(move |tx| {
                require(tx, &caller, N::VIEW)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| N::reads(tx).list_named(&filter, seek, limit),
                    |tx| N::reads(tx).count_named(&filter),
                )?)
            })
            .await
    }

    /// Takes the permission to create the kind and, held for good, every permission that the set gives.
    pub async fn create_named<N: NamedSetKind>(
        &self,
        caller: Caller,
        draft: NamedSetDraft<N>,
    ) -> Result<NamedSet<N>, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                require_to_change_rights(tx, &caller, N::CREATE)?;
                N::require_free_name(&draft.name)?;
                N::require_known_parts(tx, &draft.parts)?;
                let given = N::given_by_parts(tx, &draft.parts)?;
                require_held_for_good(tx, &caller, given.iter().map(String::as_str))?;
                refuse_automatic_escalation(tx, &draft.name, &given)?;
                N::writes(tx)
                    .insert_named(&draft.name, &draft.description, now)
                    .map_err(name_taken::<N>)?;
                N::writes(tx).add_parts(&draft.name, &draft.parts)?;
                let created = find(tx, &draft.name)?;
                caller
                    .entry(N::CREATED)
                    .on(target(&draft.name))
                    .with_names(N::PARTS, &draft.parts)
                    .write(tx, entry_id, now)?;
                Ok(created)
            })
            .await
    }

    /// Takes the permission to modify the kind, and every permission that the set gives before or after.
    /// Removing parts also takes rank over the users who have the set.
    pub async fn update_named<N: NamedSetKind>(
        &self,
        caller: Caller,
        name: N,
        change: NamedSetChange<N>,
        expected: Expected,
    ) -> Result<NamedSet<N>, RightsError> {
        let revision = Revision {
            name: change.name,
            description: Some(change.description),
            parts: Parts::These(change.parts),
        };
        self.revise(caller, name, revision, expected, N::UPDATED)
            .await
    }

    /// Takes what [`Self::update_named`] takes.
    pub async fn add_parts<N: Composite>(
        &self,
        caller: Caller,
        name: N,
        parts: Vec<N::Part>,
        expected: Expected,
    ) -> Result<NamedSet<N>, RightsError> {
        let revision = Revision::of_parts(Parts::And(parts));
        self.revise(caller, name, revision, expected, N::ADDED_PART)
            .await
    }

    /// Takes what [`Self::update_named`] takes. Ignores names that are not among the parts.
    pub async fn remove_parts<N: Composite>(
        &self,
        caller: Caller,
        name: N,
        parts: Vec<N::Part>,
        expected: Expected,
    ) -> Result<NamedSet<N>, RightsError> {
        let revision = Revision::of_parts(Parts::Without(parts));
        self.revise(caller, name, revision, expected, N::REMOVED_PART)
            .await
    }

    /// Takes what [`Self::update_named`] takes.
    ///
    /// # Errors
    /// [`RightsError::NotPart`] where `part` is not among the parts.
    pub async fn remove_part<N: Composite>(
        &self,
        caller: Caller,
        name: N,
        part: N::Part,
        expected: Expected,
    ) -> Result<NamedSet<N>, RightsError> {
        let revision = Revision::of_parts(Parts::WithoutOne(part, N::Part::KIND));
        self.revise(caller, name, revision, expected, N::REMOVED_PART)
            .await
    }

    /// Takes the permission to delete the kind and every permission that the set gives. Refuses what is
    /// in use.
    pub async fn delete_named<N: NamedSetKind>(
        &self,
        caller: Caller,
        name: N,
        expected: Expected,
    ) -> Result<(), RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, N::DELETE)?;
                let set = find(tx, &name)?;
                let given = N::given_by(tx, &set)?;
                require_held(&actor, given.iter().map(String::as_str), Scope::Global)?;
                expected.check(Version::of(set.last_modified))?;
                if set.is_system {
                    return Err(RightsError::SystemRow);
                }
                if N::reads(tx).is_used(&name)? {
                    return Err(RightsError::InUse(N::KIND));
                }
                N::writes(tx).delete_named(&name)?;
                caller
                    .entry(N::DELETED)
                    .on(target(&name))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// The flow of every change to a set.
    async fn revise<N: NamedSetKind>(
        &self,
        caller: Caller,
        name: N,
        revision: Revision<N>,
        expected: Expected,
        action: Action,
    ) -> Result<NamedSet<N>, RightsError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let totp_policy = Arc::clone(&self.totp_policy);
        self.context
            .database
            .transaction(move |tx| {
                let actor = require_to_change_rights(tx, &caller, N::MODIFY)?;
                let set = find(tx, &name)?;
                N::require_known_parts(tx, revision.parts.named())?;
                let difference = revision.parts.difference(&set.parts)?;
                require_may_revise(tx, &caller, &actor, &set, &difference)?;
                expected.check(Version::of(set.last_modified))?;
                let new_name = revision.name.unwrap_or_else(|| name.clone());
                let description = revision.description.as_ref().unwrap_or(&set.description);
                let renamed = new_name != name;
                if renamed {
                    require_may_rename(&set, &new_name, &totp_policy)?;
                }
                N::require_removable(&set, &difference.removed)?;
                if difference.is_empty() && !renamed && *description == set.description {
                    return Ok(set);
                }
                let sets = N::writes(tx);
                sets.remove_parts(&name, &difference.removed)?;
                sets.add_parts(&name, &difference.added)?;
                sets.update_named(&name, &new_name, description, now)
                    .map_err(name_taken::<N>)?;
                let revised = find(tx, &new_name)?;
                let mut entry = caller.entry(action).on(target(&new_name));
                if renamed {
                    entry = entry.with("renamed-from", name.as_str());
                }
                entry
                    .with_names("added", &difference.added)
                    .with_names("removed", &difference.removed)
                    .write(tx, entry_id, now)?;
                Ok(revised)
            })
            .await
    }
}

/// Prevents privilege escalation: the actor holds what the set gives before and after, and outranks the
/// users who lose something.
fn require_may_revise<N: NamedSetKind>(
    tx: &mut dyn Reads,
    caller: &Caller,
    actor: &CallerRecord,
    set: &NamedSet<N>,
    difference: &Difference<N::Part>,
) -> Result<(), RightsError> {
    let gives = N::given_by(tx, set)?;
    let added = N::given_by_parts(tx, &difference.added)?;
    let gives = gives.iter().map(String::as_str);
    require_to_edit(tx, caller, actor, gives, added.iter().map(String::as_str))?;
    refuse_automatic_escalation(tx, &set.name, &added)?;
    N::require_may_modify(tx, actor, &set.name)?;
    if !difference.removed.is_empty() {
        N::require_rank_over_users(tx, actor, &set.name)?;
    }
    Ok(())
}

/// Refuses permissions that raise rights for a set that accounts receive automatically: each new
/// account would be an administrator.
fn refuse_automatic_escalation<N: NamedSetKind>(
    tx: &mut dyn Reads,
    name: &N,
    added: &BTreeSet<String>,
) -> Result<(), RightsError> {
    let raises =
        |name: &&String| Permission::from_name(name).is_some_and(Permission::raises_rights);
    let raising: Vec<String> = added.iter().filter(raises).cloned().collect();
    if raising.is_empty() || !N::is_automatic(tx, name)? {
        return Ok(());
    }
    Err(RightsError::Automatic(N::KIND, raising))
}

fn require_may_rename<N: NamedSetKind>(
    set: &NamedSet<N>,
    new_name: &N,
    totp_policy: &TotpPolicy,
) -> Result<(), RightsError> {
    if set.is_system {
        return Err(RightsError::SystemRow);
    }
    N::require_renamable(&set.name, totp_policy)?;
    N::require_free_name(new_name)
}

/// Refuses names that nothing has.
pub(super) fn require_known<N: NamedSetKind>(
    tx: &mut dyn Reads,
    names: &[N],
) -> Result<(), RightsError> {
    let unknown = N::reads(tx).unknown_names(names)?;
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown = unknown.iter().map(ToString::to_string).collect();
    Err(RightsError::Unknown(N::KIND, unknown))
}

fn find<N: NamedSetKind>(tx: &mut dyn Reads, name: &N) -> Result<NamedSet<N>, RightsError> {
    let found = N::reads(tx).named(name)?;
    found.ok_or(RightsError::NotFound(N::KIND))
}

fn target<N: NamedSetKind>(name: &N) -> Target {
    Target {
        kind: N::KIND.name(),
        id: name.to_string(),
    }
}

fn name_taken<N: NamedSetKind>(error: StoreError) -> RightsError {
    match error {
        StoreError::Conflict { constraint } if constraint == N::UNIQUE_NAME => {
            RightsError::NameTaken
        }
        error => RightsError::Store(error),
    }
}
