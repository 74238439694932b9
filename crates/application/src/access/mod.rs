//! Role-based access control (RBAC): authentication of callers, authorization, and administration
//! of rights.

mod assignments;
mod audit_log;
mod control;
mod groups;
pub mod idempotency;
mod jobs;
mod mails;
mod named_sets;
mod parts;
mod permissions;
pub mod ports;
mod rank;
mod roles;
mod targets;
mod tasks;
mod totp_policy;
mod use_cases;

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
pub use jobs::{Jobs, JobsError};
pub use mails::{MailError, Mails};
pub use named_sets::{Composite, NamedSetChange, NamedSetDraft, NamedSetKind};
pub(crate) use rank::hold_ends;
pub use rank::{
    LastSuperAdmin, keep_a_super_admin, require_held, require_held_for_good, require_rank,
    require_rank_in_chapter, require_rank_over_holders, require_rank_over_members,
    require_to_change_rights, require_to_change_rights_in,
};
pub use tasks::{TaskError, Tasks};
pub use totp_policy::TotpPolicy;
pub use use_cases::UseCases;

/// The claims of a verified access token. [`require_active`] checks that the session lasts and that
/// the account is neither suspended nor deactivated.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: UserId,
    /// The session that issued the token.
    pub session: LoginSessionId,
    pub origin: Origin,
}

/// The operator at the machine. A process with the server's settings can already read and write the
/// whole database, so no permission check applies. The audit log records the operator.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The user name of the operating system.
    pub name: Arc<str>,
    /// `SUDO_USER`, if set.
    pub sudo_user: Option<Arc<str>>,
}

/// The server itself, which seeds every installation.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// The principal on whose behalf a use case acts.
pub trait Authority: Clone + Send + 'static {
    /// `None` if the session has ended or the account is gone.
    fn record(&self, tx: &mut dyn Reads) -> Result<Option<CallerRecord>, StoreError>;

    /// The rights held from now until `until` without a gap; `None` means for good.
    fn held_until(
        &self,
        tx: &mut dyn Reads,
        until: Option<DateTime<Utc>>,
    ) -> Result<CallerRecord, StoreError>;

    fn user(&self) -> Option<UserId>;

    /// An audit entry that names the principal as its actor.
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

fn unrestricted() -> CallerRecord {
    CallerRecord {
        is_active: true,
        is_superuser: true,
        ..CallerRecord::default()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The session has ended, or its account is gone.
    #[error("the session has ended")]
    SessionEnded,
    #[error("the account is suspended")]
    Suspended,
    /// The owner deactivated the account.
    #[error("the account is deactivated")]
    Deactivated,
    /// The caller lacks the permission.
    #[error("{} is required", .0.name())]
    Denied(Permission),
    /// Privilege escalation: the caller would grant, or act on a holder of, permissions that the
    /// caller lacks. Holds their names.
    #[error("permissions are missing")]
    Beyond(BTreeSet<String>),
    #[error("only a superuser may do this to a superuser")]
    SuperusersOnly,
    /// The caller must enroll in TOTP before any permission counts.
    #[error("one-time passwords must be set up first")]
    TotpDue,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the primary address is verified. The owner of an unverified account is unknown, so it
/// gets no rights.
pub(crate) fn has_proved_address(tx: &mut dyn Reads, user: UserId) -> Result<bool, StoreError> {
    let emails = tx.emails_of(user)?;
    let mut primary = emails.iter().filter(|email| email.is_primary);
    Ok(primary.any(|email| email.verified_at.is_some()))
}

/// Authenticates the caller: the session lasts, and the account is neither suspended nor
/// deactivated. Every use case of a logged-in user starts with this, [`require`] or
/// [`require_self`].
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

/// Like [`require_active`], but admits a deactivated account: for use cases that concern only the
/// caller.
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

/// [`require_active`], and authorizes: the caller holds `permission` globally.
pub fn require(
    tx: &mut dyn Reads,
    caller: &impl Authority,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    require_in(tx, caller, permission, Scope::Global)
}

/// [`require_active`], and authorizes: the caller holds `permission` in `scope`.
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
