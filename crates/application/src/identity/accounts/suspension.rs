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
        ports::{EndReason, Erasure, WhichSessions},
    },
    platform::{
        audit::{Action, Target},
        ports::StoreError,
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
        self.context
            .database
            .transaction(move |tx| {
                let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
                if user.is_active {
                    return Ok(user);
                }
                tx.set_active(id, true, now)?;
                let called_off = tx.call_off_staffs_erasure(id)?;
                let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                let entry = caller.entry(Action::UserActivate).on(Target::user(id));
                let entry = match called_off {
                    true => entry.with("erasure", "called off"),
                    false => entry,
                };
                entry.write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }

    /// Suspends an account; takes `can_modify_user` and rank over its owner. On return its sessions
    /// have ended, and its chat connections have received the close.
    pub async fn suspend(&self, caller: impl Authority, id: UserId) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.shutting_out(id, move |tx| {
            let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
            if !user.is_active {
                return Ok(user);
            }
            access::keep_a_super_admin(tx, user.id, &user.groups)?;
            shut_out(tx, id, EndReason::Suspended, now)?;
            let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
            caller
                .entry(Action::UserSuspend)
                .on(Target::user(id))
                .write(tx, entry_id, now)?;
            Ok(user)
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
        self.shutting_out(id, move |tx| {
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
            }
            let runs_at = tx.erasure_due(id)?.ok_or(AccountError::NotFound)?;
            if scheduled || user.is_active {
                caller
                    .entry(Action::UserScheduleErasure)
                    .on(Target::user(id))
                    .with("reason", reason.as_str())
                    .write(tx, entry_id, now)?;
            }
            Ok(runs_at)
        })
        .await
    }

    /// Runs `work` in a transaction and closes the account's chat connections after the commit.
    async fn shutting_out<T: Send + 'static>(
        &self,
        id: UserId,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let events = Arc::clone(&self.context.events);
        let (value, applied) = self
            .context
            .database
            .run(move |store| {
                let value = store.transaction(work)?;
                let suspended = IdentityEvent::AccountSuspended { user: id };
                Ok::<_, AccountError>((value, events.publish(suspended)))
            })
            .await?;
        applied.await;
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

fn shut_out(
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
