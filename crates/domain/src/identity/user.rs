//! Accounts.

use chrono::{DateTime, Utc};

use crate::{
    EmailId, UserId,
    identity::text::PhoneNumber,
    named_enum,
    platform::text::{EmailAddress, PersonName},
};

named_enum! {
    /// Whether the university knows this person as a graduate.
    pub enum Verification {
        /// Nothing was claimed yet.
        Unverified => "unverified",
        /// A claim is being looked at.
        Pending => "pending",
        /// Known as a graduate.
        Verified => "verified",
        /// Was verified, and is no longer.
        Revoked => "revoked",
    }
}

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who this is.
    pub id: UserId,
    /// Where mail reaches them, and what they log in with.
    pub email: EmailAddress,
    /// Given name.
    pub firstname: PersonName,
    /// Names between, where there are any.
    pub middlename: Option<PersonName>,
    /// Surname.
    pub lastname: PersonName,
    /// Telephone number, where they gave one.
    pub phone: Option<PhoneNumber>,
    /// False while suspended.
    pub is_active: bool,
    /// Holds every permission.
    pub is_superuser: bool,
    /// Whether the university knows them as a graduate.
    pub verification: Verification,
    /// Names of the groups they are in, in alphabetical order.
    pub groups: Vec<String>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
}

impl User {
    /// Whether the university has verified them under the names they have, so that they cannot change
    /// them themselves.
    pub fn names_are_locked(&self) -> bool {
        self.verification == Verification::Verified
    }
}

/// An e-mail address of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEmail {
    /// Its id.
    pub id: EmailId,
    /// Whose.
    pub user_id: UserId,
    /// The address.
    pub email: EmailAddress,
    /// Where mail goes.
    pub is_primary: bool,
    /// When its owner proved that they read what is sent there.
    pub verified_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}
