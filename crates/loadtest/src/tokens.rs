//! Access tokens, signed with the key of the server under test.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use uuid::Uuid;

use crate::community;

const TOKEN_LIFETIME: Duration = Duration::from_secs(6 * 3_600);
/// Issuer and audience.
pub(crate) const ISSUER: &str = "abu-alumni-connect";

#[derive(Clone)]
pub(crate) struct Signer(EncodingKey);

/// Two random UUIDs have 244 bits of entropy.
pub(crate) fn new_secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

impl Signer {
    pub(crate) fn new(secret: &str) -> Self {
        Self(EncodingKey::from_secret(secret.as_bytes()))
    }

    pub(crate) fn token(&self, user: u32) -> jsonwebtoken::errors::Result<String> {
        #[derive(Serialize)]
        struct Claims {
            sub: Uuid,
            sid: Uuid,
            jti: Uuid,
            iss: &'static str,
            aud: &'static str,
            iat: u64,
            exp: u64,
        }
        let now = SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default()
            .as_secs();
        let claims = Claims {
            sub: community::user_id(user),
            sid: community::user_id(user),
            jti: Uuid::new_v4(),
            iss: ISSUER,
            aud: ISSUER,
            iat: now,
            exp: now + TOKEN_LIFETIME.as_secs(),
        };
        let header = Header::new(Algorithm::HS256);
        jsonwebtoken::encode(&header, &claims, &self.0)
    }
}
