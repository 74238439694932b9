use abu_domain::{EmailId, UserId, identity::user::UserEmail, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ports::StoreError;

/// SHA-256 of the token in a link of a mail.
pub type TokenHash = [u8; 32];

/// A pending proof of control over an address, before it is stored.
#[derive(Clone, Debug)]
pub struct NewVerification {
    /// The link's token is derived from it.
    pub id: Uuid,
    /// The address to prove.
    pub email_id: EmailId,
    pub token_hash: TokenHash,
    /// Of the link to the primary address, which approves a further or new address.
    pub approval_hash: Option<TokenHash>,
    /// Whether the proof makes the address the primary one.
    pub makes_primary: bool,
    pub created_at: DateTime<Utc>,
    /// Exclusive.
    pub expires_at: DateTime<Utc>,
}

/// A stored proof of control over an address.
#[derive(Clone, Debug)]
pub struct Verification {
    pub id: Uuid,
    /// The address to prove.
    pub email: UserEmail,
    /// Whether the proof makes the address the primary one.
    pub makes_primary: bool,
    /// The link that the token belongs to.
    pub link: ProofLink,
    /// Whether a link went to the primary address.
    pub has_approval: bool,
    /// Time at which the link to the address was opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// Time at which the link to the primary address was opened.
    pub approved_at: Option<DateTime<Utc>>,
    /// Exclusive.
    pub expires_at: DateTime<Utc>,
    /// Time of its use or replacement; it is invalid from then on.
    pub used_at: Option<DateTime<Utc>>,
}

/// The two links of a further or new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofLink {
    /// Mailed to the address.
    Own,
    /// Mailed to the account's primary address.
    Approval,
}

/// A change of the primary address, which the owner of the old one can undo.
#[derive(Clone, Debug)]
pub struct EmailChange {
    /// The undo token is derived from it.
    pub id: Uuid,
    pub user_id: UserId,
    /// The previous primary address.
    pub old_email: EmailAddress,
    /// The primary address after the change.
    pub new_email: EmailAddress,
    pub undo_hash: TokenHash,
    pub changed_at: DateTime<Utc>,
    /// Exclusive end of the undo window.
    pub undo_until: DateTime<Utc>,
    pub undone_at: Option<DateTime<Utc>>,
}

/// An account that keeps an older spelling of its address, because another one holds the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailConflict {
    pub user_id: UserId,
    /// As the account has it. No log-in finds it.
    pub spelling: EmailAddress,
    /// The canonical form.
    pub address: EmailAddress,
    /// The account that verified it first; `None` once that is gone.
    pub holder_id: Option<UserId>,
    pub found_at: DateTime<Utc>,
}

/// E-mail addresses of accounts, and the proofs and changes of them.
///
/// An address belongs to the first account that proved control of it. During the undo window it
/// also belongs to the account whose primary address it was. Other accounts may claim it, which
/// reserves nothing.
pub trait EmailReads {
    /// The account that the address belongs to.
    fn address_owner(
        &mut self,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Option<UserId>, StoreError>;

    /// The account that was registered with the address and has not proved control of it.
    fn unverified_account(&mut self, email: &EmailAddress) -> Result<Option<UserId>, StoreError>;

    /// The account whose primary address this is and that waits for its owner's proof: an
    /// unfinished registration, or an account that an administrator created.
    fn unproved_account(&mut self, email: &EmailAddress) -> Result<Option<UserId>, StoreError>;

    /// The account's addresses: the primary one first, then the oldest. The use cases bound their
    /// number.
    fn emails_of(&mut self, user: UserId) -> Result<Vec<UserEmail>, StoreError>;

    /// The proof with this hash of either token.
    fn verification(&mut self, token_hash: &TokenHash) -> Result<Option<Verification>, StoreError>;

    fn email_change(&mut self, undo_hash: &TokenHash) -> Result<Option<EmailChange>, StoreError>;

    /// At most `limit` conflicts, the oldest first.
    fn email_conflicts(&mut self, limit: u32) -> Result<Vec<EmailConflict>, StoreError>;
}

pub trait EmailWrites {
    /// Locks the address until the transaction ends. Lock order: before account rows. Every
    /// transaction that creates, proves or restores an address calls it, so two cannot win the same
    /// address.
    fn lock_address(&mut self, email: &EmailAddress) -> Result<(), StoreError>;

    /// A conflict if the account already has the address.
    fn insert_email(&mut self, email: &UserEmail) -> Result<(), StoreError>;

    /// Also deletes the proofs of the address.
    fn delete_email(&mut self, id: EmailId) -> Result<(), StoreError>;

    /// Marks an unproved address, also an administrator's, as proved. A conflict if another account has
    /// proved it.
    fn mark_verified(&mut self, id: EmailId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Marks an unverified address as one that an administrator vouches for, and that awaits its
    /// owner's proof. A conflict if another account has proved it.
    fn mark_vouched_for(&mut self, id: EmailId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// A conflict if another account has it as its primary address.
    fn make_primary(&mut self, email: &UserEmail, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Deletes the addresses that the account added or proved after `since`, and `gone` whatever
    /// its time.
    fn delete_emails_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        gone: &EmailAddress,
    ) -> Result<(), StoreError>;

    /// Stores a proof and deletes earlier ones of the same address. A conflict if the account no
    /// longer has the address.
    fn insert_verification(&mut self, verification: &NewVerification) -> Result<(), StoreError>;

    /// Records that one of the two links was opened.
    fn mark_opened(
        &mut self,
        verification: Uuid,
        link: ProofLink,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Deletes the further addresses of the account that were never verified, with their proofs.
    fn delete_claims(&mut self, user: UserId) -> Result<(), StoreError>;

    /// Invalidates all proofs of the address.
    fn kill_verifications_of(
        &mut self,
        email: EmailId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Invalidates all proofs of the account's addresses.
    fn kill_verifications(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Stores a change and deletes earlier ones whose undo window has ended.
    fn insert_email_change(&mut self, change: &EmailChange) -> Result<(), StoreError>;

    /// Marks the account's changes at or after `since` as undone, so that none can be undone again.
    fn mark_undone_since(
        &mut self,
        user: UserId,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}
