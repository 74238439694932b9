use abu_domain::UserId;
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// SHA-256 of a recovery code.
pub type RecoveryHash = [u8; 32];

/// The second factor of an account.
#[derive(Clone, Debug)]
pub struct TotpRecord {
    /// The secret that the device has, sealed.
    pub sealed_secret: Vec<u8>,
    /// Since when it is asked for at log-in; `None` while nothing proved that the device has it.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The time step of the last one-time password that was accepted.
    pub last_step: i64,
    /// Recovery codes that were not used yet.
    pub recovery_codes: Vec<RecoveryHash>,
}

/// One-time passwords in the store.
pub trait TotpReads {
    /// The second factor of the user, confirmed or not.
    fn totp(&mut self, user: UserId) -> Result<Option<TotpRecord>, StoreError>;

    /// Whether the user has a second factor that is asked for at log-in.
    fn has_totp(&mut self, user: UserId) -> Result<bool, StoreError>;
}

/// Writes beside [`TotpReads`].
pub trait TotpWrites {
    /// Keeps a secret that is still to be confirmed, in place of one that was not; false where one was.
    ///
    /// # Errors
    /// A conflict where there is no such user.
    fn insert_totp(
        &mut self,
        user: UserId,
        sealed_secret: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Confirms the secret with a one-time password of that step; false where there is none to confirm.
    fn confirm_totp(
        &mut self,
        user: UserId,
        step: i64,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Uses up the one-time passwords of that step and of all before it; false where one of a step as
    /// late was used already.
    fn use_totp_step(&mut self, user: UserId, step: i64) -> Result<bool, StoreError>;

    /// Uses a recovery code up; false where it is not there, or was used before.
    fn use_recovery_code(
        &mut self,
        user: UserId,
        code: &RecoveryHash,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Gives the user these recovery codes in place of all they had.
    ///
    /// # Errors
    /// A conflict where they have no second factor.
    fn replace_recovery_codes(
        &mut self,
        user: UserId,
        codes: &[RecoveryHash],
    ) -> Result<(), StoreError>;

    /// Forgets the second factor with its recovery codes; false where there was none.
    fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError>;
}
