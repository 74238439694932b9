//! Suspension, activation, and scheduled erasure of accounts.

use std::sync::Arc;

use abu_domain::{UserId, access::Permission, identity::user::User, platform::text::Reason};
use chrono::{DateTime, TimeDelta, Utc};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Authority, Caller},
    identity::{
        events::IdentityEvent,
        passwords,
        ports::{EndReason, Erasure, Publishing, WhichSessions},
    },
    platform::{
        audit::{Action, Target},
        ports::{Applied, StoreError},
    },
    store::Writes,
};

/// The time in which an erasure can be canceled.
pub const ERASURE_DELAY: TimeDelta = TimeDelta::days(7);

impl Accounts {
    /// Activates a suspended account and cancels an erasure that an administrator requested; takes
    /// `can_modify_user` and rank over its owner.
    pub async fn activate(&self, caller: impl Authority, id: UserId) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let standing = Arc::clone(&self.standing);
        self.publishing(move |tx| {
            let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
            if user.is_active {
                return Ok((user, Vec::new()));
            }
            let erasure = tx.erasure(id)?;
            if erasure.is_some_and(|erasure| erasure.started_at.is_some()) {
                return Err(AccountError::ErasureBegan);
            }
            tx.set_active(id, true, now)?;
            let called_off = tx.call_off_staffs_erasure(id)?;
            let passed_on = standing.standing_changed(tx, id, now)?;
            let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
            let entry = caller.entry(Action::UserActivate).on(Target::user(id));
            let entry = match called_off {
                true => entry.with("erasure", "called off"),
                false => entry,
            };
            entry.write(tx, entry_id, now)?;
            Ok((user, vec![passed_on]))
        })
        .await
    }

    /// Suspends an account; takes `can_modify_user` and rank over its owner. On return its sessions
    /// have ended, and its chat connections have received the close.
    pub async fn suspend(&self, caller: impl Authority, id: UserId) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let standing = Arc::clone(&self.standing);
        let suspended = self.suspended(id);
        self.publishing(move |tx| {
            let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
            if !user.is_active {
                return Ok((user, vec![suspended]));
            }
            access::keep_a_super_admin(tx, user.id, &user.groups)?;
            shut_out(tx, id, EndReason::Suspended, now)?;
            let passed_on = standing.standing_changed(tx, id, now)?;
            let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
            caller
                .entry(Action::UserSuspend)
                .on(Target::user(id))
                .write(tx, entry_id, now)?;
            Ok((user, vec![suspended, passed_on]))
        })
        .await
    }

    /// Suspends an account and schedules its erasure in seven days; takes `can_delete_user` and
    /// rank over its owner. Returns the time of the erasure; an earlier schedule stays. Callers
    /// cannot erase their own account this way, because only an administrator could cancel it.
    pub async fn schedule_erasure(
        &self,
        caller: Caller,
        id: UserId,
        reason: Reason,
    ) -> Result<DateTime<Utc>, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let standing = Arc::clone(&self.standing);
        let mut publications = vec![self.suspended(id)];
        self.publishing(move |tx| {
            let user = to_change(tx, &caller, Permission::DeleteUser, id)?;
            if id == caller.user {
                return Err(AccountError::OwnErasure);
            }
            access::keep_a_super_admin(tx, user.id, &user.groups)?;
            let scheduled = tx.insert_erasure(&Erasure {
                user_id: id,
                requested_by: caller.user,
                reason: reason.clone(),
                requested_at: now,
                runs_at: now + ERASURE_DELAY,
            })?;
            if user.is_active {
                shut_out(tx, id, EndReason::Erasure, now)?;
                publications.push(standing.standing_changed(tx, id, now)?);
            }
            let runs_at = tx.erasure_due(id)?.ok_or(AccountError::NotFound)?;
            if scheduled || user.is_active {
                caller
                    .entry(Action::UserScheduleErasure)
                    .on(Target::user(id))
                    .with("reason", reason.as_str())
                    .write(tx, entry_id, now)?;
            }
            Ok((runs_at, publications))
        })
        .await
    }

    /// Closes the account's chat connections when called.
    fn suspended(&self, user: UserId) -> Publishing {
        let events = Arc::clone(&self.context.events);
        Box::new(move || events.publish(IdentityEvent::AccountSuspended { user }))
    }

    /// Runs `work` in a transaction, publishes after the commit, and waits until every connection
    /// applies it.
    async fn publishing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Writes) -> Result<(T, Vec<Publishing>), AccountError>
        + Send
        + 'static,
    ) -> Result<T, AccountError> {
        let (value, applied) = self
            .context
            .database
            .run(move |store| {
                let (value, publications) = store.transaction(work)?;
                let applied: Vec<Applied> =
                    publications.into_iter().map(|publish| publish()).collect();
                Ok::<_, AccountError>((value, applied))
            })
            .await?;
        for applied in applied {
            applied.await;
        }
        Ok(value)
    }
}

/// Authorizes the change: the caller holds `permission` and outranks the owner.
pub(super) fn to_change(
    tx: &mut dyn Writes,
    caller: &impl Authority,
    permission: Permission,
    id: UserId,
) -> Result<User, AccountError> {
    let actor = access::require_to_change_rights(tx, caller, permission)?;
    let user = locked(tx, id)?;
    access::require_rank(tx, caller, &actor, id)?;
    Ok(user)
}

pub(crate) fn shut_out(
    tx: &mut dyn Writes,
    id: UserId,
    because: EndReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.set_active(id, false, now)?;
    tx.end_sessions(id, WhichSessions::All, because, now)?;
    // A link in a mailbox must not become valid again when the account is activated.
    passwords::drop_pending(tx, id, now)
}
