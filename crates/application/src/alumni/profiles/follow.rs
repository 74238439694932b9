//! What profiles do when something else changes: a verification, the register, the standing of an account.

use abu_domain::{RecordId, UserId};
use chrono::{DateTime, Utc};

use crate::{
    alumni::directory::refresh_entries,
    identity::ports::{Publishing, StandingListener},
    platform::ports::StoreError,
    store::Writes,
};

/// Gives an account its profile with the awards of its record, or takes them away, in the transaction that verified the
/// account or revoked it. The listing follows the latest consent.
pub(in crate::alumni) fn verified(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.lock_member(user, now)?;
    let agreed = tx.agreed_to_listing(user)?;
    tx.set_listed(user, agreed)?;
    tx.touch_profile(user, now)?;
    refresh_entries(tx, user, now)?;
    Ok(())
}

/// Renews what the directory shows of the members that are linked to changed records of the register.
pub(in crate::alumni) fn registered(
    tx: &mut dyn Writes,
    records: &[RecordId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for user in tx.linked_users(records)? {
        tx.lock_member(user, now)?;
        tx.touch_profile(user, now)?;
        refresh_entries(tx, user, now)?;
    }
    Ok(())
}

/// Hides and shows members as their accounts are suspended, deactivated and activated.
pub struct FollowStanding;

impl StandingListener for FollowStanding {
    fn standing_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Publishing, StoreError> {
        renew(tx, user, now)?;
        Ok(Box::new(|| Box::pin(async {})))
    }

    fn deactivation_changed(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        renew(tx, user, now)
    }
}

/// Accounts that the university never confirmed have no search rows, and need no profile for this.
fn renew(tx: &mut dyn Writes, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let members = tx.members(&[user])?;
    if members.iter().any(|it| it.eligibility.is_verified) {
        refresh_entries(tx, user, now)?;
    }
    Ok(())
}

/// Forgets the profile of an account that is erased.
pub fn forget(tx: &mut dyn Writes, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
    refresh_entries(tx, user, now)?;
    tx.forget_profile(user)
}
