//! Who is asking, and whether they may; and what people may do, as the office changes it.

mod assignments;
mod audit_log;
mod control;
mod groups;
pub mod idempotency;
mod mails;
mod permissions;
pub mod ports;
mod rank;
mod roles;
mod targets;
mod totp_policy;

use std::{collections::BTreeSet, sync::Arc};

use abu_domain::{
    LoginSessionId, UserId,
    access::{Permission, Scope},
};
use chrono::{DateTime, Utc};

use crate::{
    access::ports::CallerRecord,
    platform::{
        Origin,
        audit::{Action, Actor, Entry},
        ports::StoreError,
    },
    store::Reads,
};

pub use assignments::{AssignmentDraft, AssignmentError};
pub use audit_log::AuditLog;
pub use control::{AccessControl, Named, RightsError};
pub use groups::{GroupChange, GroupDraft};
pub use mails::{MailError, Mails};
pub use permissions::{PermissionChange, PermissionDraft};
pub use rank::{
    LastSuperAdmin, keep_a_super_admin, require_held, require_held_for_good, require_held_until,
    require_rank, require_rank_in_chapter, require_rank_over_holders, require_rank_over_members,
    require_to_change_rights, require_to_change_rights_in,
};
pub use roles::{RoleChange, RoleDraft};
pub use totp_policy::TotpPolicy;

/// Somebody who shows a good access token. Whether their session still lasts and their account is not
/// suspended is for [`require_active`] to see.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// The log-in that the token came of.
    pub session: LoginSessionId,
    /// Where they ask from.
    pub origin: Origin,
}

/// The operator at the machine. Whoever can run a program with the server's settings has the whole
/// database in their hands, so there is nothing to refuse them; but the audit log knows them.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The name of their account at the machine.
    pub name: Arc<str>,
    /// Who became that account through `sudo`, as `sudo` says.
    pub sudo_user: Option<Arc<str>>,
}

/// The server itself, which sets up what every installation starts with.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// Somebody in whose name a use case acts.
pub trait Authority: Clone + Send + 'static {
    /// What is known of them; `None` where they are nobody any more.
    fn record(&self, tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError>;

    /// What they hold from now on until a time without a break, or for good.
    fn held_until(
        &self,
        tx: &mut dyn Reads,
        until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError>;

    /// Their account, if they have one.
    fn user(&self) -> Option<UserId>;

    /// An entry for the audit log about something that they did.
    fn entry(&self, action: Action) -> Entry;
}

impl Authority for Caller {
    fn record(&self, tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError> {
        tx.caller(self.user, self.session)
    }

    fn held_until(
        &self,
        tx: &mut dyn Reads,
        until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError> {
        Ok(tx.held_until(self.user, until)?.unwrap_or_default())
    }

    fn user(&self) -> Option<UserId> {
        Some(self.user)
    }

    fn entry(&self, action: Action) -> Entry {
        Entry::new(Actor::User(self.user), action).from(&self.origin)
    }
}

impl Authority for Operator {
    fn record(&self, _tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError> {
        Ok(Some(unrestricted()))
    }

    fn held_until(
        &self,
        _tx: &mut dyn Reads,
        _until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError> {
        Ok(unrestricted())
    }

    fn user(&self) -> Option<UserId> {
        None
    }

    fn entry(&self, action: Action) -> Entry {
        let entry = Entry::new(Actor::Os(self.name.to_string()), action);
        match &self.sudo_user {
            Some(user) => entry.with("sudo_user", &**user),
            None => entry,
        }
    }
}

impl Authority for Server {
    fn record(&self, _tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError> {
        Ok(Some(unrestricted()))
    }

    fn held_until(
        &self,
        _tx: &mut dyn Reads,
        _until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError> {
        Ok(unrestricted())
    }

    fn user(&self) -> Option<UserId> {
        None
    }

    fn entry(&self, action: Action) -> Entry {
        Entry::new(Actor::System, action)
    }
}

/// What is known of who may do everything.
fn unrestricted() -> CallerRecord {
    CallerRecord {
        is_active: true,
        is_superuser: true,
        ..CallerRecord::default()
    }
}

/// Why a caller may not.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The session was ended, or its account is gone.
    #[error("the session has ended")]
    SessionEnded,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Its owner has the account hidden.
    #[error("the account is deactivated")]
    Deactivated,
    /// A permission is missing.
    #[error("{} is required", .0.name())]
    Denied(Permission),
    /// The caller would give what they do not hold, or act on somebody who holds what they do not:
    /// names of the permissions that they lack.
    #[error("permissions are missing")]
    Beyond(BTreeSet<String>),
    /// Only a superuser may act on a superuser.
    #[error("only a superuser may do this to a superuser")]
    SuperusersOnly,
    /// Permissions count only once the caller has set up one-time passwords.
    #[error("one-time passwords must be set up first")]
    TotpDue,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether somebody proved that they read the account's primary address, or somebody vouched for it. Of
/// another account nobody knows whose it is, so it is given no rights.
pub(crate) fn has_proved_address(tx: &mut dyn Reads, user: UserId) -> Result<bool, StoreError> {
    let emails = tx.emails_of(user)?;
    let mut primary = emails.iter().filter(|email| email.is_primary);
    Ok(primary.any(|email| email.verified_at.is_some()))
}

/// The caller, if their session lasts and their account is neither suspended nor hidden. Every use
/// case of a logged-in user begins with this, with [`require`] or with [`require_self`].
pub fn require_active(
    tx: &mut dyn Reads,
    caller: &impl Authority,
) -> Result<CallerRecord, AccessError> {
    let record = require_self(tx, caller)?;
    if record.is_deactivated {
        return Err(AccessError::Deactivated);
    }
    Ok(record)
}

/// The caller, if their session lasts and their account is not suspended, even where they have it
/// hidden: for what is about nobody but themselves.
pub fn require_self(
    tx: &mut dyn Reads,
    caller: &impl Authority,
) -> Result<CallerRecord, AccessError> {
    let record = caller.record(tx)?.ok_or(AccessError::SessionEnded)?;
    if !record.is_active {
        return Err(AccessError::Suspended);
    }
    Ok(record)
}

/// The caller, if they also hold `permission` everywhere.
pub fn require(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    require_in(tx, caller, permission, Scope::Global)
}

/// The caller, if they also hold `permission` in `scope`.
pub fn require_in(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    permission: Permission,
    scope: Scope,
) -> Result<CallerRecord, AccessError> {
    let record = require_active(tx, caller)?;
    if !record.holds_named_in(permission.name(), scope) {
        return Err(AccessError::Denied(permission));
    }
    if record.totp_due {
        return Err(AccessError::TotpDue);
    }
    Ok(record)
}
