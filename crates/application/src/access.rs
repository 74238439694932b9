//! Who is asking, and whether they may.

use abu_domain::{UserId, access::Permission};

use crate::ports::{CallerRecord, StoreError, Transaction};

/// Why a caller may not.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The account of the token is gone.
    #[error("there is no such account any more")]
    UnknownCaller,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// A permission is missing.
    #[error("{} is required", .0.name())]
    Denied(Permission),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The caller, if the account is there and not suspended. Every use case of a logged-in user begins
/// with this or with [`require`].
///
/// # Errors
/// [`AccessError`].
pub fn require_active(
    tx: &mut dyn Transaction,
    caller: UserId,
) -> Result<CallerRecord, AccessError> {
    let record = tx.caller(caller)?.ok_or(AccessError::UnknownCaller)?;
    if !record.is_active {
        return Err(AccessError::Suspended);
    }
    Ok(record)
}

/// The caller, if they also hold `permission`.
///
/// # Errors
/// [`AccessError`].
pub fn require(
    tx: &mut dyn Transaction,
    caller: UserId,
    permission: Permission,
) -> Result<CallerRecord, AccessError> {
    let record = require_active(tx, caller)?;
    if !record.holds(permission) {
        return Err(AccessError::Denied(permission));
    }
    Ok(record)
}
