//! Making an account for oneself.

use std::sync::Arc;

use abu_domain::{UserId, access::APPLICANT_GROUP, platform::text::EmailAddress};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Context,
    identity::{
        accounts::UserDraft,
        emails::{begin_proof, take_address},
        passwords::{NO_PASSWORD, NewPasswordError, PasswordWork},
        ports::{Consents, LinkTokens, NewUser},
    },
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        mail::{self, MailContent},
        ports::StoreError,
    },
    store::Writes,
};

/// For how long an account is kept of which nobody proved that they read its address.
pub const UNVERIFIED_KEPT_FOR: TimeDelta = TimeDelta::days(90);

/// How many of those that are older one registration sweeps out.
const SWEPT_AT_ONCE: u32 = 20;

/// The use case of registering.
#[derive(Clone)]
pub struct Registration {
    pub context: Context,
    /// Who judges and hashes passwords.
    pub passwords: PasswordWork,
    /// The secrets of links in mails.
    pub links: Arc<dyn LinkTokens>,
    /// For how long the link that proves an address is good.
    pub verification_lifetime: TimeDelta,
}

/// What somebody registers with.
#[derive(Clone, Debug)]
pub struct RegistrationDraft {
    /// The account.
    pub user: UserDraft,
    /// What they agreed to.
    pub consents: Consents,
}

/// Why nobody was registered. That the address has an account is no reason.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registration {
    /// Makes an account in the group of applicants, and sends a link that proves its address.
    ///
    /// An account that was registered with the address and never proved it gives way. Which of the two
    /// passwords is its reader's nobody knows then, so it gets neither, and who proves the address is
    /// sent a link to choose one. Where the address belongs to an account, nothing is made, and its owner
    /// is told. Whoever asks sees no difference: either way a password is hashed and one transaction
    /// committed, with one mail in it.
    pub async fn register(
        &self,
        draft: RegistrationDraft,
        origin: Origin,
    ) -> Result<(), RegistrationError> {
        let RegistrationDraft { user, consents } = draft;
        let personal = user.personal_words();
        let password_hash = self.passwords.accept(user.password, personal).await?;
        let now = self.context.clock.now();
        let mut new = NewUser {
            id: UserId::new(self.context.ids.random()),
            email: user.email,
            password_hash,
            firstname: user.firstname,
            middlename: user.middlename,
            lastname: user.lastname,
            phone: user.phone,
            is_superuser: false,
            email_verified_at: None,
            created_at: now,
        };
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                // In this order, as everybody: the address, then accounts.
                tx.lock_address(&new.email)?;
                let swept = tx.sweep_unverified(now - UNVERIFIED_KEPT_FOR, SWEPT_AT_ONCE)?;
                if tx.unverified_account(&new.email)?.is_some() {
                    new.password_hash = NO_PASSWORD.to_owned();
                }
                let entry = match take_address(tx, &new.email, None, now)? {
                    true => this.make(tx, &new, &consents)?,
                    false => this.tell_owner(tx, &new.email, now)?,
                };
                if swept > 0 {
                    Entry::new(Actor::System, Action::AccountExpire)
                        .with("accounts", swept.to_string())
                        .write(tx, this.context.ids.time_ordered(), now)?;
                }
                entry
                    .from(&origin)
                    .write(tx, this.context.ids.time_ordered(), now)?;
                Ok(())
            })
            .await
    }

    fn make(
        &self,
        tx: &mut dyn Writes,
        new: &NewUser,
        consents: &Consents,
    ) -> Result<Entry, StoreError> {
        let now = new.created_at;
        tx.insert_user(new)?;
        tx.add_to_group(new.id, APPLICANT_GROUP)?;
        tx.insert_consents(new.id, consents, "registration", now)?;
        let verification_id = self.context.ids.random();
        for email in tx.emails_of(new.id)? {
            let (links, lifetime) = (&*self.links, self.verification_lifetime);
            begin_proof(tx, links, verification_id, email.id, false, lifetime, now)?;
        }
        let content = MailContent::VerifyEmail {
            verification_id,
            firstname: new.firstname.clone(),
        };
        mail::enqueue(tx, &*self.context.ids, now, &new.email, content)?;
        Ok(Entry::new(Actor::Anonymous, Action::AccountRegister).on(Target::user(new.id)))
    }

    fn tell_owner(
        &self,
        tx: &mut dyn Writes,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Entry, StoreError> {
        let entry = Entry::new(Actor::Anonymous, Action::AccountRegisterAgain);
        let owner = tx.address_owner(email, now)?;
        let Some(owner) = owner.map(|id| tx.user(id)).transpose()?.flatten() else {
            return Ok(entry);
        };
        let target = Target::user(owner.id);
        let content = MailContent::AccountExists {
            firstname: owner.firstname,
        };
        mail::enqueue(tx, &*self.context.ids, now, email, content)?;
        Ok(entry.on(target))
    }
}
