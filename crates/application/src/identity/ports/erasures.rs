use abu_domain::{UserId, platform::text::Reason};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// That an account is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Which account.
    pub user_id: UserId,
    /// Who asked for it: its owner, or somebody of the staff.
    pub requested_by: UserId,
    /// Why.
    pub reason: Reason,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it is done, unless it is called off before.
    pub runs_at: DateTime<Utc>,
}

/// Accounts that are to be erased, in the store.
pub trait ErasureReads {
    /// When the account is to be erased, if it is.
    fn erasure_due(&mut self, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError>;
}

/// Writes beside [`ErasureReads`].
pub trait ErasureWrites {
    /// Notes that the account is to be erased; false where that was noted before, which then stays.
    ///
    /// # Errors
    /// A conflict where there is no such user.
    fn insert_erasure(&mut self, erasure: &Erasure) -> Result<bool, StoreError>;

    /// Calls an erasure off that somebody other than the account's owner asked for; false where there
    /// is none.
    fn call_off_staffs_erasure(&mut self, user: UserId) -> Result<bool, StoreError>;
}
