//! Key derivation with HMAC-SHA256: one key per label from one secret, so no key serves two
//! purposes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub fn derive(secret: &[u8], label: &str) -> [u8; 32] {
    let mut derivation = hmac(secret);
    derivation.update(label.as_bytes());
    derivation.finalize().into_bytes().into()
}

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
    fn each_secret_and_label_derives_one_stable_key() {
        let key = derive(b"a secret", "tests 1");
        assert_eq!(key, derive(b"a secret", "tests 1"));
        assert_ne!(key, derive(b"a secret", "tests 2"));
        assert_ne!(key, derive(b"another secret", "tests 1"));
    }
}
