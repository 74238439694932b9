//! JWT access tokens (RFC 7519), HS256 only: verification ignores the algorithm of the token's
//! header (RFC 8725, 3.1).

use std::{error::Error, time::Duration};

use abu_application::identity::ports::{AccessTokens, IssuedToken, TokenClaims, TokenError};
use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A token of this server has about 350 bytes. The bound limits the work for others.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Tolerated clock skew between servers, in seconds.
const CLOCK_SKEW: i64 = 60;

pub struct JwtTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Of the secret before a rotation: it verifies and does not sign.
    previous: Option<DecodingKey>,
    validation: Validation,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

/// All but `nbf` are required, and each is one value: a list of audiences is refused.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

impl JwtTokens {
    /// `lifetime` is rounded down to whole seconds.
    pub fn new(
        secret: &SecretString,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        lifetime: Duration,
    ) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "sub", "iss", "aud"]);
        // `verify` checks times against the caller's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            previous: None,
            validation,
            issuer,
            audience,
            lifetime,
        }
    }

    /// Also verifies tokens that the secret before a rotation signed.
    #[must_use]
    pub fn accepting(mut self, previous: Option<&SecretString>) -> Self {
        let key =
            |secret: &SecretString| DecodingKey::from_secret(secret.expose_secret().as_bytes());
        self.previous = previous.map(key);
        self
    }

    /// Tries the current key first, then the previous one: which of the two signed a token is no secret.
    fn decode(&self, token: &str) -> Result<TokenData<Claims>, TokenError> {
        let keys = [Some(&self.decoding), self.previous.as_ref()];
        keys.into_iter()
            .flatten()
            .find_map(|key| jsonwebtoken::decode(token, key, &self.validation).ok())
            .ok_or(TokenError::Invalid)
    }
}

impl AccessTokens for JwtTokens {
    fn issue(
        &self,
        user: UserId,
        session: LoginSessionId,
        token_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn Error + Send + Sync>> {
        let expires_in = self.lifetime.as_secs();
        let issued_at = now.timestamp();
        let claims = Claims {
            sub: user.uuid(),
            sid: session.uuid(),
            jti: token_id,
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            iat: issued_at,
            exp: issued_at.saturating_add_unsigned(expires_in),
            nbf: None,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?;
        Ok(IssuedToken { token, expires_in })
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let decoded = self.decode(token)?;
        // RFC 7515, 4.1.11: a recipient refuses critical extensions that it does not implement.
        if decoded.header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let claims = decoded.claims;
        let now = now.timestamp();
        let soon = now.saturating_add(CLOCK_SKEW);
        if claims.iat > soon || claims.nbf.is_some_and(|from| from > soon) {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(TokenClaims {
            user_id: UserId::new(claims.sub),
            session_id: LoginSessionId::new(claims.sid),
            token_id: claims.jti,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::Invalid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeDelta;
    use proptest::{prelude::any, prop_assert, proptest};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> JwtTokens {
        tokens_with(SECRET, "us", "them")
    }

    fn tokens_with(secret: &str, issuer: &str, audience: &str) -> JwtTokens {
        let lifetime = Duration::from_secs(60);
        JwtTokens::new(&SecretString::from(secret), issuer, audience, lifetime)
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()
    }

    fn issue(tokens: &JwtTokens) -> String {
        let user = UserId::new(Uuid::from_u128(1));
        let session = LoginSessionId::new(Uuid::from_u128(3));
        let id = Uuid::from_u128(2);
        tokens.issue(user, session, id, now()).unwrap().token
    }

    fn claims() -> Value {
        json!({
            "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(3), "jti": Uuid::from_u128(2),
            "iss": "us", "aud": "them",
            "iat": 1_800_000_000, "exp": 1_800_000_060,
        })
    }

    fn signed(claims: &Value) -> String {
        signed_as(Algorithm::HS256, claims)
    }

    fn signed_as(algorithm: Algorithm, claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn verify(token: &str) -> Result<TokenClaims, TokenError> {
        tokens().verify(token, now())
    }

    #[test]
    fn an_issued_token_verifies_until_its_last_second_ends() {
        let tokens = tokens();
        let token = issue(&tokens);
        let said = tokens.verify(&token, now()).unwrap();
        assert_eq!(said.user_id, UserId::new(Uuid::from_u128(1)));
        assert_eq!(said.session_id, LoginSessionId::new(Uuid::from_u128(3)));
        assert_eq!(said.token_id, Uuid::from_u128(2));
        assert_eq!(said.expires_at.timestamp(), 1_800_000_060);
        let at = |seconds| now() + TimeDelta::seconds(seconds);
        assert!(tokens.verify(&token, at(59)).is_ok());
        assert_eq!(tokens.verify(&token, at(60)), Err(TokenError::Expired));
    }

    #[test]
    fn every_claim_is_required() {
        assert!(verify(&signed(&claims())).is_ok());
        for claim in ["sub", "sid", "jti", "iss", "aud", "iat", "exp"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(claim);
            assert_eq!(
                verify(&signed(&without)),
                Err(TokenError::Invalid),
                "{claim}"
            );
        }
    }

    #[test]
    fn a_claim_of_another_value_or_type_is_refused() {
        for (claim, value) in [
            ("iss", json!("another")),
            ("iss", json!(["us"])),
            ("aud", json!("another")),
            ("aud", json!(["them"])),
            ("sub", json!("1")),
            ("sub", json!(1)),
            ("sid", json!("3")),
            ("jti", json!("")),
            ("exp", json!("1800000060")),
            ("exp", json!(1e300)),
            ("exp", json!(i64::MAX)),
            ("iat", json!(1_800_000_061)),
            ("nbf", json!(1_800_000_061)),
            ("nbf", json!("soon")),
        ] {
            let mut other = claims();
            other[claim] = value.clone();
            let refused = verify(&signed(&other));
            assert_eq!(refused, Err(TokenError::Invalid), "{claim} {value}");
        }
    }

    #[test]
    fn a_token_from_a_clock_one_minute_ahead_verifies() {
        let mut ahead = claims();
        ahead["iat"] = json!(1_800_000_060);
        ahead["nbf"] = json!(1_800_000_060);
        ahead["exp"] = json!(1_800_000_120);
        assert!(verify(&signed(&ahead)).is_ok());
    }

    #[test]
    fn tokens_of_another_secret_issuer_or_audience_are_refused() {
        for other in [
            tokens_with("another secret, just as long as ours", "us", "them"),
            tokens_with(SECRET, "another", "them"),
            tokens_with(SECRET, "us", "another"),
        ] {
            assert_eq!(verify(&issue(&other)), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn a_previous_secret_verifies_and_signs_nothing() {
        let next = "the secret after the rotation, of 40 byte";
        let previous = SecretString::from(SECRET);
        let rotated = tokens_with(next, "us", "them").accepting(Some(&previous));
        let old = issue(&tokens());
        assert!(rotated.verify(&old, now()).is_ok());
        let later = now() + TimeDelta::seconds(60);
        assert_eq!(rotated.verify(&old, later), Err(TokenError::Expired));
        let new = issue(&rotated);
        assert!(tokens_with(next, "us", "them").verify(&new, now()).is_ok());
        assert_eq!(verify(&new), Err(TokenError::Invalid));
        let third = issue(&tokens_with(
            "a secret of neither, which is long",
            "us",
            "them",
        ));
        assert_eq!(rotated.verify(&third, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn an_expired_token_with_a_wrong_signature_is_not_called_expired() {
        let other = tokens_with("another secret, just as long as ours", "us", "them");
        let later = now() + TimeDelta::days(1);
        let refused = tokens().verify(&issue(&other), later);
        assert_eq!(refused, Err(TokenError::Invalid));
    }

    #[test]
    fn no_other_algorithm_is_accepted_even_with_our_secret() {
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let token = signed_as(algorithm, &claims());
            assert_eq!(verify(&token), Err(TokenError::Invalid), "{algorithm:?}");
        }
    }

    #[test]
    fn a_header_with_no_or_a_foreign_algorithm_is_refused() {
        let ours = signed(&claims());
        let mut parts = ours.split('.').skip(1);
        let (payload, signature) = (parts.next().unwrap(), parts.next().unwrap());
        for algorithm in [
            "none", "None", "NONE", "", "RS256", "ES256", "EdDSA", "hs256",
        ] {
            let header = json!({ "typ": "JWT", "alg": algorithm }).to_string();
            let header = URL_SAFE_NO_PAD.encode(header);
            for signature in [signature, ""] {
                let token = format!("{header}.{payload}.{signature}");
                assert_eq!(verify(&token), Err(TokenError::Invalid), "{algorithm}");
            }
        }
    }

    #[test]
    fn a_token_with_critical_extensions_is_refused() {
        for critical in [json!(["b64"]), json!(["exp"]), json!([]), json!("exp")] {
            let header = json!({ "typ": "JWT", "alg": "HS256", "crit": critical });
            let [header, payload] =
                [header, claims()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
            let message = format!("{header}.{payload}");
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            let signature =
                jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            let token = format!("{message}.{signature}");
            assert_eq!(verify(&token), Err(TokenError::Invalid), "{critical}");
        }
    }

    #[test]
    fn one_changed_character_makes_a_token_invalid() {
        let token = issue(&tokens());
        // The last character of each part may have bits that do not count.
        for index in [1, token.find('.').unwrap() + 2, token.len() - 2] {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(verify(&changed), Err(TokenError::Invalid), "{changed}");
        }
    }

    #[test]
    fn text_that_is_no_token_is_refused() {
        let long = format!("{}.e30.e30", "A".repeat(1 << 20));
        for text in [
            "", ".", "..", "...", "a.b.c", "eyJ.eyJ.", "\0", "é.é.é", &long,
        ] {
            assert_eq!(verify(text), Err(TokenError::Invalid));
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_by_chance(text in any::<String>(), part in "[A-Za-z0-9_-]{0,80}") {
            let shaped_like_one = format!("eyJhbGciOiJIUzI1NiJ9.{part}.{part}");
            prop_assert!(verify(&text).is_err());
            prop_assert!(verify(&shaped_like_one).is_err());
        }
    }
}
