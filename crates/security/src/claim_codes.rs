//! Codes of invitations: HMAC-SHA256 over the invitation's id, and a keyed hash of the code.

use abu_application::alumni::ports::ClaimCodes;
use abu_domain::{
    RecordInvitationId,
    alumni::claims::{ClaimCode, ClaimCodeHash},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::keys;

#[derive(Clone)]
pub struct HmacClaimCodes {
    current: Keys,
    /// Of the secret before a rotation: it reads and does not make.
    previous: Option<Keys>,
}

#[derive(Clone)]
struct Keys {
    codes: Hmac<Sha256>,
    hashes: Hmac<Sha256>,
}

impl Keys {
    fn of(secret: &[u8]) -> Self {
        Self {
            codes: keys::derived_hmac(secret, "abu-alumni-connect claim codes 1"),
            hashes: keys::derived_hmac(secret, "abu-alumni-connect hashes of claim codes 1"),
        }
    }

    fn code(&self, id: RecordInvitationId) -> ClaimCode {
        let mut mac = self.codes.clone();
        mac.update(id.uuid().as_bytes());
        ClaimCode::from_bits(&mac.finalize().into_bytes().into())
    }

    fn hash(&self, code: &ClaimCode) -> ClaimCodeHash {
        let mut mac = self.hashes.clone();
        mac.update(code.symbols().as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl HmacClaimCodes {
    pub fn new(secret: &[u8]) -> Self {
        Self {
            current: Keys::of(secret),
            previous: None,
        }
    }

    /// Also reads codes that were made before a rotation of the secret.
    #[must_use]
    pub fn accepting(mut self, previous: Option<&SecretString>) -> Self {
        self.previous = previous.map(|secret| Keys::of(secret.expose_secret().as_bytes()));
        self
    }

    fn keys(&self) -> impl Iterator<Item = &Keys> {
        [&self.current].into_iter().chain(&self.previous)
    }
}

impl ClaimCodes for HmacClaimCodes {
    fn code(&self, id: RecordInvitationId) -> ClaimCode {
        self.current.code(id)
    }

    fn hash(&self, code: &ClaimCode) -> ClaimCodeHash {
        self.current.hash(code)
    }

    fn hashes(&self, code: &ClaimCode) -> Vec<ClaimCodeHash> {
        self.keys().map(|keys| keys.hash(code)).collect()
    }

    fn recover(&self, id: RecordInvitationId, stored: &ClaimCodeHash) -> Option<ClaimCode> {
        self.keys().find_map(|keys| {
            let code = keys.code(id);
            let fits = keys.hash(&code).ct_eq(stored);
            bool::from(fits).then_some(code)
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> RecordInvitationId {
        RecordInvitationId::new(Uuid::from_u128(n))
    }

    #[test]
    fn each_secret_and_invitation_has_one_stable_code_and_hash() {
        let (one, other) = (HmacClaimCodes::new(b"one"), HmacClaimCodes::new(b"other"));
        let code = one.code(id(1));
        assert_eq!(code, HmacClaimCodes::new(b"one").code(id(1)));
        assert_ne!(code, one.code(id(2)));
        assert_ne!(code, other.code(id(1)));
        assert_ne!(one.hash(&code), other.hash(&code));
    }

    #[test]
    fn a_code_of_before_a_rotation_is_still_read() {
        let old = HmacClaimCodes::new(b"old");
        let (code, stored) = (old.code(id(1)), old.hash(&old.code(id(1))));
        let previous = SecretString::from("old");
        let rotated = HmacClaimCodes::new(b"new").accepting(Some(&previous));
        assert!(rotated.hashes(&code).contains(&stored));
        assert_eq!(rotated.recover(id(1), &stored), Some(code.clone()));
        let new = HmacClaimCodes::new(b"new");
        assert!(!new.hashes(&code).contains(&stored));
        assert_eq!(new.recover(id(1), &stored), None);
    }
}
