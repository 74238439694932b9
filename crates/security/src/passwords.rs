//! Password hashing with bcrypt, in its standard text form, which other programs can verify too.

use std::{borrow::Cow, error::Error, str::FromStr};

use abu_application::identity::ports::{PasswordHasher, PasswordMatch};
use abu_domain::identity::text::{LoginPassword, NewPassword};
use base64::{Engine, engine::general_purpose::STANDARD};
use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha384};

/// bcrypt ignores all further bytes.
const BCRYPT_MAX_BYTES: usize = 72;

#[derive(Clone, Debug)]
pub struct BcryptHasher {
    cost: u32,
    /// A hash of the same cost that no password matches. Verifying against it makes an unknown
    /// account cost the same time.
    decoy: String,
}

impl BcryptHasher {
    /// `cost` is 4 to 31: bcrypt computes 2^`cost` rounds.
    pub fn new(cost: u32) -> Self {
        let salt_and_hash = ".".repeat(53);
        Self {
            cost,
            decoy: format!("$2b${cost:02}${salt_and_hash}"),
        }
    }

    fn matches(&self, password: &SecretString, hash: Option<&str>) -> bool {
        let input = bcrypt_input(password.expose_secret());
        let matches = hash.map(|hash| bcrypt::verify(&*input, hash));
        match matches {
            Some(Ok(matches)) => matches,
            // No account, or no valid hash: the decoy costs the same time.
            None | Some(Err(_)) => {
                let _never = bcrypt::verify(&*input, &self.decoy);
                false
            }
        }
    }

    /// Whether new hashes cost more than this one.
    fn is_cheap(&self, hash: &str) -> bool {
        HashParts::from_str(hash).is_ok_and(|parts| parts.get_cost() < self.cost)
    }

    fn hash_text(&self, password: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        Ok(bcrypt::hash(&*bcrypt_input(password), self.cost)?)
    }
}

impl PasswordHasher for BcryptHasher {
    fn hash(&self, password: &NewPassword) -> Result<String, Box<dyn Error + Send + Sync>> {
        self.hash_text(password.secret().expose_secret())
    }

    fn verify(&self, password: &LoginPassword, hash: Option<&str>) -> PasswordMatch {
        if self.matches(password.secret(), hash) {
            return match hash.is_some_and(|hash| self.is_cheap(hash)) {
                true => PasswordMatch::Outdated,
                false => PasswordMatch::Right,
            };
        }
        match password.as_typed() {
            Some(typed) if self.matches(typed, hash) => PasswordMatch::Outdated,
            _ => PasswordMatch::Wrong,
        }
    }

    fn rehash(&self, password: &LoginPassword) -> Result<String, Box<dyn Error + Send + Sync>> {
        self.hash_text(password.secret().expose_secret())
    }
}

/// Prehashes passwords longer than bcrypt reads. Base64 keeps zero bytes out of the digest: bcrypt
/// stops at them.
fn bcrypt_input(password: &str) -> Cow<'_, [u8]> {
    if password.len() <= BCRYPT_MAX_BYTES {
        return Cow::Borrowed(password.as_bytes());
    }
    Cow::Owned(STANDARD.encode(Sha384::digest(password)).into_bytes())
}

#[cfg(test)]
mod tests {
    use PasswordMatch::{Outdated, Right, Wrong};

    use super::*;

    fn new(text: &str) -> NewPassword {
        NewPassword::parse(SecretString::from(text)).unwrap()
    }

    fn login(text: &str) -> LoginPassword {
        LoginPassword::new(SecretString::from(text))
    }

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let hasher = BcryptHasher::new(4);
        let hash = hasher.hash(&new("correct horse")).unwrap();
        assert!(hash.starts_with("$2b$04$"));
        assert_eq!(hasher.verify(&login("correct horse"), Some(&hash)), Right);
        assert_eq!(hasher.verify(&login("correct horsf"), Some(&hash)), Wrong);
        assert_ne!(hash, hasher.hash(&new("correct horse")).unwrap());
    }

    #[test]
    fn every_byte_of_a_password_counts_however_long_it_is() {
        let hasher = BcryptHasher::new(4);
        for length in [71, 72, 73, 200, 1_024] {
            let password = format!("{}a", "x".repeat(length - 1));
            let differs_at_the_end = format!("{}b", "x".repeat(length - 1));
            let hash = hasher.hash(&new(&password)).unwrap();
            assert_eq!(
                hasher.verify(&login(&password), Some(&hash)),
                Right,
                "{length}"
            );
            let verified = hasher.verify(&login(&differs_at_the_end), Some(&hash));
            assert_eq!(verified, Wrong, "{length}");
        }
    }

    #[test]
    fn hashes_of_ordinary_passwords_are_any_bcrypts() {
        let hasher = BcryptHasher::new(4);
        let password = "ſecret passphraſe";
        let elsewhere = bcrypt::hash(password, 5).unwrap();
        assert_eq!(hasher.verify(&login(password), Some(&elsewhere)), Right);
        let ours = hasher.hash(&new(password)).unwrap();
        assert!(bcrypt::verify(password, &ours).unwrap());
        // Known from other implementations.
        let known = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert_eq!(hasher.verify(&login("U*U"), Some(known)), Right);
    }

    #[test]
    fn both_ways_to_type_a_letter_open_an_account() {
        let hasher = BcryptHasher::new(4);
        let hash = hasher.hash(&new("Ṣade and Ọla")).unwrap();
        for typed in [
            "Ṣade and Ọla",
            "S\u{323}ade and O\u{323}la",
            "Ṣade\u{a0}and Ọla",
        ] {
            assert_eq!(
                hasher.verify(&login(typed), Some(&hash)),
                Right,
                "{typed:?}"
            );
        }
    }

    #[test]
    fn a_hash_of_the_password_as_typed_opens_and_is_outdated() {
        let hasher = BcryptHasher::new(4);
        let typed = "S\u{323}ade and O\u{323}la";
        let older = bcrypt::hash(typed, 4).unwrap();
        assert_eq!(hasher.verify(&login(typed), Some(&older)), Outdated);
        let newer = hasher.rehash(&login(typed)).unwrap();
        assert_eq!(hasher.verify(&login(typed), Some(&newer)), Right);
        assert_eq!(hasher.verify(&login("Ṣade and Ọla"), Some(&newer)), Right);
    }

    #[test]
    fn without_a_hash_or_with_a_broken_one_nothing_matches() {
        let hasher = BcryptHasher::new(4);
        for hash in [
            None,
            Some(""),
            Some("$2b$04$tooshort"),
            Some("é$2b$04$"),
            Some("plain text password"),
        ] {
            for password in ["correct horse", "cafe\u{301}"] {
                assert_eq!(hasher.verify(&login(password), hash), Wrong, "{hash:?}");
            }
        }
    }

    #[test]
    fn only_a_cheaper_hash_is_outdated() {
        let (cheap, dear) = (BcryptHasher::new(4), BcryptHasher::new(5));
        let password = login("correct horse");
        let hash = cheap.hash(&new("correct horse")).unwrap();
        assert_eq!(dear.verify(&password, Some(&hash)), Outdated);
        let again = dear.rehash(&password).unwrap();
        assert!(again.starts_with("$2b$05$"));
        assert_eq!(dear.verify(&password, Some(&again)), Right);
        // A lowered cost must not weaken stored hashes.
        assert_eq!(cheap.verify(&password, Some(&again)), Right);
    }

    #[test]
    fn the_decoy_is_a_hash_that_bcrypt_works_through() {
        let decoy = BcryptHasher::new(4).decoy;
        assert!(!bcrypt::verify("anything", &decoy).unwrap());
    }
}
