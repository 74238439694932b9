//! Authenticated encryption (AEAD) of secrets at rest with XChaCha20-Poly1305.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::SecretSlice;

use crate::keys;

/// First byte of the sealed form; a later scheme gets another number.
const VERSION: u8 = 1;
/// 192 bits: random nonces do not collide.
const NONCE_BYTES: usize = 24;

#[derive(Clone)]
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SealError {
    /// The secret is too long for the cipher.
    #[error("the secret cannot be sealed")]
    Seal,
    /// Wrong key, wrong owner, or altered bytes.
    #[error("a sealed secret does not open: auth.encryption_key is not the one it was sealed with")]
    Open,
}

impl Sealer {
    /// Derives the key from `secret` by its label.
    pub(super) fn new(secret: &[u8], label: &str) -> Self {
        let key = Key::from(keys::derive(secret, label));
        Self {
            cipher: XChaCha20Poly1305::new(&key),
        }
    }

    /// Binds the ciphertext to `owner` as associated data: it opens for no other. Takes the nonce
    /// from `random`, which must be fresh.
    pub(super) fn seal(
        &self,
        owner: &[u8],
        secret: &[u8],
        random: [u8; 32],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&random[..NONCE_BYTES]);
        let payload = Payload {
            msg: secret,
            aad: owner,
        };
        let encrypted = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_too_long| SealError::Seal)?;
        Ok([&[VERSION][..], &nonce, &encrypted].concat())
    }

    pub(super) fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        let (nonce, encrypted) = sealed
            .strip_prefix(&[VERSION])
            .and_then(|rest| rest.split_first_chunk::<NONCE_BYTES>())
            .ok_or(SealError::Open)?;
        let payload = Payload {
            msg: encrypted,
            aad: owner,
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(SecretSlice::from)
            .map_err(|_changed| SealError::Open)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const SECRET: &[u8] = b"twenty bytes of seed";

    fn sealer() -> Sealer {
        Sealer::new(b"a key of the test's own", "tests 1")
    }

    fn sealed() -> Vec<u8> {
        sealer().seal(b"amina", SECRET, [7; 32]).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_again_for_its_owner_alone() {
        let opened = sealer().open(b"amina", &sealed()).unwrap();
        assert_eq!(opened.expose_secret(), SECRET);
        for owner in [&b"musa"[..], b"", b"amin"] {
            assert!(sealer().open(owner, &sealed()).is_err());
        }
    }

    #[test]
    fn another_key_or_label_opens_nothing() {
        for other in [
            Sealer::new(b"another key", "tests 1"),
            Sealer::new(b"a key of the test's own", "tests 2"),
        ] {
            assert_eq!(
                other.open(b"amina", &sealed()).unwrap_err(),
                SealError::Open
            );
        }
    }

    #[test]
    fn a_sealed_secret_changed_or_cut_anywhere_does_not_open() {
        let sealed = sealed();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealer().open(b"amina", &changed).is_err(), "{place}");
            assert!(
                sealer().open(b"amina", &sealed[..place]).is_err(),
                "{place}"
            );
        }
    }

    #[test]
    fn the_secret_cannot_be_read_in_what_is_stored() {
        let sealed = sealed();
        assert!(
            !sealed
                .windows(4)
                .any(|part| SECRET.windows(4).any(|own| own == part))
        );
        assert_ne!(sealed, sealer().seal(b"amina", SECRET, [8; 32]).unwrap());
    }
}
