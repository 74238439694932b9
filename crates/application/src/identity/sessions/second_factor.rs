//! Verification of the second factor: TOTP with replay protection, or a single-use recovery code.

use abu_domain::{
    UserId,
    identity::text::{OneTimePassword, RecoveryCode},
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    identity::ports::{OneTimePasswords, RecoveryHash, TotpRecord},
    platform::ports::StoreError,
    store::Writes,
};

/// A stored secret could not be decrypted.
pub(super) type OpenError = Box<dyn std::error::Error + Send + Sync>;

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
