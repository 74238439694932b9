//! Who is asking, and whether they may.

use std::{net::IpAddr, sync::Arc};

use abu_domain::{SessionId, UserId, access::Permission};

use crate::ports::{CallerRecord, StoreError, Transaction};

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, where there is a network between.
    pub address: Option<IpAddr>,
    /// The id that ties the request to its answer and to the log.
    pub request_id: Arc<str>,
}

/// Somebody who shows a good access token. Whether their session still lasts and their account is not
/// suspended is for [`require_active`] to see.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// The log-in that the token came of.
    pub session: SessionId,
    /// Where they ask from.
    pub origin: Origin,
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
    /// Permissions count only once the caller has set up one-time passwords.
    #[error("one-time passwords must be set up first")]
    TotpDue,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The caller, if their session lasts and their account is neither suspended nor hidden. Every use
/// case of a logged-in user begins with this, with [`require`] or with [`require_self`].
///
/// # Errors
/// [`AccessError`].
pub fn require_active(
    tx: &mut dyn Transaction,
    caller: &Caller,
) -> Result<CallerRecord, AccessError> {
    let record = require_self(tx, caller)?;
    if record.is_deactivated {
        return Err(AccessError::Deactivated);
    }
    Ok(record)
}

/// The caller, if their session lasts and their account is not suspended, even where they have it
/// hidden: for what is about nobody but themselves.
///
/// # Errors
/// [`AccessError`].
pub fn require_self(
    tx: &mut dyn Transaction,
    caller: &Caller,
) -> Result<CallerRecord, AccessError> {
    let record = tx
        .caller(caller.user, caller.session)?
        .ok_or(AccessError::SessionEnded)?;
    if !record.is_active {
        return Err(AccessError::Suspended);
    }
    Ok(record)
}

/// The caller, if they also hold `permission` everywhere.
///
/// # Errors
/// [`AccessError`].
pub fn require(
    tx: &mut dyn Transaction,
    caller: &Caller,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    let record = require_active(tx, caller)?;
    if !record.holds(permission) {
        return Err(AccessError::Denied(permission));
    }
    if record.totp_due {
        return Err(AccessError::TotpDue);
    }
    Ok(record)
}
