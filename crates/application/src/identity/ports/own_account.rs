use abu_domain::{UserId, identity::text::PhoneNumber, platform::text::PersonName};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// What people say of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDetails {
    /// Given name.
    pub firstname: PersonName,
    /// Names between.
    pub middlename: Option<PersonName>,
    /// Surname.
    pub lastname: PersonName,
    /// Telephone number.
    pub phone: Option<PhoneNumber>,
}

/// What their owners do with accounts.
pub trait OwnAccountReads {
    /// The hash of the account's password.
    fn password_hash(&mut self, id: UserId) -> Result<Option<String>, StoreError>;
}

/// Writes beside [`OwnAccountReads`].
pub trait OwnAccountWrites {
    /// Locks the account's row until the transaction ends, so that changes of its password, its
    /// addresses and its sessions happen one after the other; false where there is no such account.
    /// Who also locks an address does that first.
    fn lock_account(&mut self, id: UserId) -> Result<bool, StoreError>;

    /// Sets what the owner says of themselves.
    fn set_own_details(
        &mut self,
        id: UserId,
        details: &OwnDetails,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Hides the account (`Some`) or shows it again (`None`).
    fn set_deactivated(
        &mut self,
        id: UserId,
        deactivated_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Turns one-time passwords off that were set up or turned on after `since`.
    fn forget_totp_since(&mut self, id: UserId, since: DateTime<Utc>) -> Result<(), StoreError>;

    /// Removes an account of which nobody proved that they read its address, with all that hangs on it.
    fn remove_unverified(&mut self, id: UserId) -> Result<(), StoreError>;

    /// Removes at most `limit` such accounts that were made before `made_before`; returns how many.
    /// Those that somebody is about to prove or remove are left alone.
    fn sweep_unverified(
        &mut self,
        made_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError>;
}
