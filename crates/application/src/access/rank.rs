//! Nobody gives what they do not hold, and nobody acts on whom they do not outrank.
//!
//! Every use case that gives permissions, in whatever way, asks about all that would be given; every use
//! case that acts on an account, a role or a group asks about all that its owner or its holders hold.
//! Equals may act on each other. And nobody outlasts their own term: what is given for good must be
//! held for good.

use std::collections::BTreeSet;

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

/// The caller, if they hold `permission`, in a transaction that changes what people may do or whose
/// account can be used. Such transactions run one after another, so what one of them has seen no other
/// changes before it ends.
pub fn require_to_change_rights(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    require_to_change_rights_in(tx, caller, permission, Scope::Global)
}

/// The same, for a change that concerns only `scope`: there the permission must be held.
pub fn require_to_change_rights_in(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    permission: Permission,
    scope: Scope,
) -> Result<CallerRecord, AccessError> {
    // Whoever may not, need not wait either, nor keep others waiting.
    super::require_in(tx, caller, permission, scope)?;
    tx.lock_rights()?;
    // Once more: the right may have gone while this waited.
    super::require_in(tx, caller, permission, scope)
}

/// Refuses to give permissions that the giver does not hold where they would count.
///
/// # Errors
/// [`AccessError::Beyond`] with the names of all that are missing.
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

/// Refuses to give for good what the caller does not hold for good.
///
/// # Errors
/// [`AccessError::Beyond`] with the names of all that are missing.
pub fn require_held_for_good<'a>(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    given: impl IntoIterator<Item = &'a str>,
) -> Result<(), AccessError> {
    require_held_until(tx, caller, given, Scope::Global, None)
}

/// Refuses to give until a time what the caller does not hold until then.
///
/// # Errors
/// [`AccessError::Beyond`] with the names of all that are missing.
pub fn require_held_until<'a>(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    given: impl IntoIterator<Item = &'a str>,
    scope: Scope,
    until: Option<DateTime<Utc>>,
) -> Result<(), AccessError> {
    let giver = caller.held_until(tx, until)?;
    require_held(&giver, given, scope)
}

/// Refuses to change a role or group that gives what the actor does not hold, or to add what the caller
/// does not hold for good.
///
/// # Errors
/// [`AccessError::Beyond`] with the names of all that are missing.
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

/// Refuses to act on the account of somebody who holds, or has been given for a time to come, what the
/// actor does not hold. Everybody may act on their own.
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

/// Refuses to change what somebody holds in one chapter, where they hold more there than the actor does.
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

/// Refuses to take something out of a role that is held by somebody who holds what the actor does not.
/// Super admins do not count: they hold everything whatever their roles say.
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

/// The same for a group and those who are in it.
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

/// Nobody else could do everything any more.
#[derive(Debug, thiserror::Error)]
pub enum LastSuperAdmin {
    /// The account is the last active one of the group.
    #[error("the last active super admin must stay one")]
    Last,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses to let somebody leave the group of super admins, or the platform, as the last active one in
/// it. To be called before the change and in its transaction: two of the last do not leave at once.
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
