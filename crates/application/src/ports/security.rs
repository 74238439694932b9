use abu_domain::{
    SessionId, UserId,
    text::{LoginPassword, NewPassword, PersonalWords},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Hashes passwords. Its methods block for tens of milliseconds by design.
pub trait PasswordHasher: Send + Sync + 'static {
    /// The hash to keep, in modular crypt form.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    fn hash(
        &self,
        password: &NewPassword,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>>;

    /// Whether the password is the hash's. With `None` it takes as long as with a hash and says
    /// no, so that time does not tell whether there is an account.
    fn verify(&self, password: &LoginPassword, hash: Option<&str>) -> bool;
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
    ///
    /// # Errors
    /// [`PasswordWeakness`].
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
    pub session_id: SessionId,
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
        session: SessionId,
        token_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn std::error::Error + Send + Sync>>;

    /// What the token says, once its signature, time, issuer and audience are checked.
    ///
    /// # Errors
    /// [`TokenError`].
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError>;
}
