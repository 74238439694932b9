use abu_domain::{EmailId, UserId, identity::user::UserEmail, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ports::StoreError;

/// SHA-256 of what a link in a mail carries.
pub type TokenHash = [u8; 32];

/// A request to prove that somebody reads an address.
#[derive(Clone, Debug)]
pub struct NewVerification {
    /// Its id, from which its token is made.
    pub id: Uuid,
    /// What is to be proved.
    pub email_id: EmailId,
    /// The token's hash.
    pub token_hash: TokenHash,
    /// Whether the address becomes the primary one with it.
    pub makes_primary: bool,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// It is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// A request to prove that somebody reads an address, as it stands.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Its id.
    pub id: Uuid,
    /// What it proves.
    pub email: UserEmail,
    /// Whether the address becomes the primary one with it.
    pub makes_primary: bool,
    /// It is dead from then on.
    pub expires_at: DateTime<Utc>,
    /// When it was used or replaced; it is dead since.
    pub used_at: Option<DateTime<Utc>>,
}

/// A change of a primary address, which the reader of the old one may undo.
#[derive(Clone, Debug)]
pub struct EmailChange {
    /// Its id, from which the token that undoes it is made.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// What was their primary address.
    pub old_email: EmailAddress,
    /// What became it.
    pub new_email: EmailAddress,
    /// The token's hash.
    pub undo_hash: TokenHash,
    /// When it was changed.
    pub changed_at: DateTime<Utc>,
    /// Until when it can be undone.
    pub undo_until: DateTime<Utc>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

/// The e-mail addresses of accounts, and the links that prove and change them.
///
/// An address belongs to the account that proved first that its owner reads it, and for a while also
/// to the account that had it as its primary one and may go back to it. Others may claim it, and get
/// nothing by that.
pub trait EmailReads {
    /// The account that the address belongs to.
    fn address_owner(
        &mut self,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError>;

    /// The account that was registered with the address and never proved it.
    fn unverified_account(&mut self, email: &EmailAddress) -> Result<Option<UserId>, StoreError>;

    /// The account's addresses, the primary one first, then the oldest. They are few: the use cases see
    /// to that.
    fn emails_of(&mut self, user: UserId) -> Result<Vec<UserEmail>, StoreError>;

    /// The request whose token has this hash.
    fn verification(&mut self, token_hash: &TokenHash) -> Result<Option<Verification>, StoreError>;

    /// The change that the token of this hash undoes.
    fn email_change(&mut self, undo_hash: &TokenHash) -> Result<Option<EmailChange>, StoreError>;
}

/// Writes beside [`EmailReads`].
pub trait EmailWrites {
    /// Holds up everybody else who wants the address, until the transaction ends. Whoever makes,
    /// proves or takes back an address begins with this, so that of two only one gets it.
    fn lock_address(&mut self, email: &EmailAddress) -> Result<(), StoreError>;

    /// Adds an address.
    ///
    /// # Errors
    /// A conflict where the account has it already.
    fn insert_email(&mut self, email: &UserEmail) -> Result<(), StoreError>;

    /// Takes an address away, with the requests to prove it.
    fn delete_email(&mut self, id: EmailId) -> Result<(), StoreError>;

    /// Notes that the address was proved, if it was not before.
    ///
    /// # Errors
    /// A conflict where another account proved it.
    fn mark_verified(&mut self, id: EmailId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Makes this address of the account its primary one.
    ///
    /// # Errors
    /// A conflict where another account has it as its primary one.
    fn make_primary(&mut self, email: &UserEmail, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Takes away the addresses that the account got or proved after `since`, and `gone` whenever it
    /// got that.
    fn delete_emails_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        gone: &EmailAddress,
    ) -> Result<(), StoreError>;

    /// Adds a request to prove an address; those before it for the same address are gone then.
    ///
    /// # Errors
    /// A conflict where the account does not have the address any more.
    fn insert_verification(&mut self, verification: &NewVerification) -> Result<(), StoreError>;

    /// Kills the requests to prove this address.
    fn kill_verifications_of(
        &mut self,
        email: EmailId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Kills every request to prove an address of the account.
    fn kill_verifications(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Notes a change of a primary address; those before it that cannot be undone any more are gone
    /// then.
    fn insert_email_change(&mut self, change: &EmailChange) -> Result<(), StoreError>;

    /// Notes of the account's changes made at `since` or later that they were undone: none of them can
    /// be undone any more.
    fn mark_undone_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
