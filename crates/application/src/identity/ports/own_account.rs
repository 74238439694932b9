use abu_domain::{
    UserId, Violation,
    identity::{text::PhoneNumber, user::User},
    platform::text::{PersonName, require_free_name},
};
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

impl OwnDetails {
    pub fn has_names_of(&self, other: &Self) -> bool {
        self.firstname == other.firstname
            && self.middlename == other.middlename
            && self.lastname == other.lastname
    }

    /// Requires that new names do not make a reserved full name. Names from before the rule stay.
    pub fn require_free_name_after(&self, before: &Self) -> Result<(), Violation> {
        match self.has_names_of(before) {
            true => Ok(()),
            false => require_free_name(&self.firstname, self.middlename.as_ref(), &self.lastname),
        }
    }
}

impl From<&User> for OwnDetails {
    fn from(user: &User) -> Self {
        Self {
            firstname: user.firstname.clone(),
            middlename: user.middlename.clone(),
            lastname: user.lastname.clone(),
            phone: user.phone.clone(),
        }
    }
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
