use std::error::Error;

use abu_domain::{
    LoginSessionId, UserId,
    text::{EmailAddress, LoginPassword, NewPassword, PersonalWords, TotpCode},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::Ids;

/// Hashes passwords. Its methods block for tens of milliseconds by design.
pub trait PasswordHasher: Send + Sync + 'static {
    /// The hash to keep, in modular crypt form.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    fn hash(&self, password: &NewPassword) -> Result<String, Box<dyn Error + Send + Sync>>;

    /// Whether the password is the hash's. With `None` it takes as long as with a hash and says
    /// no, so that time does not tell whether there is an account.
    fn verify(&self, password: &LoginPassword, hash: Option<&str>) -> bool;

    /// Whether the hash costs a guesser less than those that are made now. Does not block.
    fn needs_rehash(&self, hash: &str) -> bool;

    /// The hash to keep in place of one that [needs it](Self::needs_rehash), of the password that was
    /// just found to be its.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    fn rehash(&self, password: &LoginPassword) -> Result<String, Box<dyn Error + Send + Sync>>;
}

/// Why a password is not good enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordWeakness {
    /// A program would guess it too soon.
    #[error("is too easy to guess{}", .advice.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Guessable {
        /// What is wrong with it, in sentences for people.
        advice: Option<String>,
    },
    /// It holds what others know of its owner.
    #[error("must not contain your name or your e-mail address")]
    Personal,
}

/// Judges passwords. Blocks for some milliseconds.
pub trait PasswordPolicy: Send + Sync + 'static {
    /// Whether somebody of whom `personal` is known may have this password.
    fn judge(
        &self,
        password: &NewPassword,
        personal: &PersonalWords,
    ) -> Result<(), PasswordWeakness>;
}

/// An access token as handed out.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The JWT.
    pub token: String,
    /// For how long it is good, in seconds.
    pub expires_in: u64,
}

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// Whose it is.
    pub user_id: UserId,
    /// The log-in that it came of.
    pub session_id: LoginSessionId,
    /// Its own id.
    pub token_id: Uuid,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was ours, and its time is over.
    #[error("the token has expired")]
    Expired,
    /// Not a token, not ours, or not for this.
    #[error("the token is not valid")]
    Invalid,
}

/// Makes and reads access tokens.
pub trait AccessTokens: Send + Sync + 'static {
    /// A token for the user's session, good from `now` on.
    ///
    /// # Errors
    /// Where signing fails.
    fn issue(
        &self,
        user: UserId,
        session: LoginSessionId,
        token_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn Error + Send + Sync>>;

    /// What the token says, once its signature, time, issuer and audience are checked.
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError>;
}

/// Makes and reads refresh tokens. A token names a log-in and its own number in the line of tokens that
/// come of it. It is made anew whenever it is needed, always the same, and stored nowhere.
pub trait RefreshTokens: Send + Sync + 'static {
    /// The token of that number.
    fn make(&self, session: LoginSessionId, number: u32) -> SecretString;

    /// What the token names; `None` where it was not made here.
    fn read(&self, token: &SecretString) -> Option<(LoginSessionId, u32)>;
}

/// A secret that a device is about to be given, for one-time passwords.
#[derive(Clone, Debug)]
pub struct NewTotpSecret {
    /// In base32, for typing.
    pub base32: SecretString,
    /// As the address that a QR code holds.
    pub uri: SecretString,
    /// As it is stored.
    pub sealed: Vec<u8>,
}

/// One-time passwords (RFC 6238), and the secrets behind them: they are read again and again, so they
/// are stored sealed, each of use to its owner alone.
pub trait OneTimePasswords: Send + Sync + 'static {
    /// A new secret for the user, whose device shows it under this address.
    ///
    /// # Errors
    /// Where it cannot be sealed.
    fn make(
        &self,
        user: UserId,
        shown_as: &EmailAddress,
        ids: &dyn Ids,
    ) -> Result<NewTotpSecret, Box<dyn Error + Send + Sync>>;

    /// The time step whose one-time password this is, of the one that runs and its two neighbors.
    ///
    /// # Errors
    /// Where the secret was not sealed here for this user.
    fn step_of(
        &self,
        code: &TotpCode,
        user: UserId,
        sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, Box<dyn Error + Send + Sync>>;
}
