//! Passwords: judging and comparing them, changing one, and getting another where it is forgotten.

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
    },
    store::{Reads, Writes},
};

pub use work::{ConfirmError, Confirmed, NewPasswordError, PasswordWork};

/// What stands in an account's row where no password opens it: the hash of none.
pub const NO_PASSWORD: &str = "!";

/// The use cases of passwords.
#[derive(Clone)]
pub struct Passwords {
    pub context: Context,
    /// Who judges, hashes and compares.
    pub work: PasswordWork,
    /// The secrets of links in mails.
    pub links: Arc<dyn LinkTokens>,
    /// For how long the link to another password is good.
    pub reset_lifetime: TimeDelta,
}

/// Why a password was not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link is unknown, used, replaced or too old: which, is not told.
    #[error("the link is not good")]
    Gone,
    /// The new one is not accepted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// It is somebody else's.
    #[error("only its owner changes a password")]
    NotYours,
    /// The caller did not prove who they are.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The new one is not accepted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the staff had no link to another password sent.
#[derive(Debug, thiserror::Error)]
pub enum SendResetError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account is suspended, so no password would open it.
    #[error("the account is suspended")]
    Suspended,
    /// Nobody proved that they read its address: whoever does need not be the owner.
    #[error("the address is not verified")]
    Unverified,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for ChangePasswordError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

impl Passwords {
    /// Sends a link to another password, if the address is a proved one of an account that is not
    /// suspended. Nobody is told whether it is: what is done for an account alone is done once the
    /// answer is given, so that the time does not tell either.
    pub async fn forgot(&self, email: EmailAddress, origin: Origin) -> Result<(), StoreError> {
        let asked = email.clone();
        let reader = self
            .context
            .database
            .read::<_, StoreError>(move |tx| proved_reader(tx, &asked))
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
                // Once more: while we waited for the lock the address may have been taken from it.
                if proved_reader(tx, &email)? != Some(id) {
                    return Ok(());
                }
                let Some(user) = tx.user(id)? else {
                    return Ok(());
                };
                this.mail_reset(tx, user, &email, now)?;
                Entry::new(Actor::Anonymous, Action::PasswordForgotten)
                    .from(&origin)
                    .on(Target::user(id))
                    .write(tx, entry_id, now)
            })
            .await
    }

    /// Sends the owner of an account a link to another password; takes `can_modify_user` and rank over
    /// its owner.
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

    /// Gives the account that the link is about another password. Every session of it ends, and every
    /// other link that was sent for it dies.
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
        let password_hash = self.work.accept(password, personal_words(&user)).await?;
        let ids = Arc::clone(&self.context.ids);
        ending_sessions(
            &self.context.database,
            &self.context.live_sessions,
            move |tx| {
                tx.lock_account(user.id)?;
                // Once more: hashing takes a while, and another may have come first.
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
                Entry::new(Actor::Anonymous, Action::PasswordReset)
                    .from(&origin)
                    .on(Target::user(user.id))
                    .write(tx, entry_id, now)?;
                Ok(((), ended))
            },
        )
        .await
    }

    /// Gives the caller, who must be `whose`, another password. Their other sessions end, and every
    /// link that was sent for the account dies.
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
        let confirmed = self
            .work
            .confirm(&self.context.database, caller, current)
            .await?;
        let personal = personal_words(&confirmed.user);
        let password_hash = self.work.accept(new, personal).await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let ids = Arc::clone(&self.context.ids);
        ending_sessions(
            &self.context.database,
            &self.context.live_sessions,
            move |tx| {
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
            },
        )
        .await
    }

    /// Whether there is such an account, is not told.
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

/// What is known of somebody when they choose a password.
pub(crate) fn personal_words(user: &User) -> PersonalWords {
    let middlename = user.middlename.as_ref();
    let names = [&user.firstname, &user.lastname];
    PersonalWords::of(&user.email, names.into_iter().chain(middlename))
}

/// Adds a request for another password of the account, and returns its id, for the mail about it.
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

/// Kills every link that was sent for the account and is still good: whoever had them sent may not be
/// its owner.
pub(crate) fn kill_links(
    tx: &mut dyn Writes,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.kill_resets(user, now)?;
    tx.kill_verifications(user, now)
}

/// Whose proved address it is, where the account is not suspended.
fn proved_reader(tx: &mut dyn Reads, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
    let found = tx.credentials(email)?;
    let reads = found.filter(|account| account.is_active && account.email_verified);
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

/// Gives the account another password, kills the links that were sent for it, and tells its owner.
pub(crate) fn replace_password(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    user: &User,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.set_password_hash(user.id, password_hash, now)?;
    kill_links(tx, user.id, now)?;
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
