use abu_domain::{UserId, platform::text::Reason};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// A scheduled erasure of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    pub user_id: UserId,
    /// The owner or an administrator.
    pub requested_by: UserId,
    pub reason: Reason,
    pub requested_at: DateTime<Utc>,
    /// Time of the erasure, unless it is canceled before.
    pub runs_at: DateTime<Utc>,
}

pub trait ErasureReads {
    /// The time of the account's scheduled erasure.
    fn erasure_due(&mut self, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError>;
}

pub trait ErasureWrites {
    /// Schedules an erasure; false if one is scheduled already, which then stays. A conflict for an
    /// unknown user.
    fn insert_erasure(&mut self, erasure: &Erasure) -> Result<bool, StoreError>;

    /// Cancels an erasure that an administrator requested; false if there is none.
    fn call_off_staffs_erasure(&mut self, user: UserId) -> Result<bool, StoreError>;
}
