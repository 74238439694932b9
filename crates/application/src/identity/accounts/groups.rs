//! Group membership of accounts.

use std::{slice, sync::Arc};

use abu_domain::{
    UserId,
    access::{GroupName, Membership, Permission, SUPER_ADMIN_GROUP, Scope},
    identity::user::User,
};
use chrono::{DateTime, Utc};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Authority, Caller, ports::CallerRecord},
    identity::sessions::SessionPolicy,
    platform::{
        audit::{Action, Entry, Target},
        ports::StoreError,
    },
    store::{Reads, Writes},
};

impl Accounts {
    /// The memberships of an account that have not ended; takes `can_view_user`.
    pub async fn memberships(
        &self,
        caller: Caller,
        id: UserId,
    ) -> Result<Vec<Membership>, AccountError> {
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                tx.user(id)?.ok_or(AccountError::NotFound)?;
                Ok(tx.memberships(id)?)
            })
            .await
    }

    /// Adds an account to groups until `until`; takes `can_modify_user`, rank over its owner, and
    /// all permissions of the groups. A membership ends no later than the caller's own hold of them.
    /// It may extend an earlier one, and never shortens it. The account's address must be verified.
    /// If a group requires TOTP, the rule applies to live sessions at once.
    pub async fn add_to_groups(
        &self,
        caller: impl Authority,
        id: UserId,
        groups: Vec<GroupName>,
        until: Option<DateTime<Utc>>,
    ) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let policy = Arc::clone(&self.policy);
        self.context
            .database
            .transaction(move |tx| {
                let (actor, user) = to_regroup(tx, &caller, id, &groups)?;
                if until.is_some_and(|until| until <= now) {
                    return Err(AccountError::TermOver);
                }
                let known = tx.memberships(id)?;
                let asked = extending(&known, memberships(groups, until));
                let given = within_own_hold(tx, &caller, &actor, asked)?;
                let added = extending(&known, given);
                if added.is_empty() {
                    return Ok(user);
                }
                if !access::has_proved_address(tx, id)? {
                    return Err(AccountError::Unverified);
                }
                tx.add_to_groups(id, &added, now)?;
                let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                note_totp_duty(tx, &policy, &user)?;
                caller
                    .entry(Action::UserAddToGroup)
                    .on(Target::user(id))
                    .with_memberships(&added)
                    .write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }

    /// Removes an account from groups; takes `can_modify_user` and rank over its owner. Ignores
    /// groups that it is not in.
    pub async fn remove_from_groups(
        &self,
        caller: impl Authority,
        id: UserId,
        groups: Vec<GroupName>,
    ) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let policy = Arc::clone(&self.policy);
        self.context
            .database
            .transaction(move |tx| {
                let (_actor, user) = to_regroup(tx, &caller, id, &groups)?;
                let is_in = |group: &GroupName| user.groups.iter().any(|own| own == group.as_str());
                let removed: Vec<GroupName> = groups.into_iter().filter(is_in).collect();
                if removed.is_empty() {
                    return Ok(user);
                }
                if removed
                    .iter()
                    .any(|group| group.as_str() == SUPER_ADMIN_GROUP)
                {
                    access::keep_a_super_admin(tx, user.id, &user.groups)?;
                    if user.is_superuser {
                        return Err(AccountError::Superuser);
                    }
                }
                tx.remove_from_groups(id, &removed, now)?;
                let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                note_totp_duty(tx, &policy, &user)?;
                caller
                    .entry(Action::UserRemoveFromGroup)
                    .on(Target::user(id))
                    .with_names("groups", &removed)
                    .write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }
}

fn memberships(groups: Vec<GroupName>, valid_until: Option<DateTime<Utc>>) -> Vec<Membership> {
    let membership = |group| Membership { group, valid_until };
    groups.into_iter().map(membership).collect()
}

/// Those that outlast the known membership of the same group.
fn extending(known: &[Membership], mut memberships: Vec<Membership>) -> Vec<Membership> {
    memberships.retain(|new| {
        let mut known = known.iter();
        let known = known.find(|known| known.group == new.group);
        known.is_none_or(|known| new.outlasts(known.valid_until))
    });
    memberships
}

/// Shortens each membership to the caller's own hold of what its group gives.
fn within_own_hold(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    actor: &CallerRecord,
    mut memberships: Vec<Membership>,
) -> Result<Vec<Membership>, AccountError> {
    let groups: Vec<GroupName> = memberships.iter().map(|new| new.group.clone()).collect();
    let given = tx.permissions_of_groups(&groups)?;
    access::require_held(actor, given.iter().map(String::as_str), Scope::Global)?;
    for new in &mut memberships {
        let given = tx.permissions_of_groups(slice::from_ref(&new.group))?;
        let given = given.iter().map(String::as_str);
        let ends = access::hold_ends(tx, caller, actor, given, Scope::Global)?;
        new.valid_until = ends.into_values().chain(new.valid_until).min();
    }
    Ok(memberships)
}

/// Applies the TOTP rule of the account's groups to its sessions. The account is locked, so no
/// session can start under its former groups.
fn note_totp_duty(
    tx: &mut dyn Writes,
    policy: &SessionPolicy,
    user: &User,
) -> Result<(), StoreError> {
    let is_due = policy.totp.requires(&user.groups) && !tx.has_totp(user.id)?;
    tx.set_totp_due(user.id, is_due)
}

/// Authorizes the change and checks that the groups exist.
fn to_regroup(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    id: UserId,
    groups: &[GroupName],
) -> Result<(CallerRecord, User), AccountError> {
    let actor = access::require_to_change_rights(tx, caller, Permission::ModifyUser)?;
    let user = locked(tx, id)?;
    access::require_rank(tx, caller, &actor, id)?;
    match tx.unknown_names(groups)? {
        unknown if unknown.is_empty() => Ok((actor, user)),
        unknown => Err(AccountError::UnknownGroups(unknown)),
    }
}

impl Entry {
    fn with_memberships(self, memberships: &[Membership]) -> Self {
        let text = |one: &Membership| match one.valid_until {
            Some(until) => format!("{} until {}", one.group, until.format("%FT%TZ")),
            None => one.group.to_string(),
        };
        let texts: Vec<String> = memberships.iter().map(text).collect();
        self.with_names("groups", &texts)
    }
}
