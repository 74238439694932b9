//! Accounts.

use chrono::{DateTime, Utc};

use crate::{
    EmailId, UserId,
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};

/// Whether the university knows this person as a graduate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Nothing was claimed yet.
    Unverified,
    /// A claim is being looked at.
    Pending,
    /// Known as a graduate.
    Verified,
    /// Was verified, and is no longer.
    Revoked,
}

impl Verification {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Unverified,
        Self::Pending,
        Self::Verified,
        Self::Revoked,
    ];

    /// The name in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Revoked => "revoked",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
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
