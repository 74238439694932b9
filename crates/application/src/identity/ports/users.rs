use abu_domain::{
    UserId,
    access::{GroupName, Membership},
    identity::{
        text::PhoneNumber,
        user::{User, Verification},
    },
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, Utc};

use crate::platform::{
    lists::{Seek, TimePosition, Total},
    ports::StoreError,
};

#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    /// The primary address.
    pub email: EmailAddress,
    /// bcrypt, in modular crypt form.
    pub password_hash: String,
    pub firstname: PersonName,
    pub middlename: Option<PersonName>,
    pub lastname: PersonName,
    pub phone: Option<PhoneNumber>,
    pub is_superuser: bool,
    /// Set when the owner has proved control of the address, or an administrator vouches for it.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// An administrator entered the address, so mail recovery waits for its owner's proof.
    pub email_awaits_proof: bool,
    pub created_at: DateTime<Utc>,
}

/// The data that a log-in is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user_id: UserId,
    /// bcrypt, in modular crypt form.
    pub password_hash: String,
    /// False while suspended.
    pub is_active: bool,
    /// Whether the log-in's address belongs to the account.
    pub email_verified: bool,
    /// Whether an administrator entered the address, and its owner has not proved control of it.
    pub email_awaits_proof: bool,
}

/// `None` and empty lists do not filter; any value of a list matches.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// The beginning of the e-mail address, or words that begin words of the name, in any order;
    /// without regard to accents, case and hooked letters.
    pub starts_with: Option<String>,
    pub groups: Vec<String>,
    pub is_active: Option<bool>,
    pub verifications: Vec<Verification>,
    /// Exclusive.
    pub created_after: Option<DateTime<Utc>>,
}

pub trait UserReads {
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The credentials for a log-in with any verified address of an account, or with its primary
    /// one.
    fn credentials(&mut self, email: &EmailAddress) -> Result<Option<Credentials>, StoreError>;

    /// At most `limit` accounts, newest first.
    fn list_users(
        &mut self,
        filter: &UserFilter,
        seek: Seek<TimePosition<UserId>>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    fn count_users(&mut self, filter: &UserFilter) -> Result<Total, StoreError>;

    /// The memberships that have not ended, by the name of the group.
    fn memberships(&mut self, id: UserId) -> Result<Vec<Membership>, StoreError>;

    /// The active accounts among `ids`: with a verified address, neither suspended nor deactivated.
    fn active_users(&mut self, ids: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}

pub trait UserWrites {
    /// Inserts an account with its primary address. A conflict with `users_email_key` if another
    /// account has the address.
    fn insert_user(&mut self, user: &NewUser) -> Result<(), StoreError>;

    /// False for an unknown account.
    fn set_password_hash(
        &mut self,
        id: UserId,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Suspends or activates the account; false for an unknown account.
    fn set_active(
        &mut self,
        id: UserId,
        is_active: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    fn set_verification(
        &mut self,
        id: UserId,
        verification: Verification,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Adds the user to groups, or replaces the end of a membership.
    fn add_to_groups(
        &mut self,
        id: UserId,
        memberships: &[Membership],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    fn remove_from_groups(
        &mut self,
        id: UserId,
        groups: &[GroupName],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Stores the time at which each user left the chat.
    fn set_last_seen(&mut self, seen: &[(UserId, DateTime<Utc>)]) -> Result<(), StoreError>;
}
