//! Self-registration that does not reveal which addresses have accounts (no user enumeration).

use std::{sync::Arc, time::Duration};

use abu_domain::{
    UserId,
    access::APPLICANT_GROUP,
    identity::text::PhoneNumber,
    platform::{
        network::Network,
        text::{EmailAddress, PersonName},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use crate::{
    Context,
    identity::{
        emails::{begin_proof, take_address},
        passwords::NO_PASSWORD,
        ports::{Consents, LinkTokens, NewUser},
    },
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        mail::{self, MailContent},
        ports::StoreError,
        rate_limits::{Guard, LimitedError, Subject},
    },
    store::Writes,
};

/// Retention of accounts whose address was never proved.
pub const UNVERIFIED_KEPT_FOR: TimeDelta = TimeDelta::days(90);

/// Expired accounts that one registration deletes.
const SWEPT_AT_ONCE: u32 = 20;

/// The least duration of a registration. The statements for a free and a taken address differ by
/// milliseconds, which it hides.
pub const LEAST_DURATION: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub struct Registration {
    pub context: Context,
    pub links: Arc<dyn LinkTokens>,
    /// Lifetime of the link that proves the address.
    pub verification_lifetime: TimeDelta,
}

/// A registration has no password: the reader of the mailed link chooses it, so a stranger cannot
/// prepare an account for another person's address.
#[derive(Clone, Debug)]
pub struct RegistrationDraft {
    /// The primary address, which is also the log-in name.
    pub email: EmailAddress,
    pub firstname: PersonName,
    pub middlename: Option<PersonName>,
    pub lastname: PersonName,
    pub phone: Option<PhoneNumber>,
    pub consents: Consents,
}

impl Registration {
    /// Creates an account in the applicant group and mails a link that proves its address and sets
    /// its password. Replaces an unfinished registration of the same address.
    ///
    /// If the address belongs to an account, only its owner gets a mail about it. The client sees
    /// no difference: both cases commit one transaction with one mail, and take
    /// [`LEAST_DURATION`].
    pub async fn register(
        &self,
        draft: RegistrationDraft,
        origin: Origin,
    ) -> Result<(), LimitedError> {
        let (stored, ()) = tokio::join!(self.store(draft, origin), sleep(LEAST_DURATION));
        stored
    }

    async fn store(&self, draft: RegistrationDraft, origin: Origin) -> Result<(), LimitedError> {
        let RegistrationDraft {
            email,
            firstname,
            middlename,
            lastname,
            phone,
            consents,
        } = draft;
        let network = origin.network();
        let now = self.context.clock.now();
        let new = NewUser {
            id: UserId::new(self.context.ids.random()),
            email,
            password_hash: NO_PASSWORD.to_owned(),
            firstname,
            middlename,
            lastname,
            phone,
            is_superuser: false,
            email_verified_at: None,
            email_awaits_proof: false,
            created_at: now,
        };
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                this.count(tx, network, now)?;
                // Lock order: the address before its bucket and before accounts.
                tx.lock_address(&new.email)?;
                // Without a mail the newest link must stay valid.
                let limits = &this.context.limits;
                let is_allowed = match tx.address_owner(&new.email, now)? {
                    Some(_owner) => limits.allow_notice(tx, &new.email, now)?,
                    None => limits.allow_mail(tx, &new.email, now)?,
                };
                if !is_allowed {
                    return Ok(());
                }
                let swept = tx.sweep_unverified(now - UNVERIFIED_KEPT_FOR, SWEPT_AT_ONCE)?;
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

    fn count(
        &self,
        tx: &mut dyn Writes,
        network: Option<Network>,
        now: DateTime<Utc>,
    ) -> Result<(), LimitedError> {
        let limits = &self.context.limits;
        let Some(network) = network.map(Subject::Network) else {
            return Ok(());
        };
        limits.count_or_refuse(tx, limits.bucket(Guard::Register, &[network]), now)
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
            begin_proof(tx, links, verification_id, email.id, None, lifetime, now)?;
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
