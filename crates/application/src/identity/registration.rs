//! Self-registration that does not reveal which addresses have accounts (no user enumeration).

use std::sync::Arc;

use abu_domain::{
    UserId, Violation,
    access::APPLICANT_GROUP,
    platform::text::{EmailAddress, require_free_name},
};
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

/// Retention of accounts whose address was never proved.
pub const UNVERIFIED_KEPT_FOR: TimeDelta = TimeDelta::days(90);

/// Expired accounts that one registration deletes.
const SWEPT_AT_ONCE: u32 = 20;

#[derive(Clone)]
pub struct Registration {
    pub context: Context,
    pub passwords: PasswordWork,
    pub links: Arc<dyn LinkTokens>,
    /// Lifetime of the link that proves the address.
    pub verification_lifetime: TimeDelta,
}

#[derive(Clone, Debug)]
pub struct RegistrationDraft {
    pub user: UserDraft,
    pub consents: Consents,
}

/// Does not say that the address has an account: that would reveal accounts.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The names make a reserved full name.
    #[error("the name {0}")]
    Name(Violation),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registration {
    /// Creates an account in the applicant group and mails a link that proves its address.
    ///
    /// Replaces an unproved account with the same address. Either password could then be a
    /// stranger's, so the new account has none. The proof of the address leads to a mail with a
    /// link to choose one.
    ///
    /// If the address belongs to an account, only its owner gets a mail about it. The client sees
    /// no difference: both cases hash a password and commit one transaction with one mail.
    pub async fn register(
        &self,
        draft: RegistrationDraft,
        origin: Origin,
    ) -> Result<(), RegistrationError> {
        let RegistrationDraft { user, consents } = draft;
        require_free_name(&user.firstname, user.middlename.as_ref(), &user.lastname)
            .map_err(RegistrationError::Name)?;
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
                // Lock order: the address before accounts.
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
