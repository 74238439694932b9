//! Passwords: change, reset by a mailed link, and reset by an administrator.

mod queue;
mod work;

use std::sync::Arc;

use abu_domain::{
    UserId,
    access::Permission,
    identity::{
        text::{LoginPassword, NewPassword, PersonalWords},
        user::User,
    },
    platform::text::EmailAddress,
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Context,
    access::{self, AccessError, Authority, Caller},
    identity::{
        ports::{
            EndReason, LinkPurpose, LinkTokens, NewReset, PasswordReset, TokenHash, WhichSessions,
        },
        sessions::{EndedSessions, ending_sessions},
    },
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        detached::detach,
        mail::{self, MailContent},
        ports::{Ids, StoreError},
        rate_limits::{Guard, LimitedError, Subject},
    },
    store::{Reads, Writes},
};

pub use queue::{HashingQueue, Turn};
pub use work::{ConfirmError, Confirmed, NewPasswordError, PasswordWork};

/// Stored in place of a hash in accounts that no password opens.
pub const NO_PASSWORD: &str = "!";

#[derive(Clone)]
pub struct Passwords {
    pub context: Context,
    pub work: PasswordWork,
    pub links: Arc<dyn LinkTokens>,
    /// Lifetime of the link that resets a password.
    pub reset_lifetime: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Unknown, used, replaced or expired. The error does not say which.
    #[error("the link is not good")]
    Gone,
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The account is not the caller's.
    #[error("only its owner changes a password")]
    NotYours,
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, thiserror::Error)]
pub enum SendResetError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such account")]
    NotFound,
    /// A suspended account cannot log in with any password.
    #[error("the account is suspended")]
    Suspended,
    /// The owner has not proved control of the address, so its reader may be another person.
    #[error("the address is not verified")]
    Unverified,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for ChangePasswordError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

impl Passwords {
    /// Mails a reset link if the address is a verified one of an active account. The response does
    /// not say whether it is. The mail is sent after the response, so the time does not reveal it
    /// either.
    pub async fn forgot(&self, email: EmailAddress, origin: Origin) -> Result<(), LimitedError> {
        let (asked, network) = (email.clone(), origin.network());
        let (limits, now) = (Arc::clone(&self.context.limits), self.context.clock.now());
        let reader = self
            .context
            .database
            .transaction::<_, LimitedError>(move |tx| {
                limits.count_recovery::<LimitedError>(tx, network, &asked, now)?;
                Ok(proved_reader(tx, &asked)?)
            })
            .await?;
        if reader.is_some() {
            let this = self.clone();
            detach("sending a link to another password", async move {
                this.send_reset(email, origin).await
            });
        }
        Ok(())
    }

    async fn send_reset(&self, email: EmailAddress, origin: Origin) -> Result<(), StoreError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let Some(id) = proved_reader(tx, &email)? else {
                    return Ok(());
                };
                tx.lock_account(id)?;
                // Reads again: the account may have lost the address during the wait for the lock.
                if proved_reader(tx, &email)? != Some(id) {
                    return Ok(());
                }
                let Some(user) = tx.user(id)? else {
                    return Ok(());
                };
                // Without a mail the newest link must stay valid.
                if !this.context.limits.allow_mail(tx, &email, now)? {
                    return Ok(());
                }
                this.mail_reset(tx, user, &email, now)?;
                Entry::new(Actor::Anonymous, Action::PasswordForgotten)
                    .from(&origin)
                    .on(Target::user(id))
                    .write(tx, entry_id, now)
            })
            .await
    }

    /// Mails the owner of an account a reset link; takes `can_modify_user` and rank over the owner.
    pub async fn send_reset_to(&self, caller: Caller, id: UserId) -> Result<(), SendResetError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction(move |tx| {
                let actor = access::require(tx, &caller, Permission::ModifyUser)?;
                tx.lock_account(id)?;
                let user = tx.user(id)?.ok_or(SendResetError::NotFound)?;
                access::require_rank(tx, &caller, &actor, id)?;
                if !user.is_active {
                    return Err(SendResetError::Suspended);
                }
                if proved_reader(tx, &user.email)? != Some(id) {
                    return Err(SendResetError::Unverified);
                }
                let email = user.email.clone();
                this.mail_reset(tx, user, &email, now)?;
                caller
                    .entry(Action::UserSendReset)
                    .on(Target::user(id))
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    fn mail_reset(
        &self,
        tx: &mut dyn Writes,
        user: User,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (ids, lifetime) = (&*self.context.ids, self.reset_lifetime);
        let reset_id = begin_reset(tx, ids, &*self.links, user.id, lifetime, now)?;
        let content = MailContent::ResetPassword {
            reset_id,
            firstname: user.firstname,
        };
        mail::enqueue(tx, ids, now, email, content)?;
        Ok(())
    }

    /// Sets the password of the link's account. Ends all its sessions and invalidates its other
    /// links.
    pub async fn reset(
        &self,
        link: Uuid,
        password: NewPassword,
        origin: Origin,
    ) -> Result<(), ResetError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let hash = reset_hash(link);
        let user = self
            .context
            .database
            .read::<_, ResetError>(move |tx| {
                let reset = live_reset(tx, &hash, now)?;
                tx.user(reset.user_id)?.ok_or(ResetError::Gone)
            })
            .await?;
        let password_hash = self
            .work
            .accept(origin.network(), password, personal_words(&user))
            .await?;
        let ids = Arc::clone(&self.context.ids);
        let limits = Arc::clone(&self.context.limits);
        ending_sessions(&self.context, move |tx| {
            tx.lock_account(user.id)?;
            // Checks again: another request may have used the link during the hashing.
            live_reset(tx, &hash, now)?;
            let user = tx.user(user.id)?.ok_or(ResetError::Gone)?;
            replace_password(tx, &*ids, &user, &password_hash, now)?;
            let ended = end(
                tx,
                user.id,
                WhichSessions::All,
                EndReason::PasswordReset,
                now,
            )?;
            // The owner proved control of the mailbox: failed logins of others count no longer.
            let owner = Subject::User(user.id);
            limits.fill(tx, limits.bucket(Guard::LogInElsewhere, &[owner]))?;
            if let Some(here) = origin.network().map(Subject::Network) {
                limits.fill(tx, limits.bucket(Guard::LogInAccount, &[owner, here]))?;
            }
            Entry::new(Actor::Anonymous, Action::PasswordReset)
                .from(&origin)
                .on(Target::user(user.id))
                .write(tx, entry_id, now)?;
            Ok(((), ended))
        })
        .await
    }

    /// Changes the password of the caller, who must be `whose`. Ends their other sessions and
    /// invalidates the account's links.
    pub async fn change(
        &self,
        caller: Caller,
        whose: UserId,
        current: LoginPassword,
        new: NewPassword,
    ) -> Result<(), ChangePasswordError> {
        if whose != caller.user {
            return self.refuse_for_another(caller).await;
        }
        let network = caller.origin.network();
        let confirmed = self.work.confirm(&self.context, caller, current).await?;
        let personal = personal_words(&confirmed.user);
        let password_hash = self.work.accept(network, new, personal).await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = Arc::clone(&self.context.ids);
        ending_sessions(&self.context, move |tx| {
            let user = confirmed.lock(tx)?;
            let caller = &confirmed.caller;
            replace_password(tx, &*ids, &user, &password_hash, now)?;
            let others = WhichSessions::AllBut(caller.session);
            let ended = end(tx, user.id, others, EndReason::PasswordChanged, now)?;
            caller
                .entry(Action::PasswordChange)
                .on(Target::user(user.id))
                .write(tx, entry_id, now)?;
            Ok(((), ended))
        })
        .await
    }

    /// Does not reveal whether the other account exists.
    async fn refuse_for_another(&self, caller: Caller) -> Result<(), ChangePasswordError> {
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                Err(ChangePasswordError::NotYours)
            })
            .await
    }
}

/// The personal words that the user's password must not contain.
pub(crate) fn personal_words(user: &User) -> PersonalWords {
    let middlename = user.middlename.as_ref();
    let names = [&user.firstname, &user.lastname];
    PersonalWords::of(&user.email, names.into_iter().chain(middlename))
}

/// Stores a reset of the account's password and returns its id for the mail.
pub(crate) fn begin_reset(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    links: &dyn LinkTokens,
    user: UserId,
    lifetime: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let id = ids.random();
    let link = links.uuid(LinkPurpose::ResetPassword, id);
    tx.insert_reset(&NewReset {
        id,
        user_id: user,
        token_hash: reset_hash(link),
        created_at: now,
        expires_at: now + lifetime,
    })?;
    Ok(id)
}

/// Invalidates all links in mails of the account, and drops the additions and changes of addresses
/// that wait for them: a stranger may have requested them.
pub(crate) fn drop_pending(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.kill_resets(user, now)?;
    tx.delete_claims(user)?;
    tx.kill_verifications(user, now)
}

/// The active account that has proved the address.
fn proved_reader(tx: &mut dyn Reads, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
    let found = tx.credentials(email)?;
    let reads = found.filter(|account| {
        account.is_active && account.email_verified && !account.email_awaits_proof
    });
    Ok(reads.map(|account| account.user_id))
}

fn reset_hash(link: Uuid) -> TokenHash {
    Sha256::digest(link.as_bytes()).into()
}

fn live_reset(
    tx: &mut dyn Reads,
    hash: &TokenHash,
    now: DateTime<Utc>,
) -> Result<PasswordReset, ResetError> {
    tx.reset(hash)?
        .filter(|reset| reset.used_at.is_none() && reset.expires_at > now)
        .ok_or(ResetError::Gone)
}

/// Sets the password, invalidates the account's links, and mails the owner.
pub(crate) fn replace_password(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    user: &User,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.set_password_hash(user.id, password_hash, now)?;
    drop_pending(tx, user.id, now)?;
    let content = MailContent::PasswordChanged {
        firstname: user.firstname.clone(),
        at: now,
    };
    mail::enqueue(tx, ids, now, &user.email, content)?;
    Ok(())
}

fn end(
    tx: &mut dyn Writes,
    user: UserId,
    which: WhichSessions,
    because: EndReason,
    now: DateTime<Utc>,
) -> Result<EndedSessions, StoreError> {
    let sessions = tx.end_sessions(user, which, because, now)?;
    Ok(EndedSessions { user, sessions })
}
