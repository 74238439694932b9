//! Refresh-token rotation with retries inside the server's grace period (RFC 9700, 4.14).
//!
//! For 30 seconds after its first use the server answers a refresh token with the same successor. After that, reuse
//! detection revokes the login session. The client therefore retries a refresh with a lost answer within a shorter
//! window, which starts when the token is first sent. After the window the client cannot know whether the server
//! used the token. It tries the token once more, since without a successor the login session is lost anyway.

use std::{sync::Arc, time::Duration};

use hyper::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    AccessToken, ApiError, BoxFuture, TokenError, TokenSource, client::Shared, http::Call,
};

/// The retry window after the first attempt: 5 seconds shorter than the server's grace period, to allow for
/// latency.
const WINDOW: Duration = Duration::from_secs(25);

/// The maximum timeout of one attempt, so that the window has room for several.
const LONGEST_TRY: Duration = Duration::from_secs(10);

/// The minimum timeout of one attempt; none starts with less time left.
const SHORTEST_TRY: Duration = Duration::from_secs(2);

/// The maximum delay before the second attempt; it doubles with each further one (full jitter).
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The token fields of the answers to a login and to a refresh.
#[derive(Deserialize)]
pub(crate) struct TokenPair {
    access_token: SecretString,
    expires_in: u64,
    refresh_token: SecretString,
}

/// The token source of a login session.
pub(crate) struct RefreshTokens {
    state: Arc<State>,
}

struct State {
    shared: Arc<Shared>,
    newest: Mutex<Newest>,
}

/// The newest refresh token.
struct Newest {
    token: SecretString,
    used: Use,
}

/// Whether the server may have used a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Use {
    /// The time at which the token was first sent, if no answer has settled its use.
    may_be_since: Option<Instant>,
}

impl RefreshTokens {
    pub(crate) fn from_token(shared: Arc<Shared>, token: SecretString) -> Self {
        let newest = Mutex::new(Newest::new(token));
        Self {
            state: Arc::new(State { shared, newest }),
        }
    }

    /// The source and the first access token of a new login session.
    pub(crate) fn of(shared: Arc<Shared>, pair: TokenPair) -> (Self, AccessToken) {
        let (token, newest) = pair.into_parts();
        let tokens = Self::from_token(Arc::clone(&shared), newest.clone());
        shared.tell_refresh_token(&newest);
        (tokens, token)
    }
}

impl TokenPair {
    fn into_parts(self) -> (AccessToken, SecretString) {
        let lifetime = Duration::from_secs(self.expires_in);
        let token = AccessToken::lasting(self.access_token, lifetime);
        (token, self.refresh_token)
    }
}

impl TokenSource for RefreshTokens {
    fn token<'a>(
        &'a self,
        _refused: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        let state = Arc::clone(&self.state);
        Box::pin(async move {
            // A task of its own survives a cancelled caller: a lost answer may lose the login session.
            match tokio::spawn(async move { state.refresh().await }).await {
                Ok(token) => token,
                Err(error) if error.is_panic() => Err(TokenError::NotNow(
                    "the hook for refresh tokens panicked".to_owned(),
                )),
                Err(_) => Err(TokenError::NotNow("the refresh was broken off".to_owned())),
            }
        })
    }
}

impl State {
    async fn refresh(&self) -> Result<AccessToken, TokenError> {
        let mut newest = self.newest.lock().await;
        let pair = newest.exchange(&self.shared).await?;
        let (token, successor) = pair.into_parts();
        // Stored before the hook runs, since the application's hook may panic.
        *newest = Newest::new(successor.clone());
        self.shared.tell_refresh_token(&successor);
        Ok(token)
    }
}

impl Newest {
    fn new(token: SecretString) -> Self {
        Self {
            token,
            used: Use::default(),
        }
    }

    /// Exchanges the token for its successor: retries until an answer settles its use or the window ends.
    async fn exchange(&mut self, shared: &Shared) -> Result<TokenPair, ApiError> {
        let body = json!({"refresh_token": self.token.expose_secret()});
        let call = Call::new(Method::POST, "/auth/refresh").body(&body);
        if self.used.is_beyond_the_window(Instant::now()) {
            log::warn!("the answer to a refresh was lost, and it is late to ask for it again");
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let timeout = self.used.try_timeout(Instant::now());
            let (answer, sent_at) = shared.rest.call_noting(call.clone(), timeout).await;
            let pair = answer.and_then(|answer| answer.json());
            if !pair.as_ref().is_err_and(leaves_open_whether_it_was_done) {
                return pair;
            }
            self.used.note(sent_at);
            let pause_now = pause.mul_f64(rand::random());
            if !self.used.may_be_tried_at(Instant::now() + pause_now) {
                return pair;
            }
            sleep(pause_now).await;
            pause *= 2;
        }
    }
}

impl Use {
    /// Records an attempt with a lost answer.
    fn note(&mut self, sent_at: Option<Instant>) {
        self.may_be_since = self.may_be_since.or(sent_at);
    }

    fn try_timeout(self, now: Instant) -> Duration {
        match self.window_end() {
            Some(end) if end > now => (end - now).clamp(SHORTEST_TRY, LONGEST_TRY),
            _ => LONGEST_TRY,
        }
    }

    /// Whether a retry at `time` is inside the window. A token that was never sent has no window: the next caller
    /// tries it.
    fn may_be_tried_at(self, time: Instant) -> bool {
        self.window_end()
            .is_some_and(|end| time + SHORTEST_TRY <= end)
    }

    fn is_beyond_the_window(self, now: Instant) -> bool {
        self.window_end().is_some_and(|end| end < now)
    }

    fn window_end(self) -> Option<Instant> {
        self.may_be_since.map(|since| since + WINDOW)
    }
}

/// Whether the server may have used the token despite the error.
fn leaves_open_whether_it_was_done(error: &ApiError) -> bool {
    match error {
        ApiError::Unreachable(_) | ApiError::TimedOut | ApiError::NotUnderstood => true,
        ApiError::Refused(problem) => problem.status >= 500,
        ApiError::Token(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's grace period.
    const GRACE: Duration = Duration::from_secs(30);

    #[test]
    fn retries_of_a_refresh_end_before_the_servers_grace_period() {
        let began = Instant::now();
        let mut now = began;
        let mut used = Use::default();
        let mut tries = 0;
        let mut pause = FIRST_PAUSE;
        loop {
            let timeout = used.try_timeout(now);
            used.note(Some(now));
            now += timeout;
            tries += 1;
            assert!(now < began + GRACE);
            if !used.may_be_tried_at(now + pause) {
                break;
            }
            now += pause;
            pause *= 2;
        }
        assert!(tries >= 3, "{tries}");
    }

    #[test]
    fn the_retry_window_starts_at_the_first_attempt_of_any_call() {
        let first = Instant::now();
        let mut used = Use::default();
        used.note(Some(first));
        used.note(Some(first + WINDOW / 2));
        assert_eq!(used.may_be_since, Some(first));
        assert!(used.may_be_tried_at(first + WINDOW / 2));
        assert!(!used.may_be_tried_at(first + WINDOW));
        assert!(!used.is_beyond_the_window(first + WINDOW));
        assert!(used.is_beyond_the_window(first + 2 * WINDOW));
    }

    #[test]
    fn beyond_the_window_the_token_is_tried_once() {
        let first = Instant::now();
        let mut used = Use::default();
        used.note(Some(first));
        let late = first + 2 * WINDOW;
        assert_eq!(used.try_timeout(late), LONGEST_TRY);
        assert!(!used.may_be_tried_at(late));
    }

    #[test]
    fn a_refresh_that_was_never_sent_is_not_retried() {
        let mut used = Use::default();
        used.note(None);
        assert!(!used.may_be_tried_at(Instant::now()));
        assert_eq!(used, Use::default());
    }

    #[test]
    fn only_a_refusal_below_500_settles_whether_a_token_was_used() {
        let refused = |status| {
            let body = format!(r#"{{"status": {status}}}"#);
            ApiError::Refused(serde_json::from_str(&body).unwrap())
        };
        for open in [
            ApiError::TimedOut,
            ApiError::NotUnderstood,
            ApiError::Unreachable(String::new()),
            refused(502),
        ] {
            assert!(leaves_open_whether_it_was_done(&open), "{open:?}");
        }
        for known in [refused(401), refused(429)] {
            assert!(!leaves_open_whether_it_was_done(&known), "{known:?}");
        }
    }
}
