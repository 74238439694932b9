//! Whether an account can be used: suspending and activating it, and having it erased.

use std::sync::Arc;

use abu_domain::{UserId, access::Permission, identity::user::User, platform::text::Reason};
use chrono::{DateTime, TimeDelta, Utc};

use super::{AccountError, Accounts, locked};
use crate::{
    access::{self, Authority, Caller},
    identity::{
        passwords,
        ports::{EndReason, Erasure, WhichSessions},
    },
    platform::{
        audit::{Action, Target},
        ports::StoreError,
    },
    store::Writes,
};

/// How long an erasure can be called off.
pub const ERASURE_DELAY: TimeDelta = TimeDelta::days(7);

impl Accounts {
    /// Lets a suspended account be used again, and calls its erasure off if the staff asked for one;
    /// takes `can_modify_user` and rank over its owner.
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

    /// Suspends an account; takes `can_modify_user` and rank over its owner. Its sessions have ended,
    /// and its connections to the chat have been told to, when this returns.
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

    /// Has an account erased in seven days, and suspends it until then; takes `can_delete_user` and
    /// rank over its owner. Returns when it will be erased: what was scheduled before stays. Nobody does
    /// this to their own account: it is the staff that calls such an erasure off.
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

    /// Runs `work`, which shuts the account out, in a transaction, and closes its connections to the
    /// chat once that is committed.
    async fn shutting_out<T: Send + 'static>(
        &self,
        id: UserId,
        work: impl FnOnce(&mut dyn Writes) -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let live_sessions = Arc::clone(&self.context.live_sessions);
        let (value, applied) = self
            .context
            .database
            .run(move |store| {
                let value = store.transaction(work)?;
                Ok::<_, AccountError>((value, live_sessions.account_suspended(id)))
            })
            .await?;
        applied.await;
        Ok(value)
    }
}

/// The account, if the caller holds `permission` and outranks its owner.
fn to_change(
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
    // A link that lies in a mailbox must not be good again with the account.
    passwords::kill_links(tx, id, now)
}
