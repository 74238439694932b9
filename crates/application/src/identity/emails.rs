//! E-mail addresses of accounts: proof of control, addition, removal, and change of the primary
//! address.
//!
//! A claim reserves nothing: an address belongs to the first account that proves control of it by a
//! mailed link. A further or new address also needs the approval of the primary one, by another
//! link: a session alone, which may be stolen, adds no way into the account. Only mail to the address reveals whether it belongs to an account (no user
//! enumeration).

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
            LinkPurpose, LinkTokens, NewVerification, ProofLink, TokenHash, Verification,
            token_from_text,
        },
        sessions::Sessions,
    },
    platform::{
        audit::{Action, Target},
        mail::{self, MailContent},
        ports::{Ids, StoreError},
        rate_limits::{Guard, RateLimited, Subject},
    },
    store::{Reads, Writes},
};

pub(crate) use proof::begin_proof;
pub use proof::{Proof, ProofDraft, ProofError};

/// Counts unproved addresses too.
pub const MAX_EMAILS: usize = 5;

/// Time in which the owner of the old address can undo a change. No other account can get that
/// address until it ends.
pub const UNDO_WINDOW: TimeDelta = TimeDelta::hours(72);

#[derive(Clone)]
pub struct Emails {
    pub context: Context,
    pub passwords: PasswordWork,
    /// Logs in the owner of a registration that a link completes.
    pub sessions: Sessions,
    pub links: Arc<dyn LinkTokens>,
    /// Lifetime of the link that proves an address.
    pub verification_lifetime: TimeDelta,
    /// Lifetime of the link that resets a password.
    pub reset_lifetime: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Unknown, used, replaced or expired, or its subject is gone. The error does not say which.
    #[error("the link is not good")]
    Gone,
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    #[error("there is no such address")]
    NotFound,
    #[error("the account has this address already")]
    AlreadyYours,
    #[error("the account has as many addresses as it may have")]
    TooMany,
    #[error("the primary address cannot be removed")]
    Primary,
    /// The user has claimed too many addresses.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for EmailError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

/// The purpose of a claimed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Further,
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

    /// Claims a further address: mails a link to it that proves control, and a link to the primary
    /// address that approves it.
    pub async fn add(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
    ) -> Result<(), EmailError> {
        self.claim(caller, email, password, Wish::Further).await
    }

    /// Removes an address of the caller, and invalidates password resets: the removed address may
    /// hold a link.
    pub async fn remove(
        &self,
        caller: Caller,
        id: EmailId,
        password: LoginPassword,
    ) -> Result<(), EmailError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                let user = confirmed.lock(tx)?.id;
                let emails = tx.emails_of(user)?;
                let email = emails.iter().find(|email| email.id == id);
                if email.ok_or(EmailError::NotFound)?.is_primary {
                    return Err(EmailError::Primary);
                }
                tx.delete_email(id)?;
                tx.kill_resets(user, now)?;
                confirmed
                    .caller
                    .entry(Action::EmailRemove)
                    .on(Target::user(user))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Stores the claim and mails the address and the primary one. An existing owner learns of the
    /// attempt; otherwise the mail has a link that proves control. The caller can tell the two cases
    /// apart neither by response nor by time, nor by the mail to the primary address.
    async fn claim(
        &self,
        caller: Caller,
        email: EmailAddress,
        password: LoginPassword,
        wish: Wish,
    ) -> Result<(), EmailError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let user = confirmed.lock(tx)?;
                let limits = &this.context.limits;
                let bucket = limits.bucket(Guard::ClaimedAddress, &[Subject::User(user.id)]);
                limits.count_or_refuse::<EmailError>(tx, bucket, now)?;
                let email_id = claimed(tx, &*this.context.ids, &user, &email, wish, now)?;
                let verification_id = this.verification(tx, email_id, Some(wish), now)?;
                let firstname = user.firstname.clone();
                let content = match (foreign_owner(tx, &email, user.id, now)?, wish) {
                    (Some(owner), _) => MailContent::AddressInUse {
                        firstname: owner.firstname,
                    },
                    (None, Wish::Primary) => MailContent::EmailChangeConfirm {
                        verification_id,
                        firstname,
                    },
                    (None, Wish::Further) => MailContent::VerifyFurtherEmail {
                        verification_id,
                        firstname,
                    },
                };
                mail::enqueue(tx, &*this.context.ids, now, &email, content)?;
                let approval = MailContent::ApproveEmail {
                    verification_id,
                    firstname: user.firstname,
                    new_address_masked: email.masked(),
                };
                mail::enqueue(tx, &*this.context.ids, now, &user.email, approval)?;
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
        claim: Option<Wish>,
        now: DateTime<Utc>,
    ) -> Result<uuid::Uuid, StoreError> {
        let id = self.context.ids.random();
        let (links, lifetime) = (&*self.links, self.verification_lifetime);
        begin_proof(tx, links, id, email, claim, lifetime, now)?;
        Ok(id)
    }
}

/// The id of the account's claim; creates the claim if needed.
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
                awaits_proof: false,
                created_at: now,
            };
            tx.insert_email(&new)?;
            Ok(new.id)
        }
    }
}

/// The address's owner unless it is `user`.
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

/// Whether `user`, or a new account, may have the address; call it under the lock of the address.
/// Deletes another account that was registered with the address and has not proved it.
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

/// Replaces the primary address by one that an administrator vouches for, and mails the old one. Mail
/// recovery waits for the owner's proof of an address that the account has not proved. Call it under the locks of address and account. False if the address belongs to another account.
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
                awaits_proof: false,
                created_at: now,
            };
            tx.insert_email(&new)?;
            new
        }
    };
    tx.mark_vouched_for(new.id, now)?;
    set_primary(tx, &new, now)?;
    // Owners of earlier addresses must not undo an administrator's decision.
    tx.mark_undone_since(user.id, now - UNDO_WINDOW, now)?;
    let content = MailContent::EmailReplaced {
        firstname: user.firstname.clone(),
        new_address_masked: email.masked(),
    };
    mail::enqueue(tx, ids, now, &user.email, content)?;
    Ok(true)
}

/// Makes a verified address the primary one and deletes the previous primary one.
fn set_primary(tx: &mut dyn Writes, new: &UserEmail, now: DateTime<Utc>) -> Result<(), StoreError> {
    let emails = tx.emails_of(new.user_id)?;
    let old = emails.iter().find(|email| email.is_primary);
    // The old address must not approve anything any more.
    tx.kill_verifications(new.user_id, now)?;
    tx.make_primary(new, now)?;
    if let Some(old) = old {
        tx.delete_email(old.id)?;
    }
    // The old mailbox may hold links.
    tx.kill_resets(new.user_id, now)
}
