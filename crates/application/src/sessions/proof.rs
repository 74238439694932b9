//! What somebody proves who they are with: a password, and a second factor beside it.
//!
//! Whatever proof is wrong, there is one error for it, and it takes one time: the work of a password
//! check, whether or not there is an account.

use std::sync::Arc;

use abu_domain::{
    UserId,
    text::{LoginPassword, OneTimePassword, RecoveryCode},
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Sessions;
use crate::ports::{
    Credentials, OneTimePasswords, RecoveryHash, StoreError, TotpRecord, Transaction,
};

/// Hashing, signing or sealing failed.
pub(super) type InternalError = Box<dyn std::error::Error + Send + Sync>;

/// A password that was found to be right.
pub(super) struct RightPassword {
    /// Against what it was checked.
    pub(super) hash: String,
    /// The hash to keep in place of that, where it was cheaper than they are now.
    pub(super) better_hash: Option<String>,
}

impl RightPassword {
    /// The account's credentials, if its password is still the one that was checked. The account is
    /// locked from here on, so that it stays so.
    pub(super) fn lock(
        &self,
        tx: &mut dyn Transaction,
        user: UserId,
    ) -> Result<Option<Credentials>, StoreError> {
        if !tx.lock_user(user)? {
            return Ok(None);
        }
        let credentials = tx.credentials_of(user)?;
        Ok(credentials.filter(|now| now.password_hash == self.hash))
    }
}

/// Why a password was not checked.
pub(super) enum CheckError {
    /// There was no place to do it in time.
    Busy(StoreError),
    /// It was right, and could not be hashed again.
    Hashing(InternalError),
}

impl Sessions {
    /// Holds the password against the hash; `None` where it is another's, and after the same work
    /// where there is no hash.
    pub(super) async fn check_password(
        &self,
        password: LoginPassword,
        hash: Option<String>,
    ) -> Result<Option<RightPassword>, CheckError> {
        let hasher = Arc::clone(&self.hasher);
        let checked = self.hashing.run(move || {
            let matches = hasher.verify(&password, hash.as_deref());
            let Some(hash) = hash.filter(|_| matches) else {
                return Ok(None);
            };
            let better_hash = hasher
                .needs_rehash(&hash)
                .then(|| hasher.rehash(&password))
                .transpose()?;
            Ok(Some(RightPassword { hash, better_hash }))
        });
        checked
            .await
            .map_err(|busy| CheckError::Busy(StoreError::Unavailable(busy.into())))?
            .map_err(CheckError::Hashing)
    }
}

/// A second factor that was found to be right, and is still to be used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondFactor {
    /// A one-time password of this step.
    Step(i64),
    /// The recovery code with this hash.
    Recovery(RecoveryHash),
}

impl SecondFactor {
    /// What `shown` is to the account of that record; `None` where it is wrong, or was used.
    pub(super) fn find(
        known: &dyn OneTimePasswords,
        user: UserId,
        record: &TotpRecord,
        shown: &OneTimePassword,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, InternalError> {
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

    /// Uses it up; false where somebody else just did.
    pub(super) fn use_up(
        &self,
        tx: &mut dyn Transaction,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Step(step) => tx.use_totp_step(user, *step),
            Self::Recovery(hash) => tx.use_recovery_code(user, hash, now),
        }
    }

    /// What it is, for the audit log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Step(_) => "totp",
            Self::Recovery(_) => "recovery-code",
        }
    }
}

/// A code has 80 random bits, so its plain hash tells nobody what it was.
pub(super) fn recovery_hash(code: &RecoveryCode) -> RecoveryHash {
    Sha256::digest(code.bytes()).into()
}

#[cfg(test)]
mod tests {
    use abu_domain::text::{EmailAddress, TotpCode};
    use uuid::Uuid;

    use super::*;
    use crate::ports::{Ids, NewTotpSecret};

    /// Takes every code for one of step 7.
    struct Step7;

    impl OneTimePasswords for Step7 {
        fn make(
            &self,
            _user: UserId,
            _shown_as: &EmailAddress,
            _ids: &dyn Ids,
        ) -> Result<NewTotpSecret, InternalError> {
            Err("nothing is made here".into())
        }

        fn step_of(
            &self,
            _code: &TotpCode,
            _user: UserId,
            _sealed: &[u8],
            _now: DateTime<Utc>,
        ) -> Result<Option<i64>, InternalError> {
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
    fn a_code_of_a_step_that_was_used_or_of_an_earlier_one_is_wrong() {
        assert_eq!(find(&record(6, &[]), "123456"), Some(SecondFactor::Step(7)));
        assert_eq!(find(&record(7, &[]), "123456"), None);
        assert_eq!(find(&record(8, &[]), "123456"), None);
    }

    #[test]
    fn a_recovery_code_is_right_while_it_is_among_those_left() {
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
