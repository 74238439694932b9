//! Setting up one-time passwords, and doing without them again.

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
    second_factor::{SecondFactor, recovery_hash},
};
use crate::{
    access::{self, AccessError, Authority, Caller},
    identity::{
        passwords::{ConfirmError, Confirmed},
        ports::{EndReason, NewTotpSecret, OneTimePasswords, TotpRecord, WhichSessions},
    },
    platform::{
        audit::{Action, Target},
        mail::{self, MailContent},
        ports::{Ids, StoreError},
    },
    store::Writes,
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
    /// The caller did not prove who they are.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// It is not what the device shows, nor a recovery code, or was used before.
    #[error("the one-time password is wrong")]
    WrongOtp,
    /// They are set up already.
    #[error("one-time passwords are set up already")]
    AlreadyEnabled,
    /// They are not set up, or not to their end.
    #[error("one-time passwords are not set up")]
    NotEnabled,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sealing or opening failed.
    #[error("it could not be carried out")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<AccessError> for TotpError {
    fn from(error: AccessError) -> Self {
        Self::Confirm(error.into())
    }
}

impl Sessions {
    /// How the caller stands to one-time passwords.
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

    /// Makes a secret for the caller's device. It counts once it is [confirmed](Self::confirm_totp);
    /// until then each call makes another one.
    pub async fn begin_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
    ) -> Result<NewTotpSecret, TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context.database, caller, password)
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

    /// Has one-time passwords asked for at log-in from now on, and returns the recovery codes. The
    /// caller's other sessions end: they began with a password alone.
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
        ending_sessions(
            &self.context.database,
            &self.context.live_sessions,
            move |tx| {
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
            },
        )
        .await
    }

    /// Has one-time passwords not asked for any more. Where the caller's groups require them, their
    /// permissions stop counting.
    pub async fn remove_totp(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<(), TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context.database, caller, password)
            .await?;
        let (known, ids) = (
            Arc::clone(&self.one_time_passwords),
            Arc::clone(&self.context.ids),
        );
        let (now, entry_id) = self.context.now_and_entry_id();
        let policy = Arc::clone(&self.policy);
        self.context
            .database
            .transaction(move |tx| {
                let (account, factor) = check_both(tx, &confirmed, &otp, &*known, now)?;
                let user = account.id;
                tx.delete_totp(user)?;
                tx.set_totp_due(user, policy.totp.requires(&account.groups))?;
                let firstname = account.firstname;
                let content = MailContent::TotpDisabled { firstname, at: now };
                mail::enqueue(tx, &*ids, now, &account.email, content)?;
                confirmed
                    .caller
                    .entry(Action::TotpDisable)
                    .on(Target::user(user))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(())
            })
            .await
    }

    /// Gives the caller other recovery codes; those they had are dead.
    pub async fn renew_recovery_codes(
        &self,
        caller: Caller,
        password: LoginPassword,
        otp: OneTimePassword,
    ) -> Result<Vec<RecoveryCode>, TotpError> {
        let confirmed = self
            .passwords
            .confirm(&self.context.database, caller, password)
            .await?;
        let (known, ids) = (
            Arc::clone(&self.one_time_passwords),
            Arc::clone(&self.context.ids),
        );
        let (now, entry_id) = self.context.now_and_entry_id();
        self.context
            .database
            .transaction(move |tx| {
                let (account, factor) = check_both(tx, &confirmed, &otp, &*known, now)?;
                let codes = give_recovery_codes(tx, account.id, &*ids)?;
                confirmed
                    .caller
                    .entry(Action::TotpRenewCodes)
                    .on(Target::user(account.id))
                    .with("second_factor", factor.name())
                    .write(tx, entry_id, now)?;
                Ok(codes)
            })
            .await
    }
}

/// The account of a caller who gave their password and now a second factor, which is used up. The
/// account is locked from here on.
fn check_both(
    tx: &mut dyn Writes,
    confirmed: &Confirmed,
    otp: &OneTimePassword,
    known: &dyn OneTimePasswords,
    now: DateTime<Utc>,
) -> Result<(User, SecondFactor), TotpError> {
    let account = confirmed.lock(tx)?;
    let record = enabled(tx.totp(account.id)?).ok_or(TotpError::NotEnabled)?;
    let factor = SecondFactor::find(known, account.id, &record, otp, now)
        .map_err(TotpError::Internal)?
        .ok_or(TotpError::WrongOtp)?;
    match factor.use_up(tx, account.id, now)? {
        true => Ok((account, factor)),
        false => Err(TotpError::WrongOtp),
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
