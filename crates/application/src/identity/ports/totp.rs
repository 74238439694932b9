use abu_domain::UserId;
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

pub type RecoveryHash = [u8; 32];

/// The second factor of an account.
#[derive(Clone, Debug)]
pub struct TotpRecord {
    /// Encrypted by [`OneTimePasswords`](super::OneTimePasswords).
    pub sealed_secret: Vec<u8>,
    /// Time of the confirmation, from which log-in requires a code; `None` before it.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The time step of the last accepted code.
    pub last_step: i64,
    /// Hashes of the unused recovery codes.
    pub recovery_codes: Vec<RecoveryHash>,
}

pub trait TotpReads {
    /// The user's second factor, confirmed or not.
    fn totp(&mut self, user: UserId) -> Result<Option<TotpRecord>, StoreError>;

    /// Whether log-in requires a second factor of the user.
    fn has_totp(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// At most `limit` encrypted secrets of the users after `after`, in the order of the users.
    fn sealed_totp(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, Vec<u8>)>, StoreError>;
}

pub trait TotpWrites {
    /// Stores an unconfirmed secret in place of an earlier unconfirmed one; false if the user has a
    /// confirmed one. A conflict for an unknown user.
    fn insert_totp(
        &mut self,
        user: UserId,
        sealed_secret: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Replaces an encrypted secret; false if the user has another one meanwhile.
    fn replace_sealed_totp(
        &mut self,
        user: UserId,
        sealed: &[u8],
        by: &[u8],
    ) -> Result<bool, StoreError>;

    /// Confirms the secret with a code of that step; false if there is none to confirm.
    fn confirm_totp(
        &mut self,
        user: UserId,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Replay protection: marks the step and all before it as used. False if the step or a later
    /// one is used already.
    fn use_totp_step(&mut self, user: UserId, step: i64) -> Result<bool, StoreError>;

    /// Marks a recovery code as used; false for an unknown or used one.
    fn use_recovery_code(
        &mut self,
        user: UserId,
        code: &RecoveryHash,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Replaces all recovery codes of the user. A conflict without a second factor.
    fn replace_recovery_codes(
        &mut self,
        user: UserId,
        codes: &[RecoveryHash],
    ) -> Result<(), StoreError>;

    /// Deletes the second factor and its recovery codes; false if there is none.
    fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError>;
}
