use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::TokenHash;
use crate::platform::ports::StoreError;

/// A request for another password.
#[derive(Clone, Debug)]
pub struct NewReset {
    /// Its id, from which the UUID in the link is made.
    pub id: Uuid,
    /// Whose password.
    pub user_id: UserId,
    /// The hash of the UUID in the link.
    pub token_hash: TokenHash,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// It is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// A request for another password, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct PasswordReset {
    /// Whose password.
    pub user_id: UserId,
    /// It is dead from then on.
    pub expires_at: DateTime<Utc>,
    /// When it was used or replaced; it is dead since.
    pub used_at: Option<DateTime<Utc>>,
}

/// Requests for other passwords.
pub trait ResetReads {
    /// The request whose link has this hash.
    fn reset(&mut self, token_hash: &TokenHash) -> Result<Option<PasswordReset>, StoreError>;
}

/// Writes beside [`ResetReads`].
pub trait ResetWrites {
    /// Adds a request; those before it for the same account are gone then.
    ///
    /// # Errors
    /// A conflict where there is no such account.
    fn insert_reset(&mut self, reset: &NewReset) -> Result<(), StoreError>;

    /// Kills every request of the account.
    fn kill_resets(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;
}
