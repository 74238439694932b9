//! Access tokens: their sources, their expiry, and single-flight renewal.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{ApiError, EndReason};

/// A boxed future, as [`TokenSource`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A token for `Authorization: Bearer …`, with its expiry. `Debug` does not show the token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    good_until: Option<Instant>,
}

impl AccessToken {
    /// A token of unknown lifetime; the client uses it until the server rejects it.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self {
            secret: token.into(),
            good_until: None,
        }
    }

    /// A token that expires after `lifetime` from now: the `expires_in` of a login.
    pub fn lasting(token: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self {
            secret: token.into(),
            // An overflow of the clock counts as no expiry.
            good_until: Instant::now().checked_add(lifetime),
        }
    }

    /// Whether the token lasts longer than `margin` from now; true for an unknown lifetime.
    pub fn is_good_for(&self, margin: Duration) -> bool {
        self.good_until
            .is_none_or(|end| end.saturating_duration_since(Instant::now()) > margin)
    }

    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// Why a [`TokenSource`] has no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// A transient failure, with its cause for a person. The client retries.
    #[error("no token could be had: {0}")]
    NotNow(String),
    /// A permanent failure: the chat ends with this reason.
    #[error(transparent)]
    Over(#[from] EndReason),
}

/// A source of access tokens, for an application that manages its login sessions itself. Implemented for
/// `Fn() -> Future<Output = Result<AccessToken, TokenError>>`.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token that lasts for at least a minute. `refused` is a token that the server rejected or that is
    /// about to expire; return another one then. The client has at most one call in flight.
    ///
    /// # Errors
    /// [`TokenError`].
    fn token<'a>(
        &'a self,
        refused: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;
}

impl<F, A> TokenSource for F
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    fn token<'a>(
        &'a self,
        _refused: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin(self())
    }
}

/// The remaining lifetime below which a token is renewed before use.
const MARGIN: Duration = Duration::from_secs(30);

/// The access token of a login session. The lock makes the renewal single-flight: concurrent callers share it.
pub(crate) struct Tokens {
    source: Box<dyn TokenSource>,
    current: Mutex<Option<AccessToken>>,
}

impl Tokens {
    pub(crate) fn new(source: Box<dyn TokenSource>) -> Self {
        Self {
            source,
            current: Mutex::new(None),
        }
    }

    pub(crate) fn with(source: Box<dyn TokenSource>, current: AccessToken) -> Self {
        Self {
            source,
            current: Mutex::new(Some(current)),
        }
    }

    /// A token that lasts longer than [`MARGIN`].
    pub(crate) async fn get(&self) -> Result<AccessToken, TokenError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if token.is_good_for(MARGIN) => Ok(token.clone()),
            _ => self.renew(&mut current).await,
        }
    }

    /// A token other than `refused`, which the server rejects or soon will. A concurrent caller may have renewed
    /// it already.
    pub(crate) async fn other_than(
        &self,
        refused: &AccessToken,
    ) -> Result<AccessToken, TokenError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if !token.is(refused) && token.is_good_for(MARGIN) => Ok(token.clone()),
            _ => self.renew(&mut current).await,
        }
    }

    async fn renew(&self, current: &mut Option<AccessToken>) -> Result<AccessToken, TokenError> {
        let token = self.source.token(current.as_ref()).await?;
        *current = Some(token.clone());
        Ok(token)
    }
}

/// A refused refresh with 401, 403 or 422 is permanent; other failures are transient.
impl From<ApiError> for TokenError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused(problem) if matches!(problem.status, 401 | 403 | 422) => {
                Self::Over(EndReason::from_problem(&problem))
            }
            ApiError::Token(reason) => Self::Over(reason),
            error => Self::NotNow(error.to_string()),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Over(reason) => Self::Token(reason),
            TokenError::NotNow(what) => Self::Unreachable(what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_end_however_large_the_numbers_are() {
        let minute = Duration::from_secs(60);
        let token = AccessToken::lasting("token", minute);
        assert!(token.is_good_for(minute / 2) && !token.is_good_for(2 * minute));
        assert!(!token.is_good_for(Duration::MAX));
        assert!(!AccessToken::lasting("token", Duration::ZERO).is_good_for(Duration::ZERO));
        let endless = AccessToken::lasting("token", Duration::from_secs(u64::MAX));
        assert!(endless.is_good_for(minute));
        assert!(AccessToken::new("token").is_good_for(Duration::MAX));
    }

    #[test]
    fn a_token_shows_nothing_of_itself() {
        let shown = format!("{:?}", AccessToken::new("header.payload.signature"));
        assert!(!shown.contains("payload"), "{shown}");
    }
}
