use std::sync::Arc;

use abu_domain::identity::{
    text::{LoginPassword, NewPassword, PersonalWords},
    user::User,
};

use crate::{
    BlockingPool, Database,
    access::{self, AccessError, Caller},
    identity::ports::{PasswordHasher, PasswordMatch, PasswordPolicy, PasswordWeakness},
    platform::ports::StoreError,
    store::Writes,
};

/// Password hashing in a pool of its own, so a burst of log-ins does not block the store's pool.
#[derive(Clone)]
pub struct PasswordWork {
    pub pool: BlockingPool,
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

impl PasswordWork {
    /// Judges the password against the policy and hashes it. One job does both, so the caller waits
    /// for the pool once.
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

    /// Compares the password with the hash. `None` takes the same time and is a mismatch.
    /// [`StoreError::Unavailable`] if the pool is full.
    pub async fn matches(
        &self,
        password: LoginPassword,
        hash: Option<String>,
    ) -> Result<PasswordMatch, StoreError> {
        let hasher = Arc::clone(&self.hasher);
        self.pool
            .run(move || hasher.verify(&password, hash.as_deref()))
            .await
            .map_err(|busy| StoreError::Unavailable(busy.into()))
    }

    /// A new hash of a password that matched an outdated one; `None` if it did not. A failure is
    /// logged only, because the old hash still works.
    pub async fn better_hash(
        &self,
        password: LoginPassword,
        matched: PasswordMatch,
    ) -> Option<String> {
        if matched != PasswordMatch::Outdated {
            return None;
        }
        let hasher = Arc::clone(&self.hasher);
        let better = self.pool.run(move || hasher.rehash(&password)).await.ok()?;
        better
            .inspect_err(|error| log::error!("a password could not be hashed again: {error}"))
            .ok()
    }

    /// Re-authenticates the caller by password, so that a stolen session cannot change credentials.
    /// All use cases of logged-in users check passwords here.
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
        let matched = self.matches(password, Some(password_hash.clone())).await?;
        if !matched.is_right() {
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
