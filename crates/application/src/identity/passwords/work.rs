use std::sync::Arc;

use abu_domain::identity::{
    text::{LoginPassword, NewPassword, PersonalWords},
    user::User,
};

use crate::{
    BlockingPool, Database,
    access::{self, AccessError, Caller},
    identity::ports::{PasswordHasher, PasswordPolicy, PasswordWeakness},
    platform::ports::StoreError,
    store::Writes,
};

/// Judges, hashes and compares passwords, where that is done: apart from the store's places, so that a
/// storm of log-ins does not hold up the rest.
#[derive(Clone)]
pub struct PasswordWork {
    /// Where it is done.
    pub pool: BlockingPool,
    /// How passwords are hashed.
    pub hasher: Arc<dyn PasswordHasher>,
    /// How they are judged.
    pub policy: Arc<dyn PasswordPolicy>,
}

/// Why somebody does not get the password that they want.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It is not good enough.
    #[error("the password {0}")]
    Weak(#[from] PasswordWeakness),
    /// Too much is waiting.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a caller did not prove who they are.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The caller may not ask at all.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It is not their password.
    #[error("the password is wrong")]
    WrongPassword,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller who gave their password, and what it was held against.
#[derive(Clone)]
pub struct Confirmed {
    /// Who asks.
    pub caller: Caller,
    /// Their account, as it was then.
    pub user: User,
    password_hash: String,
}

impl PasswordWork {
    /// The hash of a password that is good enough for somebody of whom `personal` is known. Both are
    /// done in one go, so that whoever waits, waits once.
    pub async fn accept(
        &self,
        password: NewPassword,
        personal: PersonalWords,
    ) -> Result<String, NewPasswordError> {
        let (hasher, policy) = (Arc::clone(&self.hasher), Arc::clone(&self.policy));
        self.pool
            .run(move || {
                policy.judge(&password, &personal)?;
                hasher.hash(&password).map_err(NewPasswordError::Hashing)
            })
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))?
    }

    /// Whether the password is the hash's. Without a hash it takes as long, and is not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where too much is waiting.
    pub async fn matches(
        &self,
        password: LoginPassword,
        hash: Option<String>,
    ) -> Result<bool, StoreError> {
        let hasher = Arc::clone(&self.hasher);
        self.pool
            .run(move || hasher.verify(&password, hash.as_deref()))
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))
    }

    /// The hash to keep in place of the one that the password was just found to be of, where that
    /// costs a guesser less than those that are made now. Without it the old one goes on.
    pub async fn better_hash(&self, password: LoginPassword, hash: &str) -> Option<String> {
        if !self.hasher.needs_rehash(hash) {
            return None;
        }
        let hasher = Arc::clone(&self.hasher);
        let better = self.pool.run(move || hasher.rehash(&password)).await.ok()?;
        better
            .inspect_err(|error| log::error!("a password could not be hashed again: {error}"))
            .ok()
    }

    /// Makes sure that it is the caller who asks, and nobody who found their device: the one place
    /// where a logged-in user's password is tried.
    pub async fn confirm(
        &self,
        database: &Database,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<Confirmed, ConfirmError> {
        let asking = caller.clone();
        let (user, password_hash) = database
            .read::<_, ConfirmError>(move |tx| {
                access::require_self(tx, &asking)?;
                let user = tx.user(asking.user)?.ok_or(AccessError::SessionEnded)?;
                let hash = tx
                    .password_hash(user.id)?
                    .ok_or(AccessError::SessionEnded)?;
                Ok((user, hash))
            })
            .await?;
        if !self.matches(password, Some(password_hash.clone())).await? {
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
    /// The caller's account, locked, if all of it still holds: comparing takes a while, and the session
    /// may have ended or the password have changed meanwhile.
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
