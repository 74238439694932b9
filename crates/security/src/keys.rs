//! Keys, derived from one secret: each by its label, and of no use for anything else.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key of that label.
pub fn derive(secret: &[u8], label: &str) -> [u8; 32] {
    let mut derivation = hmac(secret);
    derivation.update(label.as_bytes());
    derivation.finalize().into_bytes().into()
}

/// HMAC-SHA256 with the key of that label.
pub(crate) fn derived_hmac(secret: &[u8], label: &str) -> Hmac<Sha256> {
    hmac(&derive(secret, label))
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_and_label_has_a_key_of_its_own_and_always_the_same() {
        let key = derive(b"a secret", "tests 1");
        assert_eq!(key, derive(b"a secret", "tests 1"));
        assert_ne!(key, derive(b"a secret", "tests 2"));
        assert_ne!(key, derive(b"another secret", "tests 1"));
    }
}
