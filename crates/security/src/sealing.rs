//! What has to be read again, and must be of no use to whoever reads the database.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::SecretSlice;

use crate::keys;

/// What a sealed secret begins with, so that another way of sealing can be told from this one.
const VERSION: u8 = 1;
/// Long enough to be chosen at random.
const NONCE_BYTES: usize = 24;

/// Seals and opens secrets (XChaCha20-Poly1305).
#[derive(Clone)]
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
}

/// A secret could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SealError {
    /// It is too long.
    #[error("the secret cannot be sealed")]
    Seal,
    /// It was sealed with another key or for another owner, or was changed.
    #[error("a sealed secret does not open: auth.encryption_key is not the one it was sealed with")]
    Open,
}

impl Sealer {
    /// Seals with a key that is derived from `secret` by its label.
    pub(super) fn new(secret: &[u8], label: &str) -> Self {
        let key = Key::from(keys::derive(secret, label));
        Self {
            cipher: XChaCha20Poly1305::new(&key),
        }
    }

    /// Seals `secret` for `owner`: it opens for nobody else. `random` is used once.
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

    /// Opens what was sealed for `owner`.
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
    fn what_was_changed_or_cut_in_any_place_does_not_open() {
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
