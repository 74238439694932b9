//! Single-purpose tokens for links in mails: HMAC-SHA256 over purpose and id.

use abu_application::identity::ports::{LinkPurpose, LinkTokens};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::keys;

#[derive(Clone)]
pub struct HmacLinkTokens {
    mac: Hmac<Sha256>,
}

impl HmacLinkTokens {
    pub fn new(secret: &[u8]) -> Self {
        Self {
            mac: keys::derived_hmac(secret, "abu-alumni-connect links in mails 1"),
        }
    }
}

impl LinkTokens for HmacLinkTokens {
    fn token(&self, purpose: LinkPurpose, id: Uuid) -> [u8; 32] {
        let mut mac = self.mac.clone();
        // The id has a fixed length, so no two pairs of purpose and id give the same input.
        mac.update(purpose.name().as_bytes());
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_secret_purpose_and_id_has_one_stable_token() {
        let mut seen = BTreeSet::new();
        for secret in [b"one secret", b"or another"] {
            for &purpose in LinkPurpose::ALL {
                for id in [Uuid::from_u128(1), Uuid::from_u128(2)] {
                    let token = HmacLinkTokens::new(secret).token(purpose, id);
                    assert_eq!(token, HmacLinkTokens::new(secret).token(purpose, id));
                    assert!(seen.insert(token), "{purpose:?} {id}");
                }
            }
        }
        assert_eq!(seen.len(), 4 * LinkPurpose::ALL.len());
    }
}
