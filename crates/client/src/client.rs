//! Client configuration: the server's base URL, timeouts, back-off, queue size, TLS trust.

use std::{fmt, sync::Arc, time::Duration};

use secrecy::SecretString;

use crate::{
    BuildError, LogIn, LogInError, Session, TokenSource,
    backoff::Backoff,
    http::{Address, Rest, Transport, Trust},
};

/// Far beyond any use, and below the capacity at which `mpsc::channel` panics.
const LONGEST_EVENT_QUEUE: usize = 1_000_000;

/// Called with each rotated refresh token.
pub(crate) type RefreshHook = Arc<dyn Fn(&SecretString) + Send + Sync>;

/// A client of one server, with its settings. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// The state that a client shares with its sessions and chats.
pub(crate) struct Shared {
    pub(crate) rest: Rest,
    pub(crate) settings: Settings,
}

pub(crate) struct Settings {
    pub(crate) device_name: Option<String>,
    pub(crate) request_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) event_queue: usize,
    pub(crate) announces_presence: bool,
    pub(crate) on_refresh_token: Option<RefreshHook>,
}

/// Builds a [`Client`]. Every setting except the base URL has a default.
#[must_use]
pub struct ClientBuilder {
    url: String,
    settings: Settings,
    trust: Trust,
}

impl Shared {
    /// Passes the newest refresh token to the application's hook.
    pub(crate) fn tell_refresh_token(&self, token: &SecretString) {
        if let Some(keep) = &self.settings.on_refresh_token {
            keep(token);
        }
    }
}

impl Client {
    /// A client of the server at `url`, with all defaults. For the form of `url` see
    /// [`builder`](Self::builder).
    ///
    /// # Errors
    /// As [`build`](ClientBuilder::build).
    pub fn new(url: impl Into<String>) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// Starts to configure a client of the server at `url`: `https://alumni.example.org`, with a path where a
    /// reverse proxy serves the backend under one.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: url.into(),
            settings: Settings {
                device_name: None,
                request_timeout: Duration::from_secs(30),
                connect_timeout: Duration::from_secs(15),
                backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(30)),
                event_queue: 256,
                announces_presence: true,
                on_refresh_token: None,
            },
            trust: Trust::Roots(Vec::new()),
        }
    }

    /// Authenticates with an e-mail address and a password, and begins a login session.
    ///
    /// Contract: `docs/accounts.md`, "Log in".
    ///
    /// # Errors
    /// [`LogInError`]. After [`OneTimePasswordNeeded`](LogInError::OneTimePasswordNeeded) log in again with a
    /// one-time password.
    pub async fn log_in(&self, log_in: LogIn) -> Result<Session, LogInError> {
        Session::begin(Arc::clone(&self.shared), log_in).await
    }

    /// Resumes an earlier login session with its newest refresh token. This sends nothing: the first request
    /// fails where the token is no longer valid.
    ///
    /// The first request exchanges the token for its successor (rotation). If that answer is lost, the session
    /// retries for 25 seconds; the server repeats the same answer for 30. After a longer outage, or in another
    /// process, the client cannot know whether the server has used the token. It still tries the token once. If
    /// the server has used it, reuse detection ends the login session with
    /// [`TokenStolen`](crate::EndReason::TokenStolen): log in again.
    ///
    /// Contract: `docs/accounts.md`, "Refresh the access token".
    pub fn resume(&self, refresh_token: impl Into<SecretString>) -> Session {
        Session::resume(Arc::clone(&self.shared), refresh_token.into())
    }

    /// A session with access tokens from `source`, for an application that manages its login sessions itself.
    pub fn with_tokens(&self, source: impl TokenSource) -> Session {
        Session::with_tokens(Arc::clone(&self.shared), Box::new(source))
    }
}

impl ClientBuilder {
    /// The device name in the user's list of login sessions, such as "Amina's laptop". Default: none.
    pub fn device_name(mut self, name: impl Into<String>) -> Self {
        self.settings.device_name = Some(name.into());
        self
    }

    /// The timeout of a request over the chat, reconnects included; after it the request fails with
    /// [`TimedOut`](crate::RequestError::TimedOut). Default: 30 seconds.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.settings.request_timeout = limit;
        self
    }

    /// The timeout of one HTTP request, of a WebSocket handshake, and of the `welcome` after it. Default:
    /// 15 seconds each.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// The delay before a reconnect: random between zero and a ceiling (full jitter). The ceiling is `first`
    /// after the first failure, doubles with each consecutive one, and never exceeds `longest`. Default:
    /// 1 second and 30 seconds; both are capped at one day.
    ///
    /// - A `Retry-After` of the server is added to the random delay.
    /// - A connection that lasts at least as long as the ceiling resets the failures. A shorter one counts as
    ///   another failure.
    /// - After close code 1008 the ceiling is at least that of the fourth failure.
    /// - After 4001, an expired token, the next attempt follows at once, unless failures preceded it.
    ///
    /// Contract: `docs/chat-protocol.md`, "Handle close codes".
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.backoff = Backoff::new(first, longest);
        self
    }

    /// The capacity of the event queue, in events: 1 to 1,000,000. Default: 256.
    pub fn event_queue(mut self, capacity: usize) -> Self {
        self.settings.event_queue = capacity.clamp(1, LONGEST_EVENT_QUEUE);
        self
    }

    /// Sends no `chat-join`, so that other users do not see this one as online. Default: visible.
    pub fn invisible(mut self) -> Self {
        self.settings.announces_presence = false;
        self
    }

    /// Sets a hook that runs with each new refresh token, before the client uses the rest of the answer. Store
    /// the token there, in place of the previous one, to [`resume`](Client::resume) after a restart. Reuse of an
    /// old token ends the login session.
    ///
    /// Contract: `docs/accounts.md`, "Refresh the access token".
    ///
    /// ```
    /// use abu_chat_client::{Client, secrecy::ExposeSecret};
    ///
    /// # fn keep(_token: &str) {}
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("http://localhost:8080")
    ///     .on_refresh_token(|token| keep(token.expose_secret()))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The hook runs on a runtime thread, so it must not block for long. If it panics during a refresh, the
    /// session keeps the new token. The call that needed an access token fails as if none were available now.
    /// A panic during [`log_in`](Client::log_in) propagates.
    pub fn on_refresh_token(
        mut self,
        keep: impl Fn(&SecretString) + Send + Sync + 'static,
    ) -> Self {
        self.settings.on_refresh_token = Some(Arc::new(keep));
        self
    }

    /// Adds the certificate authorities of this PEM text to those of the system, for a private authority.
    /// Repeatable. With an `https://` URL, [`build`](Self::build) fails for an invalid PEM.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let pem = pem.into();
        self.trust = match self.trust {
            Trust::Roots(mut roots) => {
                roots.push(pem);
                Trust::Roots(roots)
            }
            Trust::Rules(_) => Trust::Roots(vec![pem]),
        };
        self
    }

    /// Sets the whole TLS configuration. It replaces earlier calls of
    /// [`root_certificate`](Self::root_certificate), and a later call of that replaces it.
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.trust = Trust::Rules(config);
        self
    }

    /// Builds the client; opens no connection.
    ///
    /// # Errors
    /// [`BuildError`] for an invalid URL or certificate, or a system without certificates.
    pub fn build(self) -> Result<Client, BuildError> {
        let address = Address::parse(&self.url).ok_or(BuildError::BadUrl)?;
        let transport = Transport::new(address, self.trust)?;
        let rest = Rest::new(transport, self.settings.connect_timeout);
        Ok(Client {
            shared: Arc::new(Shared {
                rest,
                settings: self.settings,
            }),
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", self.shared.rest.address())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An invalid URL may contain a password, so only a parsed one is shown.
        f.debug_struct("ClientBuilder")
            .field("address", &Address::parse(&self.url))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_does_not_show_the_password_of_a_wrong_address() {
        let builder = Client::builder("https://amina:samaru@localhost");
        assert!(!format!("{builder:?}").contains("samaru"));
        assert!(matches!(builder.build(), Err(BuildError::BadUrl)));
    }

    #[test]
    fn no_setting_is_too_large() {
        let built = Client::builder("http://localhost")
            .request_timeout(Duration::MAX)
            .connect_timeout(Duration::MAX)
            .backoff(Duration::MAX, Duration::MAX)
            .event_queue(usize::MAX)
            .build();
        let session = built.unwrap().resume("token");
        assert_eq!(session.shared.settings.event_queue, LONGEST_EVENT_QUEUE);
    }
}
