//! Setting up one-time passwords, and doing without them again.

use std::sync::Arc;

use abu_domain::text::{LoginPassword, OneTimePassword, RecoveryCode};
use chrono::{DateTime, Utc};

use super::{
    Sessions,
    proof::{CheckError, RightPassword, SecondFactor, recovery_hash},
};
use crate::{
    access::{self, AccessError, Caller},
    audit::{Action, Entry, Target},
    mail::{self, MailContent},
    ports::{Ids, NewTotpSecret, OneTimePasswords, StoreError, TotpRecord, Transaction},
};

/// How many recovery codes somebody has at first.
pub const RECOVERY_CODES: usize = 10;

/// How somebody stands to one-time passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotpState {
    /// Since when they are asked for at log-in; `None` where they are not.
    pub enabled_at: Option<DateTime<Utc>>,
    /// Whether their permissions count only with them.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
}

/// Why nothing was done about one-time passwords.
#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The password or the one-time password is wrong: which, is not told.
    #[error("the password or the one-time password is wrong")]
    WrongProof,
    /// They are set up already.
    #[error("one-time passwords are set up already")]
    AlreadyEnabled,
    /// They are not set up, or not to their end.
    #[error("one-time passwords are not set up")]
    NotEnabled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing, sealing or opening failed.
    #[error("it could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<CheckError> for TotpError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Busy(error) => Self::Store(error),
            CheckError::Hashing(cause) => Self::Internal(cause),
        }
    }
}

/// What a caller shows who wants to change what protects them.
struct Proof {
    password: RightPassword,
    otp: OneTimePassword,
}

impl Sessions {
    /// How the caller stands to one-time passwords.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn totp_state(&self, caller: Caller) -> Result<TotpState, AccessError> {
        let policy = Arc::clone(&self.policy);
        self.database
            .read(move |tx| {
                access::require_active(tx, &caller)?;
                let user = tx.user(caller.user)?.ok_or(AccessError::SessionEnded)?;
                let record = confirmed(tx.totp(caller.user)?);
                Ok(TotpState {
                    enabled_at: record.as_ref().and_then(|record| record.confirmed_at),
                    required: policy.requires_totp(&user.groups),
                    recovery_codes_left: record.map_or(0, |record| record.recovery_codes.len()),
                })
            })
            .await
    }

    /// Makes a secret for the caller's device. It counts once it is [confirmed](Self::confirm_totp);
    /// until then each call makes another one.
    ///
    /// # Errors
    /// [`TotpError`].
    pub async fn begin_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<NewTotpSecret, TotpError> {
        let password = self.own_password(&caller, password).await?;
        let (known, ids) = (Arc::clone(&self.one_time_passwords), Arc::clone(&self.ids));
        let now = self.clock.now();
        self.database
            .transaction(move |tx| {
                let user = caller.user;
                access::require_active(tx, &caller)?;
                password.lock(tx, user)?.ok_or(TotpError::WrongProof)?;
                let account = tx.user(user)?.ok_or(AccessError::SessionEnded)?;
                let secret = known
                    .make(user, &account.email, &*ids)
                    .map_err(TotpError::Internal)?;
                if !tx.insert_totp(user, &secret.sealed, now)? {
                    return Err(TotpError::AlreadyEnabled);
                }
                Ok(secret)
            })
            .await
    }

    /// Has one-time passwords asked for at log-in from now on, and returns the recovery codes.
    ///
    /// # Errors
    /// [`TotpError`].
    pub async fn confirm_totp(
        &self,
        caller: Caller,
        otp: OneTimePassword,
    ) -> Result<Vec<RecoveryCode>, TotpError> {
        let (known, ids) = (Arc::clone(&self.one_time_passwords), Arc::clone(&self.ids));
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        self.database
            .transaction(move |tx| {
                let user = caller.user;
                access::require_active(tx, &caller)?;
                tx.lock_user(user)?;
                let record = tx.totp(user)?.ok_or(TotpError::NotEnabled)?;
                if record.confirmed_at.is_some() {
                    return Err(TotpError::AlreadyEnabled);
                }
                let found = SecondFactor::find(&*known, user, &record, &otp, now);
                let Some(SecondFactor::Step(step)) = found.map_err(TotpError::Internal)? else {
                    return Err(TotpError::WrongProof);
                };
                tx.confirm_totp(user, step, now)?;
                let codes = give_recovery_codes(tx, &caller, &*ids)?;
                tx.set_totp_due(user, false)?;
                let account = tx.user(user)?.ok_or(AccessError::SessionEnded)?;
                let firstname = account.firstname;
                let content = MailContent::TotpEnabled { firstname, at: now };
                mail::enqueue(tx, &*ids, now, &account.email, content)?;
                Entry::by(&caller, Action::TotpEnable)
                    .on(Target::user(user))
                    .write(tx, entry_id, now)?;
                Ok(codes)
            })
            .await
    }

    /// Has one-time passwords not asked for any more. Where the caller's groups require them, their
    /// permissions stop counting.
    ///
    /// # Errors
    /// [`TotpError`].
    pub async fn remove_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<(), TotpError> {
        let password = self.own_password(&caller, password).await?;
        let (known, ids) = (Arc::clone(&self.one_time_passwords), Arc::clone(&self.ids));
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        let policy = Arc::clone(&self.policy);
        self.database
            .transaction(move |tx| {
                let user = caller.user;
                let proof = Proof { password, otp };
                let factor = proof.check(tx, &caller, &*known, now)?;
                tx.delete_totp(user)?;
                let account = tx.user(user)?.ok_or(AccessError::SessionEnded)?;
                tx.set_totp_due(user, policy.requires_totp(&account.groups))?;
                let firstname = account.firstname;
                let content = MailContent::TotpDisabled { firstname, at: now };
                mail::enqueue(tx, &*ids, now, &account.email, content)?;
                Entry::by(&caller, Action::TotpDisable)
                    .on(Target::user(user))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Gives the caller other recovery codes; those they had are dead.
    ///
    /// # Errors
    /// [`TotpError`].
    pub async fn renew_recovery_codes(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<Vec<RecoveryCode>, TotpError> {
        let password = self.own_password(&caller, password).await?;
        let (known, ids) = (Arc::clone(&self.one_time_passwords), Arc::clone(&self.ids));
        let (now, entry_id) = (self.clock.now(), self.ids.time_ordered());
        self.database
            .transaction(move |tx| {
                let proof = Proof { password, otp };
                let factor = proof.check(tx, &caller, &*known, now)?;
                let codes = give_recovery_codes(tx, &caller, &*ids)?;
                Entry::by(&caller, Action::TotpRenewCodes)
                    .on(Target::user(caller.user))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(codes)
            })
            .await
    }

    /// The caller's password, if it is this one.
    async fn own_password(
        &self,
        caller: &Caller,
        password: LoginPassword,
    ) -> Result<RightPassword, TotpError> {
        let asking = caller.clone();
        let credentials = self
            .database
            .read::<_, AccessError>(move |tx| {
                access::require_active(tx, &asking)?;
                Ok(tx.credentials_of(asking.user)?)
            })
            .await?;
        let hash = credentials.map(|known| known.password_hash);
        self.check_password(password, hash)
            .await?
            .ok_or(TotpError::WrongProof)
    }
}

impl Proof {
    /// The second factor, used up, where everything is right.
    fn check(
        &self,
        tx: &mut dyn Transaction,
        caller: &Caller,
        known: &dyn OneTimePasswords,
        now: DateTime<Utc>,
    ) -> Result<SecondFactor, TotpError> {
        let user = caller.user;
        access::require_active(tx, caller)?;
        self.password.lock(tx, user)?.ok_or(TotpError::WrongProof)?;
        let record = confirmed(tx.totp(user)?).ok_or(TotpError::NotEnabled)?;
        let factor = SecondFactor::find(known, user, &record, &self.otp, now)
            .map_err(TotpError::Internal)?
            .ok_or(TotpError::WrongProof)?;
        match factor.use_up(tx, user, now)? {
            true => Ok(factor),
            false => Err(TotpError::WrongProof),
        }
    }
}

fn confirmed(record: Option<TotpRecord>) -> Option<TotpRecord> {
    record.filter(|record| record.confirmed_at.is_some())
}

fn give_recovery_codes(
    tx: &mut dyn Transaction,
    caller: &Caller,
    ids: &dyn Ids,
) -> Result<Vec<RecoveryCode>, StoreError> {
    let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES)
        .map(|_| new_recovery_code(ids))
        .collect();
    let hashes: Vec<_> = codes.iter().map(recovery_hash).collect();
    tx.replace_recovery_codes(caller.user, &hashes)?;
    Ok(codes)
}

fn new_recovery_code(ids: &dyn Ids) -> RecoveryCode {
    let mut bytes = [0; RecoveryCode::BYTES];
    bytes.copy_from_slice(&ids.secret()[..RecoveryCode::BYTES]);
    RecoveryCode::new(bytes)
}
