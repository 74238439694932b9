//! Seals of the audit log's heads: HMAC-SHA256 over place and hash.

use abu_application::platform::{audit::Mark, ports::HeadSealer};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::keys;

pub struct HmacHeadSealer {
    mac: Hmac<Sha256>,
}

impl HmacHeadSealer {
    pub fn new(encryption_key: &SecretString) -> Self {
        let secret = encryption_key.expose_secret().as_bytes();
        Self {
            mac: keys::derived_hmac(secret, "abu-alumni-connect audit heads 1"),
        }
    }
}

impl HeadSealer for HmacHeadSealer {
    fn seal(&self, head: &Mark) -> [u8; 32] {
        let mut mac = self.mac.clone();
        // Both have a fixed length, so no two heads give the same input.
        mac.update(&head.seq.to_be_bytes());
        mac.update(&head.hash);
        mac.finalize().into_bytes().into()
    }
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
}
