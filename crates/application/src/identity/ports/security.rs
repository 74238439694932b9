use std::error::Error;

use abu_domain::{
    LoginSessionId, UserId,
    identity::text::{LoginPassword, NewPassword, PersonalWords, TotpCode},
    platform::text::EmailAddress,
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::platform::ports::{Ids, KeyAge};

/// Password hashing. Its methods block for tens of milliseconds by design.
pub trait PasswordHasher: Send + Sync + 'static {
    /// The hash in modular crypt form. Fails if the operating system provides no randomness.
    fn hash(&self, password: &NewPassword) -> Result<String, Box<dyn Error + Send + Sync>>;

    /// Compares in constant work: `None` costs the same time as a hash and is a mismatch. So the
    /// response time does not reveal whether an account exists.
    fn verify(&self, password: &LoginPassword, hash: Option<&str>) -> PasswordMatch;

    /// Hashes again a password whose hash is [outdated](PasswordMatch::Outdated). Fails if the
    /// operating system provides no randomness.
    fn rehash(&self, password: &LoginPassword) -> Result<String, Box<dyn Error + Send + Sync>>;
}

/// The result of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMatch {
    Wrong,
    Right,
    /// It matches; the hash is cheaper than new ones, or of the password as typed.
    Outdated,
}

impl PasswordMatch {
    pub fn is_right(self) -> bool {
        self != Self::Wrong
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordWeakness {
    /// Its estimated number of guesses is too low.
    #[error("is too easy to guess{}", .advice.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Guessable {
        /// Sentences for users about what makes it weak.
        advice: Option<String>,
    },
    /// It contains personal words of its owner.
    #[error("must not contain your name or your e-mail address")]
    Personal,
}

/// Password strength policy. Blocks for some milliseconds.
pub trait PasswordPolicy: Send + Sync + 'static {
    /// Judges a password of the user with these personal words.
    fn judge(
        &self,
        password: &NewPassword,
        personal: &PersonalWords,
    ) -> Result<(), PasswordWeakness>;
}

#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// A JWT.
    pub token: String,
    /// Lifetime in seconds.
    pub expires_in: u64,
}

/// The verified claims of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// `sub`.
    pub user_id: UserId,
    /// `sid`: the session that issued the token.
    pub session_id: LoginSessionId,
    /// `jti`.
    pub token_id: Uuid,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// This server issued it, and its lifetime has ended.
    #[error("the token has expired")]
    Expired,
    /// Malformed, from another issuer, or for another audience.
    #[error("the token is not valid")]
    Invalid,
}

pub trait AccessTokens: Send + Sync + 'static {
    /// Issues a token of the session, valid from `now`.
    fn issue(
        &self,
        user: UserId,
        session: LoginSessionId,
        token_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn Error + Send + Sync>>;

    /// The claims, after checks of signature, times, issuer and audience.
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError>;
}

/// Stateless refresh tokens. A token names a session and a number in its rotation. Each call
/// derives it again, always the same; no storage holds it.
pub trait RefreshTokens: Send + Sync + 'static {
    /// The token of that number.
    fn make(&self, session: LoginSessionId, number: u32) -> SecretString;

    /// Session and number of a token; `None` unless this server made it.
    fn read(&self, token: &SecretString) -> Option<(LoginSessionId, u32)>;
}

/// A new TOTP secret during enrollment.
#[derive(Clone, Debug)]
pub struct NewTotpSecret {
    /// Base32, for manual entry.
    pub base32: SecretString,
    /// `otpauth:` URI, for a QR code.
    pub uri: SecretString,
    /// Encrypted, for storage.
    pub sealed: Vec<u8>,
}

/// TOTP (RFC 6238). Its secrets must be readable again, so they are stored encrypted and bound to
/// their owner.
pub trait OneTimePasswords: Send + Sync + 'static {
    /// Generates a secret for the user; the authenticator app shows `shown_as` beside it.
    fn make(
        &self,
        user: UserId,
        shown_as: &EmailAddress,
        ids: &dyn Ids,
    ) -> Result<NewTotpSecret, Box<dyn Error + Send + Sync>>;

    /// The time step that the code belongs to: the current one or a neighbor. Fails unless the
    /// secret was encrypted here for this user.
    fn step_of(
        &self,
        code: &TotpCode,
        user: UserId,
        sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, Box<dyn Error + Send + Sync>>;
}

/// Re-encryption of TOTP secrets after a rotation of the key.
pub trait TotpSealing: Send + Sync + 'static {
    /// The key that the user's secret was encrypted with; `None` for neither.
    fn key_of(&self, user: UserId, sealed: &[u8]) -> Option<KeyAge>;

    /// Encrypts the user's secret with the current key. Fails where neither key opens it.
    fn seal_again(
        &self,
        user: UserId,
        sealed: &[u8],
        ids: &dyn Ids,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}
