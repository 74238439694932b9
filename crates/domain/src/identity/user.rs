//! User accounts and their e-mail addresses.

use chrono::{DateTime, Utc};

use crate::{
    EmailId, UserId,
    identity::text::PhoneNumber,
    named_enum,
    platform::text::{EmailAddress, PersonName},
};

/// Given name of the tombstone of an erased account. No other account can have the full name.
pub const ERASED_FIRSTNAME: &str = "Former";
/// Surname of the tombstone of an erased account.
pub const ERASED_LASTNAME: &str = "member";

named_enum! {
    /// Verification status: whether the university has confirmed the user as a graduate.
    pub enum Verification {
        /// The user has claimed nothing yet.
        Unverified => "unverified",
        /// A claim waits for a decision.
        Pending => "pending",
        /// The university has confirmed the user as a graduate.
        Verified => "verified",
        /// The university has withdrawn its confirmation.
        Revoked => "revoked",
    }
}

/// An account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// The primary address: the log-in name, and the recipient of mail.
    pub email: EmailAddress,
    /// Given name.
    pub firstname: PersonName,
    /// Middle names, if any.
    pub middlename: Option<PersonName>,
    /// Surname.
    pub lastname: PersonName,
    /// Telephone number, if given.
    pub phone: Option<PhoneNumber>,
    /// False while suspended.
    pub is_active: bool,
    /// Holds every permission, whatever the groups.
    pub is_superuser: bool,
    /// Verification as a graduate.
    pub verification: Verification,
    /// Names of the account's groups, in alphabetical order.
    pub groups: Vec<String>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the last change.
    pub last_modified: DateTime<Utc>,
}

impl User {
    /// Whether the owner may not change the names, because the university verified the account
    /// under them.
    pub fn names_are_locked(&self) -> bool {
        self.verification == Verification::Verified
    }
}

/// An e-mail address of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEmail {
    /// The address's id.
    pub id: EmailId,
    /// The owner.
    pub user_id: UserId,
    /// The address.
    pub email: EmailAddress,
    /// Whether it is the log-in name and the recipient of mail.
    pub is_primary: bool,
    /// Time from which the address belongs to the account: its owner proved control of it, or an
    /// administrator entered it. `None` before that.
    pub verified_at: Option<DateTime<Utc>>,
    /// An administrator entered the address, and its owner has not proved control of it.
    pub awaits_proof: bool,
    /// Time at which it was added.
    pub created_at: DateTime<Utc>,
}
