//! Where access tokens come from.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{ApiError, EndReason};

/// A future behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A token for `Authorization: Bearer …`, and how long it is good.
#[derive(Debug, Clone)]
pub struct AccessToken {
    secret: SecretString,
    good_until: Option<Instant>,
}

impl AccessToken {
    /// A token of which nobody knows how long it is good.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self {
            secret: token.into(),
            good_until: None,
        }
    }

    /// A token that is good for so long from now on: the `expires_in` of a log-in.
    pub fn lasting(token: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self {
            secret: token.into(),
            // Beyond what a clock can hold is as good as for ever.
            good_until: Instant::now().checked_add(lifetime),
        }
    }

    /// Whether it will be good for `margin` at least, as far as anybody knows.
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

/// Why there is no token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not now; asking again later may help.
    #[error("no token could be had: {0}")]
    NotNow(String),
    /// Never again: the chat ends with this reason.
    #[error(transparent)]
    Over(#[from] EndReason),
}

/// Gives access tokens, where the application keeps its log-ins itself. A closure without arguments
/// that answers with a future of a token is one.
pub trait TokenSource: Send + Sync + 'static {
    /// A token that is good for a minute at least. `refused` is one that the server refused or that is
    /// about to end: another one is needed.
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

/// For how long a token is good at least when it is used.
const MARGIN: Duration = Duration::from_secs(30);

/// The token of a log-in, renewed one request at a time however many need it.
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

    /// A token that is good for a while.
    pub(crate) async fn get(&self) -> Result<AccessToken, TokenError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if token.is_good_for(MARGIN) => Ok(token.clone()),
            _ => self.renew(&mut current).await,
        }
    }

    /// Another token than `refused`, which the server does not take or not for much longer. Whoever
    /// was faster may have got it already.
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

/// What a refused refresh means.
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
