//! Enrollment in TOTP, its removal, and recovery codes.

use std::sync::Arc;

use abu_domain::{
    UserId,
    identity::{
        text::{LoginPassword, OneTimePassword, RecoveryCode},
        user::User,
    },
};
use chrono::{DateTime, Utc};

use super::{
    EndedSessions, Sessions, ending_sessions,
    second_factor::{JudgeError, SecondFactor, recovery_hash},
};
use crate::{
    access::{self, AccessError, Authority, Caller},
    identity::{
        passwords::{ConfirmError, Confirmed},
        ports::{EndReason, NewTotpSecret, TotpRecord, WhichSessions},
    },
    platform::{
        audit::{Action, Target},
        mail::{self, MailContent},
        ports::{Ids, StoreError},
        rate_limits::{Guard, RateLimited, Subject},
    },
    store::Writes,
};

/// Recovery codes per enrollment.
pub const RECOVERY_CODES: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotpState {
    /// Time of the confirmation; `None` without a second factor.
    pub enabled_at: Option<DateTime<Utc>>,
    /// Whether the caller's permissions require a second factor.
    pub required: bool,
    pub recovery_codes_left: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// Wrong or used.
    #[error("the one-time password is wrong")]
    WrongOtp,
    #[error("one-time passwords are set up already")]
    AlreadyEnabled,
    /// Never enrolled, or not confirmed.
    #[error("one-time passwords are not set up")]
    NotEnabled,
    /// Too many wrong ones came after the right password.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Encryption or decryption failed.
    #[error("it could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<AccessError> for TotpError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

impl From<JudgeError> for TotpError {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::RateLimited(error) => Self::RateLimited(error),
            JudgeError::Store(error) => Self::Store(error),
            JudgeError::Internal(cause) => Self::Internal(cause),
        }
    }
}

impl Sessions {
    pub async fn totp_state(&self, caller: Caller) -> Result<TotpState, AccessError> {
        let policy = Arc::clone(&self.policy);
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                let user = tx.user(caller.user)?.ok_or(AccessError::SessionEnded)?;
                let record = enabled(tx.totp(caller.user)?);
                Ok(TotpState {
                    enabled_at: record.as_ref().and_then(|record| record.confirmed_at),
                    required: policy.totp.requires(&user.groups),
                    recovery_codes_left: record.map_or(0, |record| record.recovery_codes.len()),
                })
            })
            .await
    }

    /// Starts an enrollment with a new secret. It applies after
    /// [`confirm_totp`](Self::confirm_totp); until then each call replaces it.
    pub async fn begin_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<NewTotpSecret, TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (known, ids) = (
            Arc::clone(&self.one_time_passwords),
            Arc::clone(&self.context.ids),
        );
        let now = self.context.clock.now();
        self.context
            .database
            .transaction(move |tx| {
                let account = confirmed.lock(tx)?;
                let secret = known
                    .make(account.id, &account.email, &*ids)
                    .map_err(TotpError::Internal)?;
                if !tx.insert_totp(account.id, &secret.sealed, now)? {
                    return Err(TotpError::AlreadyEnabled);
                }
                Ok(secret)
            })
            .await
    }

    /// Completes the enrollment and returns the recovery codes. From now on log-in requires a code.
    /// Revokes the caller's other sessions, because they started with a password alone.
    pub async fn confirm_totp(
        &self,
        caller: Caller,
        otp: OneTimePassword,
    ) -> Result<Vec<RecoveryCode>, TotpError> {
        let (known, ids) = (
            Arc::clone(&self.one_time_passwords),
            Arc::clone(&self.context.ids),
        );
        let (now, entry_id) = self.context.now_and_entry_id();
        let limits = Arc::clone(&self.context.limits);
        ending_sessions(&self.context, move |tx| {
            let user = caller.user;
            tx.lock_account(user)?;
            access::require_self(tx, &caller)?;
            let record = tx.totp(user)?.ok_or(TotpError::NotEnabled)?;
            if record.confirmed_at.is_some() {
                return Err(TotpError::AlreadyEnabled);
            }
            let found = SecondFactor::find(&*known, user, &record, &otp, now);
            let Some(SecondFactor::Step(step)) = found.map_err(TotpError::Internal)? else {
                return Err(TotpError::WrongOtp);
            };
            tx.confirm_totp(user, step, now)?;
            // Guesses of an earlier secret say nothing about this one.
            let guesses = limits.bucket(Guard::OneTimePassword, &[Subject::User(user)]);
            limits.fill(tx, guesses)?;
            let codes = give_recovery_codes(tx, user, &*ids)?;
            tx.set_totp_due(user, false)?;
            let others = WhichSessions::AllBut(caller.session);
            let sessions = tx.end_sessions(user, others, EndReason::TotpEnabled, now)?;
            let account = tx.user(user)?.ok_or(AccessError::SessionEnded)?;
            let firstname = account.firstname;
            let content = MailContent::TotpEnabled { firstname, at: now };
            mail::enqueue(tx, &*ids, now, &account.email, content)?;
            caller
                .entry(Action::TotpEnable)
                .on(Target::user(user))
                .write(tx, entry_id, now)?;
            Ok((codes, EndedSessions { user, sessions }))
        })
        .await
    }

    /// Removes the second factor. If the caller's groups require one, their permissions stop
    /// counting.
    pub async fn remove_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<(), TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction::<_, TotpError>(move |tx| {
                let Some((account, factor)) = this.check_both(tx, &confirmed, &otp, now)? else {
                    return Ok(Err(TotpError::WrongOtp));
                };
                let user = account.id;
                tx.delete_totp(user)?;
                tx.set_totp_due(user, this.policy.totp.requires(&account.groups))?;
                let firstname = account.firstname;
                let content = MailContent::TotpDisabled { firstname, at: now };
                mail::enqueue(tx, &*this.context.ids, now, &account.email, content)?;
                confirmed
                    .caller
                    .entry(Action::TotpDisable)
                    .on(Target::user(user))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(Ok(()))
            })
            .await?
    }

    /// Replaces the caller's recovery codes.
    pub async fn renew_recovery_codes(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<Vec<RecoveryCode>, TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context, caller, password)
            .await?;
        let (now, entry_id) = self.context.now_and_entry_id();
        let this = self.clone();
        self.context
            .database
            .transaction::<_, TotpError>(move |tx| {
                let Some((account, factor)) = this.check_both(tx, &confirmed, &otp, now)? else {
                    return Ok(Err(TotpError::WrongOtp));
                };
                let codes = give_recovery_codes(tx, account.id, &*this.context.ids)?;
                confirmed
                    .caller
                    .entry(Action::TotpRenewCodes)
                    .on(Target::user(account.id))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(Ok(codes))
            })
            .await?
    }

    /// Uses up a second factor of a caller who has re-authenticated; `None` if it is wrong, and then the
    /// transaction must commit. Locks the account until the transaction ends.
    fn check_both(
        &self,
        tx: &mut dyn Writes,
        confirmed: &Confirmed,
        otp: &OneTimePassword,
        now: DateTime<Utc>,
    ) -> Result<Option<(User, SecondFactor)>, TotpError> {
        let account = confirmed.lock(tx)?;
        let record = enabled(tx.totp(account.id)?).ok_or(TotpError::NotEnabled)?;
        let entry = confirmed.caller.entry(Action::TotpWrong);
        let factor = self.judge(tx, &account, &record, otp, entry, now)?;
        Ok(factor.map(|factor| (account, factor)))
    }
}

fn enabled(record: Option<TotpRecord>) -> Option<TotpRecord> {
    record.filter(|record| record.confirmed_at.is_some())
}

fn give_recovery_codes(
    tx: &mut dyn Writes,
    user: UserId,
    ids: &dyn Ids,
) -> Result<Vec<RecoveryCode>, StoreError> {
    let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES)
        .map(|_| new_recovery_code(ids))
        .collect();
    let hashes: Vec<_> = codes.iter().map(recovery_hash).collect();
    tx.replace_recovery_codes(user, &hashes)?;
    Ok(codes)
}

fn new_recovery_code(ids: &dyn Ids) -> RecoveryCode {
    let mut bytes = [0; RecoveryCode::BYTES];
    bytes.copy_from_slice(&ids.secret()[..RecoveryCode::BYTES]);
    RecoveryCode::new(bytes)
}
