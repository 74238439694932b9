//! Proof of control over an address by a mailed link.

use abu_domain::{identity::text::NewPassword, platform::text::DeviceName};
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::{
    identity::{
        passwords::{NewPasswordError, personal_words},
        sessions::{LogIn, LogInError},
    },
    platform::{
        Origin,
        audit::{Actor, Entry},
        detached::detach,
        rate_limits::LimitedError,
    },
};

#[derive(Clone, Debug)]
pub struct ProofDraft {
    /// The token of the link.
    pub token: SecretString,
    /// Required if the link completes a registration; other links ignore it and the next field.
    pub password: Option<NewPassword>,
    /// The name that the client gives the device.
    pub device_name: Option<DeviceName>,
}

/// The effect of a link.
#[derive(Debug)]
pub enum Proof {
    /// The address is proved.
    Address,
    /// The registration is complete, and its owner is logged in.
    Registration(Box<LogIn>),
}

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the link completes a registration, which needs a password")]
    PasswordRequired,
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error(transparent)]
    LogIn(#[from] LogInError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Emails {
    /// Marks the token's address as proved. A registration is complete with it: its password is set
    /// and its owner logged in. An error leaves the link valid.
    pub async fn verify(&self, draft: ProofDraft, origin: Origin) -> Result<Proof, ProofError> {
        let hash = token_hash(draft.token.expose_secret())?;
        let now = self.context.clock.now();
        let registered = self
            .context
            .database
            .read::<_, LinkError>(move |tx| {
                let email = live(tx, &hash, now)?.email;
                match is_registration(&email) {
                    true => Ok(Some(tx.user(email.user_id)?.ok_or(LinkError::Gone)?)),
                    false => Ok(None),
                }
            })
            .await?;
        match registered {
            Some(user) => {
                let log_in = self.complete(hash, &user, draft, origin).await?;
                Ok(Proof::Registration(Box::new(log_in)))
            }
            None => {
                self.prove(hash, origin).await?;
                Ok(Proof::Address)
            }
        }
    }

    /// Sets the password that the link's reader chose, whatever the registration stored, and logs
    /// in, in one transaction.
    async fn complete(
        &self,
        hash: TokenHash,
        user: &User,
        draft: ProofDraft,
        origin: Origin,
    ) -> Result<LogIn, ProofError> {
        let password = draft.password.ok_or(ProofError::PasswordRequired)?;
        let personal = personal_words(user);
        let network = origin.network();
        let accepted = self.passwords.accept(network, password, personal);
        let password_hash = accepted.await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let (stored_hash, proving) = (password_hash.clone(), origin.clone());
        let set_password = move |tx: &mut dyn Writes| {
            let email = lock_live(tx, &hash, now)?.email;
            if !is_registration(&email)
                || !take_address(tx, &email.email, Some(email.user_id), now)?
            {
                return Err(LinkError::Gone.into());
            }
            tx.set_password_hash(email.user_id, &stored_hash, now)?;
            tx.mark_verified(email.id, now)?;
            tx.kill_verifications_of(email.id, now)?;
            let entry = anonymous_entry(&proving, Action::EmailVerify, email.user_id);
            entry.write(tx, entry_id, now)?;
            Ok::<_, ProofError>(())
        };
        self.sessions
            .log_in_after(
                set_password,
                user.id,
                password_hash,
                draft.device_name,
                origin,
            )
            .await
    }

    async fn prove(&self, hash: TokenHash, origin: Origin) -> Result<(), LinkError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let opened = lock_live(tx, &hash, now)?;
                let is_approval = opened.link == ProofLink::Approval;
                if is_registration(&opened.email) || opened.makes_primary && !is_approval {
                    return Err(LinkError::Gone);
                }
                let user = opened.email.user_id;
                let counts = this.open(tx, &opened, now)?;
                let action = match is_approval {
                    true => Action::EmailApprove,
                    false => Action::EmailVerify,
                };
                anonymous_entry(&origin, action, user).write(tx, entry_id, now)?;
                if counts && opened.makes_primary {
                    let entry = anonymous_entry(&origin, Action::EmailChange, user);
                    entry.write(tx, this.context.ids.time_ordered(), now)?;
                }
                Ok(())
            })
            .await
    }

    /// Records that the link was opened. A further or new address counts once its own link and that
    /// to the primary address both were; then this is true.
    pub(super) fn open(
        &self,
        tx: &mut dyn Writes,
        opened: &Verification,
        now: DateTime<Utc>,
    ) -> Result<bool, LinkError> {
        let email = &opened.email;
        let other = match opened.link {
            ProofLink::Own => opened.approved_at,
            ProofLink::Approval => opened.opened_at,
        };
        if !email.is_primary && other.is_none() {
            let is_own = opened.link == ProofLink::Own;
            if is_own && foreign_owner(tx, &email.email, email.user_id, now)?.is_some() {
                return Err(LinkError::Gone);
            }
            tx.mark_opened(opened.id, opened.link, now)?;
            return Ok(false);
        }
        if !take_address(tx, &email.email, Some(email.user_id), now)? {
            return Err(LinkError::Gone);
        }
        if opened.makes_primary {
            self.make_primary(tx, email, now)?;
            return Ok(true);
        }
        tx.mark_verified(email.id, now)?;
        tx.kill_verifications_of(email.id, now)?;
        if !email.is_primary {
            self.tell_of_further(tx, email, now)?;
        }
        Ok(true)
    }

    fn tell_of_further(
        &self,
        tx: &mut dyn Writes,
        email: &UserEmail,
        now: DateTime<Utc>,
    ) -> Result<(), LinkError> {
        let user = tx.user(email.user_id)?.ok_or(LinkError::Gone)?;
        let content = MailContent::EmailAdded {
            firstname: user.firstname,
            new_address_masked: email.email.masked(),
        };
        mail::enqueue(tx, &*self.context.ids, now, &user.email, content)?;
        Ok(())
    }

    /// Mails another link if the address waits for its owner's proof: of a registration, or of an
    /// account that an administrator created. The response does not say whether it does. The mail
    /// is sent after the response, so the time does not reveal it either.
    pub async fn resend(&self, email: EmailAddress, origin: Origin) -> Result<(), LimitedError> {
        let (asked, network) = (email.clone(), origin.network());
        let (limits, now) = (Arc::clone(&self.context.limits), self.context.clock.now());
        let waiting = self
            .context
            .database
            .transaction::<_, LimitedError>(move |tx| {
                limits.count_recovery::<LimitedError>(tx, network, &asked, now)?;
                Ok(tx.unproved_account(&asked)?)
            })
            .await?;
        if waiting.is_some() {
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
                let Some(id) = tx.unproved_account(&email)? else {
                    return Ok(());
                };
                tx.lock_account(id)?;
                let primary = tx.emails_of(id)?.into_iter().find(|known| known.is_primary);
                let (Some(user), Some(primary)) = (tx.user(id)?, primary) else {
                    return Ok(());
                };
                if !user.is_active {
                    return Ok(());
                }
                // Without a mail the newest link must stay valid.
                if !this.context.limits.allow_mail(tx, &email, now)? {
                    return Ok(());
                }
                let verification_id = this.verification(tx, primary.id, None, now)?;
                let firstname = user.firstname;
                let content = match is_registration(&primary) {
                    true => MailContent::VerifyEmail {
                        verification_id,
                        firstname,
                    },
                    false => MailContent::ConfirmAccountEmail {
                        verification_id,
                        firstname,
                    },
                };
                mail::enqueue(tx, &*this.context.ids, now, &email, content)?;
                Ok(())
            })
            .await
    }
}

/// Whether the address is that of an unfinished registration.
fn is_registration(email: &UserEmail) -> bool {
    email.is_primary && email.verified_at.is_none()
}

fn anonymous_entry(origin: &Origin, action: Action, user: UserId) -> Entry {
    Entry::new(Actor::Anonymous, action)
        .from(origin)
        .on(Target::user(user))
}

/// Stores a proof of the address under `id` and invalidates earlier ones. Without a claim, the
/// address is the primary one already.
pub(crate) fn begin_proof(
    tx: &mut dyn Writes,
    links: &dyn LinkTokens,
    id: uuid::Uuid,
    email: EmailId,
    claim: Option<Wish>,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let makes_primary = claim == Some(Wish::Primary);
    let purpose = match makes_primary {
        true => LinkPurpose::ConfirmEmailChange,
        false => LinkPurpose::VerifyEmail,
    };
    let hash = |purpose| Sha256::digest(links.token(purpose, id)).into();
    tx.insert_verification(&NewVerification {
        id,
        email_id: email,
        token_hash: hash(purpose),
        approval_hash: claim.map(|_| hash(LinkPurpose::ApproveEmail)),
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

/// An earlier release sent no link to the primary address, so none of its claims can count.
fn live(
    tx: &mut dyn Reads,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Verification, LinkError> {
    let found = tx.verification(hash)?.ok_or(LinkError::Gone)?;
    let opened_at = match found.link {
        ProofLink::Own => found.opened_at,
        ProofLink::Approval => found.approved_at,
    };
    let is_live = found.used_at.is_none() && found.expires_at > now && opened_at.is_none();
    match is_live && (found.email.is_primary || found.has_approval) {
        true => Ok(found),
        false => Err(LinkError::Gone),
    }
}
