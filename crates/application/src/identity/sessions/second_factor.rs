//! Verification of the second factor: TOTP with replay protection, or a single-use recovery code.

use abu_domain::{
    UserId,
    identity::{
        text::{OneTimePassword, RecoveryCode},
        user::User,
    },
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Sessions;
use crate::{
    identity::ports::{OneTimePasswords, RecoveryHash, TotpRecord},
    platform::{
        audit::{Entry, Target},
        mail::{self, MailContent},
        ports::StoreError,
        rate_limits::{Guard, RateLimited, Subject},
    },
    store::Writes,
};

/// After this many the owner gets a mail, because an attacker may have the password.
const TOLERATED: u32 = 3;

/// A stored secret could not be decrypted.
pub(super) type OpenError = Box<dyn std::error::Error + Send + Sync>;

/// A second factor could not be judged.
#[derive(Debug, thiserror::Error)]
pub(super) enum JudgeError {
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a stored secret could not be decrypted")]
    Internal(#[source] OpenError),
}

/// A second factor that matches and is not used up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondFactor {
    /// A TOTP code of this time step.
    Step(i64),
    Recovery(RecoveryHash),
}

impl SecondFactor {
    /// Matches `shown` against the account's record; `None` if it is wrong or used.
    pub(super) fn find(
        known: &dyn OneTimePasswords,
        user: UserId,
        record: &TotpRecord,
        shown: &OneTimePassword,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, OpenError> {
        Ok(match shown {
            OneTimePassword::Code(code) => known
                .step_of(code, user, &record.sealed_secret, now)?
                .filter(|step| *step > record.last_step)
                .map(Self::Step),
            OneTimePassword::Recovery(code) => {
                let hash = recovery_hash(code);
                let of_user = |known: &RecoveryHash| bool::from(known.ct_eq(&hash));
                let known = record.recovery_codes.iter().any(of_user);
                known.then_some(Self::Recovery(hash))
            }
            OneTimePassword::Neither => None,
        })
    }

    /// Marks it as used; false if a concurrent request did so first.
    pub(super) fn use_up(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Step(step) => tx.use_totp_step(user, *step),
            Self::Recovery(hash) => tx.use_recovery_code(user, hash, now),
        }
    }

    /// The name in the audit log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Step(_) => "totp",
            Self::Recovery(_) => "recovery-code",
        }
    }
}

impl Sessions {
    /// Uses up the second factor of an account whose password was right; `None` if it is wrong.
    ///
    /// Call it under the lock of the account, and commit afterwards: a wrong one is counted. The third
    /// one is audited with the entry, and mailed to the owner.
    pub(super) fn judge(
        &self,
        tx: &mut dyn Writes,
        account: &User,
        record: &TotpRecord,
        shown: &OneTimePassword,
        third_wrong: Entry,
        now: DateTime<Utc>,
    ) -> Result<Option<SecondFactor>, JudgeError> {
        let limits = &self.context.limits;
        let bucket = limits.bucket(Guard::OneTimePassword, &[Subject::User(account.id)]);
        limits.check::<JudgeError>(tx, &[bucket], now)?;
        let known = &*self.one_time_passwords;
        let found = SecondFactor::find(known, account.id, record, shown, now);
        if let Some(factor) = found.map_err(JudgeError::Internal)?
            && factor.use_up(tx, account.id, now)?
        {
            limits.fill(tx, bucket)?;
            return Ok(Some(factor));
        }
        let counted = limits.count(tx, &[bucket], now)?;
        if counted.iter().any(|(_, stored)| stored.taken == TOLERATED) {
            let firstname = account.firstname.clone();
            let content = MailContent::TotpWrong { firstname, at: now };
            mail::enqueue(tx, &*self.context.ids, now, &account.email, content)?;
            third_wrong.on(Target::user(account.id)).write(
                tx,
                self.context.ids.time_ordered(),
                now,
            )?;
        }
        Ok(None)
    }
}

/// A code has 80 random bits, so an unsalted hash does not reveal it.
pub(super) fn recovery_hash(code: &RecoveryCode) -> RecoveryHash {
    Sha256::digest(code.bytes()).into()
}

#[cfg(test)]
mod tests {
    use abu_domain::{identity::text::TotpCode, platform::text::EmailAddress};
    use uuid::Uuid;

    use super::*;
    use crate::{identity::ports::NewTotpSecret, platform::ports::Ids};

    /// Accepts every code as one of step 7.
    struct Step7;

    impl OneTimePasswords for Step7 {
        fn make(
            &self,
            _user: UserId,
            _shown_as: &EmailAddress,
            _ids: &dyn Ids,
        ) -> Result<NewTotpSecret, OpenError> {
            Err("nothing is made here".into())
        }

        fn step_of(
            &self,
            _code: &TotpCode,
            _user: UserId,
            _sealed: &[u8],
            _now: DateTime<Utc>,
        ) -> Result<Option<i64>, OpenError> {
            Ok(Some(7))
        }
    }

    fn find(record: &TotpRecord, shown: &str) -> Option<SecondFactor> {
        let (user, shown) = (UserId::new(Uuid::nil()), OneTimePassword::new(shown));
        SecondFactor::find(&Step7, user, record, &shown, DateTime::UNIX_EPOCH).unwrap()
    }

    fn record(last_step: i64, codes: &[RecoveryCode]) -> TotpRecord {
        TotpRecord {
            sealed_secret: Vec::new(),
            confirmed_at: Some(DateTime::UNIX_EPOCH),
            last_step,
            recovery_codes: codes.iter().map(recovery_hash).collect(),
        }
    }

    #[test]
    fn a_code_of_a_used_or_earlier_step_is_wrong() {
        assert_eq!(find(&record(6, &[]), "123456"), Some(SecondFactor::Step(7)));
        assert_eq!(find(&record(7, &[]), "123456"), None);
        assert_eq!(find(&record(8, &[]), "123456"), None);
    }

    #[test]
    fn a_recovery_code_matches_only_while_it_is_unused() {
        let [ours, other] = [1, 2].map(|byte| RecoveryCode::new([byte; RecoveryCode::BYTES]));
        let record = record(0, &[other.clone(), ours.clone()]);
        let shown = |code: &RecoveryCode| {
            use secrecy::ExposeSecret;
            code.text().expose_secret().to_lowercase()
        };
        let hash = recovery_hash(&ours);
        assert_eq!(
            find(&record, &shown(&ours)),
            Some(SecondFactor::Recovery(hash))
        );
        let unknown = RecoveryCode::new([3; RecoveryCode::BYTES]);
        assert_eq!(find(&record, &shown(&unknown)), None);
        assert_eq!(find(&record, "neither"), None);
    }
}
