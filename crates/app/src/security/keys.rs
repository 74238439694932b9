//! Keys, derived from one secret: each by its label, and of no use for anything else.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key of that label.
pub(super) fn derive(secret: &[u8], label: &str) -> [u8; 32] {
    let mut derivation = hmac(secret);
    derivation.update(label.as_bytes());
    derivation.finalize().into_bytes().into()
}

/// HMAC-SHA256 with that key.
pub(super) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length")
}
