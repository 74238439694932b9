use std::sync::Arc;

use abu_domain::{
    identity::{
        text::{LoginPassword, NewPassword, PersonalWords},
        user::User,
    },
    platform::network::Network,
};

use super::queue::{HashingQueue, Turn};
use crate::{
    Context,
    access::{self, AccessError, Caller},
    identity::ports::{PasswordHasher, PasswordMatch, PasswordPolicy, PasswordWeakness},
    platform::{
        blocking::BlockingError,
        ports::StoreError,
        rate_limits::{Guard, RateLimited, Subject},
    },
    store::Writes,
};

/// Password hashing in a queue of its own, so a burst of log-ins does not block the store's pool.
#[derive(Clone)]
pub struct PasswordWork {
    pub queue: HashingQueue,
    pub hasher: Arc<dyn PasswordHasher>,
    pub policy: Arc<dyn PasswordPolicy>,
}

#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    #[error("the password {0}")]
    Weak(#[from] PasswordWeakness),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the password could not be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Re-authentication of a logged-in user failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("the password is wrong")]
    WrongPassword,
    /// The session has sent too many wrong passwords.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller who has re-authenticated by password.
#[derive(Clone)]
pub struct Confirmed {
    pub caller: Caller,
    /// The account at that time.
    pub user: User,
    password_hash: String,
}

fn busy(error: BlockingError) -> StoreError {
    StoreError::Unavailable(error.into())
}

impl PasswordWork {
    /// Waits for the network's turn to hash. [`StoreError::Unavailable`] if that takes too long.
    pub async fn turn(&self, network: Option<Network>) -> Result<Turn, StoreError> {
        self.queue.turn(network).await.map_err(busy)
    }

    /// Judges the password against the policy and hashes it. One job does both, so the caller waits
    /// for the queue once.
    pub async fn accept(
        &self,
        network: Option<Network>,
        password: NewPassword,
        personal: PersonalWords,
    ) -> Result<String, NewPasswordError> {
        let (hasher, policy) = (Arc::clone(&self.hasher), Arc::clone(&self.policy));
        let turn = self.turn(network).await?;
        self.queue
            .run(&turn, move || {
                policy.judge(&password, &personal)?;
                hasher.hash(&password).map_err(NewPasswordError::Hashing)
            })
            .await
            .map_err(busy)?
    }

    /// Compares the password with the hash. `None` takes the same time and is a mismatch.
    /// [`StoreError::Unavailable`] if the queue is full.
    pub async fn matches(
        &self,
        turn: &Turn,
        password: LoginPassword,
        hash: Option<String>,
    ) -> Result<PasswordMatch, StoreError> {
        let hasher = Arc::clone(&self.hasher);
        self.queue
            .run(turn, move || hasher.verify(&password, hash.as_deref()))
            .await
            .map_err(busy)
    }

    /// A new hash of a password that matched an outdated one; `None` if it did not. A failure is
    /// logged only, because the old hash still works.
    pub async fn better_hash(
        &self,
        turn: &Turn,
        password: LoginPassword,
        matched: PasswordMatch,
    ) -> Option<String> {
        if matched != PasswordMatch::Outdated {
            return None;
        }
        let hasher = Arc::clone(&self.hasher);
        let better = self.queue.run(turn, move || hasher.rehash(&password));
        let better = better.await.ok()?;
        better
            .inspect_err(|error| log::error!("a password could not be hashed again: {error}"))
            .ok()
    }

    /// Re-authenticates the caller by password, so that a stolen session cannot change credentials.
    /// All use cases of logged-in users check passwords here. Wrong ones count for the session, so a
    /// thief's guesses do not lock out the owner.
    pub async fn confirm(
        &self,
        context: &Context,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<Confirmed, ConfirmError> {
        let turn = self.turn(caller.origin.network()).await?;
        let (asking, now) = (caller.clone(), context.clock.now());
        let limits = Arc::clone(&context.limits);
        let guesses = limits.bucket(Guard::PasswordCheck, &[Subject::Session(caller.session)]);
        let (user, password_hash) = context
            .database
            .read::<_, ConfirmError>(move |tx| {
                access::require_self(tx, &asking)?;
                limits.check::<ConfirmError>(tx, &[guesses], now)?;
                let user = tx.user(asking.user)?.ok_or(AccessError::SessionEnded)?;
                let hash = tx
                    .password_hash(user.id)?
                    .ok_or(AccessError::SessionEnded)?;
                Ok((user, hash))
            })
            .await?;
        let hash = Some(password_hash.clone());
        let matched = self.matches(&turn, password, hash).await?;
        if !matched.is_right() {
            let limits = Arc::clone(&context.limits);
            context
                .database
                .transaction::<_, StoreError>(move |tx| limits.count(tx, &[guesses], now))
                .await?;
            return Err(ConfirmError::WrongPassword);
        }
        Ok(Confirmed {
            caller,
            user,
            password_hash,
        })
    }
}

impl Confirmed {
    /// Locks the caller's account and checks again: during the hashing the session may have ended
    /// or the password have changed.
    pub fn lock(&self, tx: &mut dyn Writes) -> Result<User, ConfirmError> {
        let id = self.caller.user;
        tx.lock_account(id)?;
        access::require_self(tx, &self.caller)?;
        if tx.password_hash(id)?.as_ref() != Some(&self.password_hash) {
            return Err(ConfirmError::WrongPassword);
        }
        Ok(tx.user(id)?.ok_or(AccessError::SessionEnded)?)
    }
}
