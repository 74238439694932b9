//! Group membership of accounts.

use std::sync::Arc;

use abu_domain::{
    UserId,
    access::{GroupName, Permission, SUPER_ADMIN_GROUP},
    identity::user::User,
};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Authority},
    identity::sessions::SessionPolicy,
    platform::{
        audit::{Action, Target},
        ports::StoreError,
    },
    store::Writes,
};

impl Accounts {
    /// Adds an account to groups; takes `can_modify_user` and rank over its owner. The caller must
    /// hold all permissions of the groups permanently. The account's address must be verified. If a
    /// group requires TOTP, the rule applies to live sessions at once.
    pub async fn add_to_groups(
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
                let user = to_regroup(tx, &caller, id, &groups)?;
                let is_in = |group: &GroupName| user.groups.iter().any(|own| own == group.as_str());
                let added: Vec<GroupName> = groups.into_iter().filter(|g| !is_in(g)).collect();
                if added.is_empty() {
                    return Ok(user);
                }
                let given = tx.permissions_of_groups(&added)?;
                let given = given.iter().map(String::as_str);
                access::require_held_for_good(tx, &caller, given)?;
                if !access::has_proved_address(tx, id)? {
                    return Err(AccountError::Unverified);
                }
                tx.add_to_groups(id, &added, now)?;
                let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                note_totp_duty(tx, &policy, &user)?;
                caller
                    .entry(Action::UserAddToGroup)
                    .on(Target::user(id))
                    .with_names("groups", &added)
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
                let user = to_regroup(tx, &caller, id, &groups)?;
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
) -> Result<User, AccountError> {
    let actor = access::require_to_change_rights(tx, caller, Permission::ModifyUser)?;
    let user = locked(tx, id)?;
    access::require_rank(tx, caller, &actor, id)?;
    match tx.unknown_names(groups)? {
        unknown if unknown.is_empty() => Ok(user),
        unknown => Err(AccountError::UnknownGroups(unknown)),
    }
}
