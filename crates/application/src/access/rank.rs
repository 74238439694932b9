//! Prevention of privilege escalation.
//!
//! A use case that grants permissions checks all that it grants. A use case that acts on an
//! account, role or group checks all that its owner or holders hold. Equals may act on each other.
//! No grant outlasts its giver: a membership or an assignment ends with the giver's own hold, and a
//! grant without an end needs permissions that the caller holds permanently.

use std::collections::{BTreeMap, BTreeSet};

use abu_domain::{
    UserId,
    access::{GroupName, Permission, RoleName, SUPER_ADMIN_GROUP, Scope},
};

use super::{AccessError, Authority};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    access::ports::CallerRecord,
    platform::ports::StoreError,
    store::{Reads, Writes},
};

/// Authorizes the caller and takes the rights lock until the transaction ends. The lock serializes
/// all transactions that change rights or the use of accounts, so their checks cannot race.
pub fn require_to_change_rights(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    require_to_change_rights_in(tx, caller, permission, Scope::Global)
}

/// Like [`require_to_change_rights`] for a change within `scope`; the caller needs the permission
/// there.
pub fn require_to_change_rights_in(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    permission: Permission,
    scope: Scope,
) -> Result<CallerRecord, AccessError> {
    // An unauthorized caller fails before the lock and so delays no other transaction.
    super::require_in(tx, caller, permission, scope)?;
    tx.lock_rights()?;
    // A transaction that held the lock may have revoked the permission.
    super::require_in(tx, caller, permission, scope)
}

/// Rejects a grant of permissions that the giver lacks in `scope`, with [`AccessError::Beyond`].
pub fn require_held<'a>(
    giver: &CallerRecord,
    given: impl IntoIterator<Item = &'a str>,
    scope: Scope,
) -> Result<(), AccessError> {
    let missing = given
        .into_iter()
        .filter(|name| !giver.holds_named_in(name, scope))
        .map(str::to_owned);
    nothing_beyond(missing.collect())
}

/// Rejects a permanent grant of permissions that the caller does not hold permanently, with
/// [`AccessError::Beyond`].
pub fn require_held_for_good<'a>(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    given: impl IntoIterator<Item = &'a str>,
) -> Result<(), AccessError> {
    let giver = caller.held_until(tx, None)?;
    require_held(&giver, given, Scope::Global)
}

/// The ends of the caller's hold in `scope` of those of the permissions that it does not hold
/// permanently, by name. Call it after [`require_held`].
pub(crate) fn hold_ends<'a>(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    actor: &CallerRecord,
    given: impl IntoIterator<Item = &'a str>,
    scope: Scope,
) -> Result<BTreeMap<String, DateTime<Utc>>, StoreError> {
    let Some(user) = caller.user().filter(|_| !actor.is_superuser) else {
        return Ok(BTreeMap::new());
    };
    let held = tx.held_permissions(user, u32::MAX)?;
    let end_of = |name: &'a str| {
        let there = held.iter().filter(|held| {
            held.permission.as_str() == name && [Scope::Global, scope].contains(&held.scope)
        });
        let ends: Option<Vec<_>> = there.map(|held| held.until).collect();
        Some((name.to_owned(), ends?.into_iter().max()?))
    };
    Ok(given.into_iter().filter_map(end_of).collect())
}

/// Rejects a change to a role or group that grants what the actor lacks. Rejects additions that the
/// caller does not hold permanently. Both with [`AccessError::Beyond`].
pub(super) fn require_to_edit<'a>(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    actor: &CallerRecord,
    gives: impl IntoIterator<Item = &'a str>,
    added: impl IntoIterator<Item = &'a str>,
) -> Result<(), AccessError> {
    let giver = caller.held_until(tx, None)?;
    let gives = gives.into_iter().filter(|name| !actor.holds_named(name));
    let added = added.into_iter().filter(|name| !giver.holds_named(name));
    nothing_beyond(gives.chain(added).map(str::to_owned).collect())
}

/// Rejects an action on an account that holds a permission which the actor lacks. Future terms
/// count. Every account may act on itself.
pub fn require_rank(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    actor: &CallerRecord,
    over: UserId,
) -> Result<(), AccessError> {
    if caller.user() == Some(over) || actor.is_superuser {
        return Ok(());
    }
    let Some(owner) = tx.holder(over)? else {
        return Ok(());
    };
    if owner.is_superuser {
        return Err(AccessError::SuperusersOnly);
    }
    let everywhere = owner.permissions.iter();
    let mut missing: BTreeSet<String> = everywhere
        .filter(|name| !actor.holds_named(name))
        .cloned()
        .collect();
    for (chapter, held) in &owner.in_chapters {
        let scope = Scope::Chapter(*chapter);
        let beyond = held
            .iter()
            .filter(|name| !actor.holds_named_in(name, scope));
        missing.extend(beyond.cloned());
    }
    nothing_beyond(missing)
}

/// Rejects a change to an account's rights in one chapter if it holds a permission there that the
/// actor lacks.
pub fn require_rank_in_chapter(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    actor: &CallerRecord,
    over: UserId,
    chapter: Uuid,
) -> Result<(), AccessError> {
    if caller.user() == Some(over) {
        return Ok(());
    }
    let holder = tx.holder(over)?.unwrap_or_default();
    let held = holder.in_chapters.get(&chapter);
    let held = held.into_iter().flatten().map(String::as_str);
    require_held(actor, held, Scope::Chapter(chapter))
}

/// Rejects removals from a role if one of its holders has a permission that the actor lacks.
/// Ignores super admins: their rights do not depend on their roles.
pub fn require_rank_over_holders(
    tx: &mut dyn Reads,
    actor: &CallerRecord,
    role: &RoleName,
) -> Result<(), AccessError> {
    if actor.is_superuser {
        return Ok(());
    }
    nothing_beyond(tx.excess_of_holders(role, &actor.permissions)?)
}

/// Like [`require_rank_over_holders`] for the members of a group.
pub fn require_rank_over_members(
    tx: &mut dyn Reads,
    actor: &CallerRecord,
    group: &GroupName,
) -> Result<(), AccessError> {
    if actor.is_superuser {
        return Ok(());
    }
    nothing_beyond(tx.excess_of_members(group, &actor.permissions)?)
}

fn nothing_beyond(missing: BTreeSet<String>) -> Result<(), AccessError> {
    if missing.is_empty() {
        Ok(())
    } else {
        Err(AccessError::Beyond(missing))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LastSuperAdmin {
    /// The account is the last active member of the group.
    #[error("the last active super admin must stay one")]
    Last,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Rejects the departure of the last active super admin from the group or the platform. Call it
/// before the change, in its transaction: the rights lock keeps the last two from leaving
/// concurrently.
pub fn keep_a_super_admin(
    tx: &mut dyn Writes,
    leaving: UserId,
    groups: &[String],
) -> Result<(), LastSuperAdmin> {
    if !groups.iter().any(|group| group == SUPER_ADMIN_GROUP) {
        return Ok(());
    }
    tx.lock_rights()?;
    match tx.other_active_super_admins(leaving)? {
        0 => Err(LastSuperAdmin::Last),
        _ => Ok(()),
    }
}
