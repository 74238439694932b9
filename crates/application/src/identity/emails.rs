//! The e-mail addresses of accounts: proving them, adding and removing them, and changing the primary
//! one.
//!
//! Whoever claims an address gets nothing by it. It belongs to the first account that proves that its
//! owner reads it, by a link that was sent there; whether it belongs to anybody already, only who reads
//! it is told.

mod change;
mod proof;

use std::sync::Arc;

use abu_domain::{
    EmailId, UserId,
    identity::{
        text::LoginPassword,
        user::{User, UserEmail},
    },
    platform::text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller},
    identity::{
        passwords::{ConfirmError, PasswordWork},
        ports::{
            LinkPurpose, LinkTokens, NewVerification, TokenHash, Verification, token_from_text,
        },
    },
    platform::{
        audit::{Action, Target},
        mail::{self, MailContent},
        ports::{Ids, StoreError},
    },
    store::{Reads, Writes},
};

pub(crate) use proof::begin_proof;

/// The most addresses that an account has, with those that are not proved yet.
pub const MAX_EMAILS: usize = 5;

/// For how long the reader of an old address may undo a change, and nobody else gets that address.
pub const UNDO_WINDOW: TimeDelta = TimeDelta::hours(72);

/// The use cases of addresses.
#[derive(Clone)]
pub struct Emails {
    pub context: Context,
    /// Who compares passwords.
    pub passwords: PasswordWork,
    /// The secrets of links in mails.
    pub links: Arc<dyn LinkTokens>,
    /// For how long the link that proves an address is good.
    pub verification_lifetime: TimeDelta,
    /// For how long the link to another password is good.
    pub reset_lifetime: TimeDelta,
}

/// Why a link did nothing.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It is unknown, used, replaced or too old, or what it is about is gone: which, is not told.
    #[error("the link is not good")]
    Gone,
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an address was not shown, added or removed.
#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    /// The caller did not prove who they are.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The account has no such address.
    #[error("there is no such address")]
    NotFound,
    /// The account has the address already.
    #[error("the account has this address already")]
    AlreadyYours,
    /// The account has as many addresses as it may have.
    #[error("the account has as many addresses as it may have")]
    TooMany,
    /// The primary address is changed, not removed.
    #[error("the primary address cannot be removed")]
    Primary,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for EmailError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

/// What becomes of an address once it is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// One more of the account's.
    Further,
    /// The account's primary one.
    Primary,
}

impl Emails {
    /// The caller's addresses, the primary one first.
    pub async fn list(&self, caller: Caller) -> Result<Vec<UserEmail>, EmailError> {
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                Ok(tx.emails_of(caller.user)?)
            })
            .await
    }

    /// Asks whoever reads the address whether it is to be one more of the caller's.
    pub async fn add(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
    ) -> Result<(), EmailError> {
        self.claim(caller, email, password, Wish::Further).await
    }

    /// Removes an address of the caller's, and kills the links to another password, one of which may
    /// have been sent there.
    pub async fn remove(&self, caller: Caller, id: EmailId) -> Result<(), EmailError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_account(caller.user)?;
                access::require_self(tx, &caller)?;
                let emails = tx.emails_of(caller.user)?;
                let email = emails.iter().find(|email| email.id == id);
                if email.ok_or(EmailError::NotFound)?.is_primary {
                    return Err(EmailError::Primary);
                }
                tx.delete_email(id)?;
                tx.kill_resets(caller.user, now)?;
                caller
                    .entry(Action::EmailRemove)
                    .on(Target::user(caller.user))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Notes the claim and writes to the address: to whomever it belongs to that somebody wanted it, or
    /// otherwise a link that proves it. Both look and take alike to the caller.
    async fn claim(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
        wish: Wish,
    ) -> Result<(), EmailError> {
        let confirmed = self
            .passwords
            .confirm(&self.context.database, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let user = confirmed.lock(tx)?;
                let email_id = claimed(tx, &*this.context.ids, &user, &email, wish, now)?;
                let makes_primary = wish == Wish::Primary;
                let verification_id = this.verification(tx, email_id, makes_primary, now)?;
                let content = match foreign_owner(tx, &email, user.id, now)? {
                    Some(owner) => MailContent::AddressInUse {
                        firstname: owner.firstname,
                    },
                    None if makes_primary => MailContent::EmailChangeConfirm {
                        verification_id,
                        firstname: user.firstname,
                    },
                    None => MailContent::VerifyFurtherEmail {
                        verification_id,
                        firstname: user.firstname,
                    },
                };
                mail::enqueue(tx, &*this.context.ids, now, &email, content)?;
                let action = match wish {
                    Wish::Further => Action::EmailAdd,
                    Wish::Primary => Action::EmailChangeAsk,
                };
                confirmed
                    .caller
                    .entry(action)
                    .on(Target::user(user.id))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    fn verification(
        &self,
        tx: &mut dyn Writes,
        email: EmailId,
        makes_primary: bool,
        now: DateTime<Utc>,
    ) -> Result<uuid::Uuid, StoreError> {
        let id = self.context.ids.random();
        begin_proof(
            tx,
            &*self.links,
            id,
            email,
            makes_primary,
            self.verification_lifetime,
            now,
        )?;
        Ok(id)
    }
}

/// The account's claim on the address, noted if it was not yet.
fn claimed(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    user: &User,
    email: &EmailAddress,
    wish: Wish,
    now: DateTime<Utc>,
) -> Result<EmailId, EmailError> {
    let emails = tx.emails_of(user.id)?;
    match emails.iter().find(|known| known.email == *email) {
        Some(known) if known.is_primary => Err(EmailError::AlreadyYours),
        Some(known) if known.verified_at.is_some() && wish == Wish::Further => {
            Err(EmailError::AlreadyYours)
        }
        Some(known) => Ok(known.id),
        None if emails.len() >= MAX_EMAILS => Err(EmailError::TooMany),
        None => {
            let new = UserEmail {
                id: EmailId::new(ids.random()),
                user_id: user.id,
                email: email.clone(),
                is_primary: false,
                verified_at: None,
                created_at: now,
            };
            tx.insert_email(&new)?;
            Ok(new.id)
        }
    }
}

/// Who has the address, if it is not `user`.
fn foreign_owner(
    tx: &mut dyn Reads,
    email: &EmailAddress,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<User>, StoreError> {
    match tx.address_owner(email, now)? {
        Some(owner) if owner != user => tx.user(owner),
        _ => Ok(None),
    }
}

/// Whether `user`, or somebody who has no account yet, may have the address, which must be locked. An
/// account that was registered with it and never proved it gives way.
pub(crate) fn take_address(
    tx: &mut dyn Writes,
    email: &EmailAddress,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let owner = tx.address_owner(email, now)?;
    if owner.is_some() && owner != user {
        return Ok(false);
    }
    let unproved = tx.unverified_account(email)?;
    if let Some(other) = unproved.filter(|other| Some(*other) != user) {
        tx.remove_unverified(other)?;
    }
    Ok(true)
}

/// Gives the account, which is locked as the address is, an address for which the office vouches in place
/// of its primary one, and tells whoever reads that. False where the address belongs to somebody else.
pub(crate) fn replace_primary(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    user: &User,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !take_address(tx, email, Some(user.id), now)? {
        return Ok(false);
    }
    let emails = tx.emails_of(user.id)?;
    let new = match emails.into_iter().find(|known| known.email == *email) {
        Some(known) => known,
        None => {
            let new = UserEmail {
                id: EmailId::new(ids.random()),
                user_id: user.id,
                email: email.clone(),
                is_primary: false,
                verified_at: None,
                created_at: now,
            };
            tx.insert_email(&new)?;
            new
        }
    };
    set_primary(tx, &new, now)?;
    // Whoever reads the addresses before has no say over what the office decided.
    tx.mark_undone_since(user.id, now - UNDO_WINDOW, now)?;
    let content = MailContent::EmailReplaced {
        firstname: user.firstname.clone(),
        new_address_masked: email.masked(),
    };
    mail::enqueue(tx, ids, now, &user.email, content)?;
    Ok(true)
}

/// Makes the address, now a proved one, the account's primary one in place of the one it has, which is
/// not theirs any more.
fn set_primary(tx: &mut dyn Writes, new: &UserEmail, now: DateTime<Utc>) -> Result<(), StoreError> {
    let emails = tx.emails_of(new.user_id)?;
    let old = emails.iter().find(|email| email.is_primary);
    tx.mark_verified(new.id, now)?;
    tx.kill_verifications_of(new.id, now)?;
    tx.make_primary(new, now)?;
    if let Some(old) = old {
        tx.delete_email(old.id)?;
    }
    // They may lie in the old mailbox.
    tx.kill_resets(new.user_id, now)
}
