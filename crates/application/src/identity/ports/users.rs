use abu_domain::{
    UserId,
    access::GroupName,
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

/// An account about to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// What it logs in with.
    pub email: EmailAddress,
    /// bcrypt, in modular crypt form.
    pub password_hash: String,
    /// Given name.
    pub firstname: PersonName,
    /// Names between.
    pub middlename: Option<PersonName>,
    /// Surname.
    pub lastname: PersonName,
    /// Telephone number.
    pub phone: Option<PhoneNumber>,
    /// Holds every permission.
    pub is_superuser: bool,
    /// When its owner proved that they read the address, or somebody vouched for it.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// What a log-in is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose.
    pub user_id: UserId,
    /// bcrypt, in modular crypt form.
    pub password_hash: String,
    /// False while suspended.
    pub is_active: bool,
    /// Whether somebody proved that they read the address they log in with.
    pub email_verified: bool,
}

/// Which accounts a list shows; `None` and `false` do not filter.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// What the e-mail address, the first name or the last name starts with, in any case.
    pub starts_with: Option<String>,
    /// Name of a group they are in.
    pub group: Option<String>,
    /// Suspended or not.
    pub is_active: Option<bool>,
    /// Whether the university knows them.
    pub verification: Option<Verification>,
    /// Made after this.
    pub created_after: Option<DateTime<Utc>>,
}

/// Accounts in the store.
pub trait UserReads {
    /// The account, with its groups.
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// What a log-in with that address is checked against: any verified address of an account, or its
    /// primary one.
    fn credentials(&mut self, email: &EmailAddress) -> Result<Option<Credentials>, StoreError>;

    /// At most `limit` accounts, the newest first, by the times at which they were made.
    fn list_users(
        &mut self,
        filter: &UserFilter,
        seek: Seek<TimePosition<UserId>>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// How many accounts pass the filter.
    fn count_users(&mut self, filter: &UserFilter) -> Result<Total, StoreError>;

    /// Those of `ids` that are accounts with a proved address, and neither suspended nor hidden.
    fn active_users(&mut self, ids: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}

/// Writes beside [`UserReads`].
pub trait UserWrites {
    /// Makes an account with its primary address.
    ///
    /// # Errors
    /// A conflict with `users_email_key` where the address has one already.
    fn insert_user(&mut self, user: &NewUser) -> Result<(), StoreError>;

    /// Gives the account another password; false where there is no such account.
    fn set_password_hash(
        &mut self,
        id: UserId,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Suspends or activates the account; false where there is no such account.
    fn set_active(
        &mut self,
        id: UserId,
        is_active: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Puts the account in the groups.
    fn add_to_groups(
        &mut self,
        id: UserId,
        groups: &[GroupName],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Takes the account out of the groups.
    fn remove_from_groups(
        &mut self,
        id: UserId,
        groups: &[GroupName],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Notes when each user left the chat.
    fn set_last_seen(&mut self, seen: &[(UserId, DateTime<Utc>)]) -> Result<(), StoreError>;
}
