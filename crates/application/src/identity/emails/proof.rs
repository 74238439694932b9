//! Proof of control over an address by a mailed link.

use super::*;
use crate::{
    identity::passwords::{self, NO_PASSWORD},
    platform::{
        Origin,
        audit::{Actor, Entry},
        detached::detach,
        rate_limits::LimitedError,
    },
};

impl Emails {
    /// Marks the token's address as proved and deletes an account that was registered with it
    /// without proof. True if the account has no password; a mail then links to the choice of one.
    pub async fn verify(&self, token: &str, origin: Origin) -> Result<bool, LinkError> {
        let hash = token_hash(token)?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let verification = lock_live(tx, &hash, now)?;
                let email = verification.email;
                if verification.makes_primary {
                    return Err(LinkError::Gone);
                }
                if !take_address(tx, &email.email, Some(email.user_id), now)? {
                    return Err(LinkError::Gone);
                }
                tx.mark_verified(email.id, now)?;
                tx.kill_verifications_of(email.id, now)?;
                let user = tx.user(email.user_id)?.ok_or(LinkError::Gone)?;
                let needs_password =
                    email.is_primary && tx.password_hash(user.id)?.as_deref() == Some(NO_PASSWORD);
                if !email.is_primary {
                    this.tell_of_further(tx, &user, &email, now)?;
                } else if needs_password {
                    this.let_choose_password(tx, &user, now)?;
                }
                Entry::new(Actor::Anonymous, Action::EmailVerify)
                    .from(&origin)
                    .on(Target::user(user.id))
                    .write(tx, entry_id, now)?;
                Ok(needs_password)
            })
            .await
    }

    fn tell_of_further(
        &self,
        tx: &mut dyn Writes,
        user: &User,
        email: &UserEmail,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let content = MailContent::EmailAdded {
            firstname: user.firstname.clone(),
            new_address_masked: email.email.masked(),
        };
        mail::enqueue(tx, &*self.context.ids, now, &user.email, content)?;
        Ok(())
    }

    fn let_choose_password(
        &self,
        tx: &mut dyn Writes,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (ids, lifetime) = (&*self.context.ids, self.reset_lifetime);
        let reset_id = passwords::begin_reset(tx, ids, &*self.links, user.id, lifetime, now)?;
        let content = MailContent::ChoosePassword {
            reset_id,
            firstname: user.firstname.clone(),
        };
        mail::enqueue(tx, ids, now, &user.email, content)?;
        Ok(())
    }

    /// Mails another proof link if the address has an unproved registration. The response does not
    /// say whether it has. The mail is sent after the response, so the time does not reveal it
    /// either.
    pub async fn resend(&self, email: EmailAddress, origin: Origin) -> Result<(), LimitedError> {
        let (asked, network) = (email.clone(), origin.network());
        let (limits, now) = (Arc::clone(&self.context.limits), self.context.clock.now());
        let registered = self
            .context
            .database
            .transaction::<_, LimitedError>(move |tx| {
                limits.count_recovery::<LimitedError>(tx, network, &asked, now)?;
                Ok(tx.unverified_account(&asked)?)
            })
            .await?;
        if registered.is_some() {
            let this = self.clone();
            detach("sending another link to prove an address", async move {
                this.send_again(email).await
            });
        }
        Ok(())
    }

    async fn send_again(&self, email: EmailAddress) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                tx.lock_address(&email)?;
                let Some(id) = tx.unverified_account(&email)? else {
                    return Ok(());
                };
                let primary = tx.emails_of(id)?.into_iter().find(|known| known.is_primary);
                let (Some(user), Some(primary)) = (tx.user(id)?, primary) else {
                    return Ok(());
                };
                // Without a mail the newest link must stay valid.
                if !this.context.limits.allow_mail(tx, &email, now)? {
                    return Ok(());
                }
                let content = MailContent::VerifyEmail {
                    verification_id: this.verification(tx, primary.id, false, now)?,
                    firstname: user.firstname,
                };
                mail::enqueue(tx, &*this.context.ids, now, &email, content)?;
                Ok(())
            })
            .await
    }
}

/// Stores a proof of the address under `id` and invalidates earlier ones.
pub(crate) fn begin_proof(
    tx: &mut dyn Writes,
    links: &dyn LinkTokens,
    id: uuid::Uuid,
    email: EmailId,
    makes_primary: bool,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let purpose = match makes_primary {
        true => LinkPurpose::ConfirmEmailChange,
        false => LinkPurpose::VerifyEmail,
    };
    tx.insert_verification(&NewVerification {
        id,
        email_id: email,
        token_hash: Sha256::digest(links.token(purpose, id)).into(),
        makes_primary,
        created_at: now,
        expires_at: now + lifetime,
    })
}

pub(super) fn token_hash(text: &str) -> Result<TokenHash, LinkError> {
    let token = token_from_text(text).ok_or(LinkError::Gone)?;
    Ok(Sha256::digest(token).into())
}

/// The valid proof of the token, with its address and account locked.
pub(super) fn lock_live(
    tx: &mut dyn Writes,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Verification, LinkError> {
    let found = live(tx, hash, now)?;
    tx.lock_address(&found.email.email)?;
    tx.lock_account(found.email.user_id)?;
    // Reads again: another request may have used it during the wait for the locks.
    live(tx, hash, now)
}

fn live(
    tx: &mut dyn Reads,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Verification, LinkError> {
    tx.verification(hash)?
        .filter(|found| found.used_at.is_none() && found.expires_at > now)
        .ok_or(LinkError::Gone)
}
