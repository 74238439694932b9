use abu_domain::{UserId, identity::text::PhoneNumber, platform::text::PersonName};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// The fields that owners edit themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDetails {
    pub firstname: PersonName,
    pub middlename: Option<PersonName>,
    pub lastname: PersonName,
    pub phone: Option<PhoneNumber>,
}

pub trait OwnAccountReads {
    fn password_hash(&mut self, id: UserId) -> Result<Option<String>, StoreError>;
}

pub trait OwnAccountWrites {
    /// Locks the account's row until the transaction ends; false for an unknown account. The lock
    /// serializes changes to its password, addresses and sessions. Lock order: after an address.
    fn lock_account(&mut self, id: UserId) -> Result<bool, StoreError>;

    fn set_own_details(
        &mut self,
        id: UserId,
        details: &OwnDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Deactivates the account (`Some`) or reactivates it (`None`).
    fn set_deactivated(
        &mut self,
        id: UserId,
        deactivated_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Removes the second factor if it was enrolled or confirmed after `since`.
    fn forget_totp_since(&mut self, id: UserId, since: DateTime<Utc>) -> Result<(), StoreError>;

    /// Deletes an account whose address was never proved, with all rows that depend on it.
    fn remove_unverified(&mut self, id: UserId) -> Result<(), StoreError>;

    /// Deletes at most `limit` such accounts created before `made_before`; returns their number.
    /// Skips accounts that another transaction is proving or deleting.
    fn sweep_unverified(
        &mut self,
        made_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError>;
}
