//! Seals of the audit log's heads: HMAC-SHA256 over place and hash.

use abu_application::platform::{
    audit::Mark,
    ports::{HeadSealer, KeyAge},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::keys;

pub struct HmacHeadSealer {
    mac: Hmac<Sha256>,
    /// Of the key before a rotation: it verifies and does not seal.
    previous: Option<Hmac<Sha256>>,
}

impl HmacHeadSealer {
    pub fn new(encryption_key: &SecretString) -> Self {
        Self {
            mac: derived(encryption_key),
            previous: None,
        }
    }

    /// Also verifies what was sealed before a rotation of the key.
    #[must_use]
    pub fn accepting(mut self, previous: Option<&SecretString>) -> Self {
        self.previous = previous.map(derived);
        self
    }
}

impl HeadSealer for HmacHeadSealer {
    fn seal(&self, head: &Mark) -> [u8; 32] {
        seal(self.mac.clone(), head)
    }

    fn key_of(&self, head: &Mark, found: &[u8]) -> Option<KeyAge> {
        let bears = |mac: &Hmac<Sha256>| bool::from(seal(mac.clone(), head)[..].ct_eq(found));
        KeyAge::of(bears(&self.mac), self.previous.as_ref().is_some_and(bears))
    }
}

fn derived(encryption_key: &SecretString) -> Hmac<Sha256> {
    let secret = encryption_key.expose_secret().as_bytes();
    keys::derived_hmac(secret, "abu-alumni-connect audit heads 1")
}

fn seal(mut mac: Hmac<Sha256>, head: &Mark) -> [u8; 32] {
    // Both have a fixed length, so no two heads give the same input.
    mac.update(&head.seq.to_be_bytes());
    mac.update(&head.hash);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_depends_on_the_key_the_place_and_the_hash() {
        let seal = |key: &str, seq, byte| {
            HmacHeadSealer::new(&SecretString::from(key)).seal(&Mark {
                seq,
                hash: [byte; 32],
            })
        };
        let one = seal("a key", 1, 7);
        assert_eq!(one, seal("a key", 1, 7));
        for other in [
            seal("another key", 1, 7),
            seal("a key", 2, 7),
            seal("a key", 1, 8),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_seal_names_the_key_that_made_it() {
        let (old_key, next_key) = ("a key".into(), "the next key".into());
        let (old, next) = (
            HmacHeadSealer::new(&old_key),
            HmacHeadSealer::new(&next_key),
        );
        let rotated = HmacHeadSealer::new(&next_key).accepting(Some(&old_key));
        let head = Mark {
            seq: 1,
            hash: [7; 32],
        };
        let key_of = |seal: [u8; 32]| rotated.key_of(&head, &seal);
        assert_eq!(key_of(old.seal(&head)), Some(KeyAge::Previous));
        assert_eq!(key_of(next.seal(&head)), Some(KeyAge::Current));
        assert_eq!(rotated.seal(&head), next.seal(&head));
        assert_eq!(next.key_of(&head, &old.seal(&head)), None);
        assert_eq!(rotated.key_of(&head, &[0; 31]), None);
    }
}
