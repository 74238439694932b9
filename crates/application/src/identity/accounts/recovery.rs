//! Account recovery by the staff: removes a lost second factor, and ends sessions.

use std::sync::Arc;

use abu_domain::{
    LoginSessionId, UserId,
    access::{Assignment, Membership, Permission},
    identity::user::{User, UserEmail},
};
use chrono::{DateTime, Utc};

use super::{AccountError, Accounts, suspension::to_change};
use crate::{
    access::{self, Authority, ports::AssignmentFilter},
    identity::{
        ports::{EndReason, SessionListing, WhichSessions},
        sessions::{EndedSessions, ending_sessions},
    },
    platform::{
        audit::{Action, Target},
        lists::{ListRequest, Listed, Seek, TimePosition, Total},
        mail::{self, MailContent},
    },
};

/// Assignments in an overview. An account with more has its newest ones shown.
const MAX_ASSIGNMENTS: u32 = 100;

/// What the staff see of an account before they act on it.
#[derive(Clone, Debug)]
pub struct AccountOverview {
    pub user: User,
    pub is_deactivated: bool,
    pub emails: Vec<UserEmail>,
    pub memberships: Vec<Membership>,
    /// Role assignments whose term runs, newest first.
    pub assignments: Vec<Assignment>,
    /// Time of the confirmation; `None` without a second factor.
    pub totp_since: Option<DateTime<Utc>>,
    pub recovery_codes_left: usize,
    /// Live sessions.
    pub sessions: Total,
    /// Time of a scheduled erasure.
    pub erasure_due: Option<DateTime<Utc>>,
}

impl Accounts {
    /// Removes the second factor of an owner who lost the device; takes `can_modify_user` and rank
    /// over the owner, whom a mail notifies. Callers remove their own with their password and a
    /// code. If a group requires TOTP, the owner's permissions stop counting.
    pub async fn reset_totp(
        &self,
        caller: impl Authority,
        id: UserId,
    ) -> Result<User, AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let (ids, policy) = (Arc::clone(&self.context.ids), Arc::clone(&self.policy));
        self.context
            .database
            .transaction(move |tx| {
                let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
                if caller.user() == Some(id) {
                    return Err(AccountError::OwnTotp);
                }
                if !tx.has_totp(id)? {
                    return Err(AccountError::NoTotp);
                }
                tx.delete_totp(id)?;
                tx.set_totp_due(id, policy.totp.requires(&user.groups))?;
                let firstname = user.firstname.clone();
                let content = MailContent::TotpReset { firstname, at: now };
                mail::enqueue(tx, &*ids, now, &user.email, content)?;
                caller
                    .entry(Action::UserResetTotp)
                    .on(Target::user(id))
                    .write(tx, entry_id, now)?;
                Ok(user)
            })
            .await
    }

    /// Ends live sessions of an account and returns how many; takes `can_modify_user` and rank over
    /// its owner. Their tokens fail from then on, and their chat connections have received the
    /// close when this returns.
    pub async fn end_sessions(
        &self,
        caller: impl Authority,
        id: UserId,
        which: WhichSessions,
    ) -> Result<(User, usize), AccountError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        ending_sessions(&self.context, move |tx| {
            let user = to_change(tx, &caller, Permission::ModifyUser, id)?;
            let because = EndReason::Revoked;
            let sessions = tx.end_sessions(id, which, because, now)?;
            if !sessions.is_empty() {
                caller
                    .entry(Action::SessionEnd)
                    .on(Target::user(id))
                    .with("reason", because.name())
                    .with("sessions", sessions.len().to_string())
                    .write(tx, entry_id, now)?;
            }
            let ended = EndedSessions { user: id, sessions };
            Ok(((user, ended.sessions.len()), ended))
        })
        .await
    }

    /// A page of an account's live sessions, most recently used first; takes `can_view_user`.
    pub async fn sessions(
        &self,
        caller: impl Authority,
        id: UserId,
        page: ListRequest<TimePosition<LoginSessionId>>,
    ) -> Result<Listed<SessionListing>, AccountError> {
        let now = self.context.clock.now();
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                tx.user(id)?.ok_or(AccountError::NotFound)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_sessions(id, seek, limit, now),
                    |tx| tx.count_sessions(id, now),
                )?)
            })
            .await
    }

    /// Takes `can_view_user`.
    pub async fn overview(
        &self,
        caller: impl Authority,
        id: UserId,
    ) -> Result<AccountOverview, AccountError> {
        let now = self.context.clock.now();
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewUser)?;
                let user = tx.user(id)?.ok_or(AccountError::NotFound)?;
                let totp = tx.totp(id)?.filter(|totp| totp.confirmed_at.is_some());
                let running = AssignmentFilter {
                    user: Some(id),
                    active: Some(true),
                    ..AssignmentFilter::default()
                };
                Ok(AccountOverview {
                    is_deactivated: tx.holder(id)?.is_some_and(|holder| holder.is_deactivated),
                    emails: tx.emails_of(id)?,
                    memberships: tx.memberships(id)?,
                    assignments: tx.list_assignments(&running, Seek::START, MAX_ASSIGNMENTS)?,
                    totp_since: totp.as_ref().and_then(|totp| totp.confirmed_at),
                    recovery_codes_left: totp.map_or(0, |totp| totp.recovery_codes.len()),
                    sessions: tx.count_sessions(id, now)?,
                    erasure_due: tx.erasure_due(id)?,
                    user,
                })
            })
            .await
    }
}
