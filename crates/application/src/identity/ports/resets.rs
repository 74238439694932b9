use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::TokenHash;
use crate::platform::ports::StoreError;

/// A password reset before it is stored.
#[derive(Clone, Debug)]
pub struct NewReset {
    /// The link's UUID is derived from it.
    pub id: Uuid,
    pub user_id: UserId,
    /// SHA-256 of the link's UUID.
    pub token_hash: TokenHash,
    pub created_at: DateTime<Utc>,
    /// Exclusive.
    pub expires_at: DateTime<Utc>,
}

/// A stored password reset.
#[derive(Clone, Copy, Debug)]
pub struct PasswordReset {
    pub user_id: UserId,
    /// Exclusive.
    pub expires_at: DateTime<Utc>,
    /// Time of its use or replacement; it is invalid from then on.
    pub used_at: Option<DateTime<Utc>>,
}

pub trait ResetReads {
    fn reset(&mut self, token_hash: &TokenHash) -> Result<Option<PasswordReset>, StoreError>;
}

pub trait ResetWrites {
    /// Stores a reset and deletes earlier ones of the account. A conflict for an unknown account.
    fn insert_reset(&mut self, reset: &NewReset) -> Result<(), StoreError>;

    /// Invalidates all resets of the account.
    fn kill_resets(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;
}
