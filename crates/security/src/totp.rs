//! Time-based one-time passwords (RFC 6238) with SHA-1, six digits and 30 seconds: what all
//! authenticators support.

use std::error::Error;

use abu_application::{
    identity::ports::{NewTotpSecret, OneTimePasswords, TotpSealing},
    platform::ports::{Ids, KeyAge},
};
use abu_domain::{UserId, identity::text::TotpCode, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use totp_rs::{Algorithm, Builder, Secret};

use crate::sealing::{SealError, Sealer};

/// Authenticator apps show it beside the address.
const ISSUER: &str = "ABU Alumni Connect";
/// The length of the hash, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Tolerated clock skew of a device, in steps.
const SKEW: u16 = 1;

/// TOTP whose secrets are encrypted at rest.
#[derive(Clone)]
pub struct SealedTotp {
    sealer: Sealer,
    /// Of the key before a rotation: it opens and does not seal.
    previous: Option<Sealer>,
}

impl SealedTotp {
    pub fn new(encryption_key: &SecretString) -> Self {
        Self {
            sealer: sealer(encryption_key),
            previous: None,
        }
    }

    /// Also opens what was sealed before a rotation of the key.
    #[must_use]
    pub fn accepting(mut self, previous: Option<&SecretString>) -> Self {
        self.previous = previous.map(sealer);
        self
    }

    fn open(&self, user: UserId, sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        let owner = user.uuid();
        let opened = self.sealer.open(owner.as_bytes(), sealed);
        match &self.previous {
            Some(previous) => opened.or_else(|_closed| previous.open(owner.as_bytes(), sealed)),
            None => opened,
        }
    }
}

fn sealer(encryption_key: &SecretString) -> Sealer {
    let key = encryption_key.expose_secret().as_bytes();
    Sealer::new(key, "abu-alumni-connect totp secrets 1")
}

impl OneTimePasswords for SealedTotp {
    fn make(
        &self,
        user: UserId,
        shown_as: &EmailAddress,
        ids: &dyn Ids,
    ) -> Result<NewTotpSecret, Box<dyn Error + Send + Sync>> {
        let random = ids.secret();
        let secret = &random[..SECRET_BYTES];
        let sealed = self
            .sealer
            .seal(user.uuid().as_bytes(), secret, ids.secret())?;
        let totp = totp(secret)
            .with_issuer(Some(ISSUER))
            .with_account_name(shown_as.as_str())
            .build()?;
        Ok(NewTotpSecret {
            base32: totp.secret().to_base32().into(),
            uri: totp.to_url()?.into(),
            sealed,
        })
    }

    fn step_of(
        &self,
        code: &TotpCode,
        user: UserId,
        sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, Box<dyn Error + Send + Sync>> {
        let secret = self.open(user, sealed)?;
        let totp = totp(secret.expose_secret()).build()?;
        let step = totp.check(code.secret().expose_secret(), now.timestamp().try_into()?);
        Ok(step.map(i64::try_from).transpose()?)
    }
}

impl TotpSealing for SealedTotp {
    fn key_of(&self, user: UserId, sealed: &[u8]) -> Option<KeyAge> {
        let owner = user.uuid();
        let opens = |sealer: &Sealer| sealer.open(owner.as_bytes(), sealed).is_ok();
        KeyAge::of(
            opens(&self.sealer),
            self.previous.as_ref().is_some_and(opens),
        )
    }

    fn seal_again(
        &self,
        user: UserId,
        sealed: &[u8],
        ids: &dyn Ids,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let secret = self.open(user, sealed)?;
        let owner = user.uuid();
        let (owner, secret) = (owner.as_bytes(), secret.expose_secret());
        Ok(self.sealer.seal(owner, secret, ids.secret())?)
    }
}

fn totp(secret: &[u8]) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW)
        .with_secret(Secret::from(secret))
}

#[cfg(test)]
mod tests {
    use abu_application::platform::system::SystemIds;
    use abu_domain::identity::text::OneTimePassword;
    use uuid::Uuid;

    use super::*;

    /// The secret of RFC 6238's test vectors.
    const RFC_SECRET: &[u8] = b"12345678901234567890";

    fn totp() -> SealedTotp {
        SealedTotp::new(&"a key of the test's own, long enough".into())
    }

    fn amina() -> UserId {
        UserId::new(Uuid::from_u128(1))
    }

    fn sealed() -> Vec<u8> {
        let owner = amina().uuid();
        totp()
            .sealer
            .seal(owner.as_bytes(), RFC_SECRET, [7; 32])
            .unwrap()
    }

    fn step(code: &str, seconds: i64) -> Option<i64> {
        let OneTimePassword::Code(code) = OneTimePassword::new(code) else {
            panic!("{code} is no code")
        };
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        totp().step_of(&code, amina(), &sealed(), now).unwrap()
    }

    #[test]
    fn the_test_vectors_of_the_rfc_hold() {
        // Appendix B has eight digits; six-digit codes are their last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step(code, seconds), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_valid_in_its_step_and_the_adjacent_ones() {
        let at = |step_number: i64| step("050471", step_number * 30);
        let own = 1_111_111_111 / 30;
        assert_eq!(at(own - 2), None);
        assert_eq!(at(own - 1), Some(own));
        assert_eq!(at(own), Some(own));
        assert_eq!(at(own + 1), Some(own));
        assert_eq!(at(own + 2), None);
    }

    #[test]
    fn a_secret_is_of_no_use_to_another_user() {
        let OneTimePassword::Code(code) = OneTimePassword::new("287082") else {
            panic!("no code")
        };
        let musa = UserId::new(Uuid::from_u128(2));
        let now = DateTime::from_timestamp(59, 0).unwrap();
        assert!(totp().step_of(&code, musa, &sealed(), now).is_err());
    }

    #[test]
    fn after_a_rotation_old_secrets_open_and_are_sealed_anew() {
        let old_key = "a key of the test's own, long enough".into();
        let next_key = "the key after the rotation".into();
        let rotated = SealedTotp::new(&next_key).accepting(Some(&old_key));
        let old = sealed();
        assert_eq!(rotated.key_of(amina(), &old), Some(KeyAge::Previous));
        assert_eq!(
            rotated.open(amina(), &old).unwrap().expose_secret(),
            RFC_SECRET
        );
        let again = rotated.seal_again(amina(), &old, &SystemIds).unwrap();
        assert_eq!(rotated.key_of(amina(), &again), Some(KeyAge::Current));
        let next = SealedTotp::new(&next_key);
        assert_eq!(
            next.open(amina(), &again).unwrap().expose_secret(),
            RFC_SECRET
        );
        assert_eq!(next.key_of(amina(), &old), None);
        assert_eq!(totp().key_of(amina(), &again), None);
        let musa = UserId::new(Uuid::from_u128(2));
        assert_eq!(rotated.key_of(musa, &old), None);
        assert!(rotated.seal_again(musa, &old, &SystemIds).is_err());
    }

    #[test]
    fn a_new_secret_is_the_same_in_its_three_forms() {
        let email = EmailAddress::parse("amina+abu@example.com").unwrap();
        let new = totp().make(amina(), &email, &SystemIds).unwrap();
        let base32 = new.base32.expose_secret();
        assert_eq!(base32.len(), 32);
        let uri = totp_rs::Totp::from_url(new.uri.expose_secret()).unwrap();
        assert_eq!(uri.secret().to_base32(), base32);
        assert_eq!(uri.issuer(), Some(ISSUER));
        assert_eq!(uri.account_name(), "amina+abu@example.com");
        assert_eq!(
            (uri.digits(), uri.step(), uri.algorithm()),
            (6, 30, Algorithm::SHA1)
        );
        let opened = totp().sealer.open(amina().uuid().as_bytes(), &new.sealed);
        assert_eq!(opened.unwrap().expose_secret(), uri.secret().as_bytes());
        let other = totp().make(amina(), &email, &SystemIds).unwrap();
        assert_ne!(other.base32.expose_secret(), base32);
    }
}
