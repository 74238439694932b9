//! Where the server is, and how the client behaves.

use std::{fmt, sync::Arc, time::Duration};

use secrecy::SecretString;

use crate::{
    BuildError, LogIn, LogInError, Session, TokenSource,
    backoff::Backoff,
    http::{Address, Rest, Transport, Trust},
};

/// Far beyond any use, and within what a queue can be made for.
const LONGEST_EVENT_QUEUE: usize = 1_000_000;

/// Called with each refresh token that takes the place of the one before.
pub(crate) type RefreshHook = Arc<dyn Fn(&SecretString) + Send + Sync>;

/// A server, and how to behave towards it. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What all that comes of a client shares.
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

/// Makes a [`Client`]. Everything but the address has a default.
#[must_use]
pub struct ClientBuilder {
    url: String,
    settings: Settings,
    trust: Trust,
}

impl Shared {
    /// Tells the application the newest refresh token.
    pub(crate) fn tell_refresh_token(&self, token: &SecretString) {
        if let Some(keep) = &self.settings.on_refresh_token {
            keep(token);
        }
    }
}

impl Client {
    /// A client of the server at `url`, with all defaults.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn new(url: impl Into<String>) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// Begins a client of the server at `url`: `https://alumni.example.org`, or with a path where a
    /// proxy has the server under one.
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

    /// Logs in with an e-mail address and a password.
    ///
    /// # Errors
    /// [`LogInError`]; at [`OneTimePasswordNeeded`](LogInError::OneTimePasswordNeeded) ask for one and
    /// log in again.
    pub async fn log_in(&self, log_in: LogIn) -> Result<Session, LogInError> {
        Session::begin(Arc::clone(&self.shared), log_in).await
    }

    /// Goes on with a log-in of before, by the newest refresh token of it. Nothing is asked yet: a
    /// token that is good no more shows at the first request.
    ///
    /// The token is exchanged for its successor then. Should that answer be lost, the session asks for
    /// it again for 25 seconds: for 30 the server gives the same answer. A process that ends in
    /// between, or a connection that stays away longer, leaves open whether the token was used. It is
    /// tried all the same, and where it was used the log-in ends with
    /// [`TokenStolen`](crate::EndReason::TokenStolen): log in again.
    pub fn resume(&self, refresh_token: impl Into<SecretString>) -> Session {
        Session::resume(Arc::clone(&self.shared), refresh_token.into())
    }

    /// Uses the tokens of an application that keeps its log-ins itself.
    pub fn with_tokens(&self, source: impl TokenSource) -> Session {
        Session::with_tokens(Arc::clone(&self.shared), Box::new(source))
    }
}

impl ClientBuilder {
    /// What the person sees in their list of log-ins: "Amina's laptop".
    pub fn device_name(mut self, name: impl Into<String>) -> Self {
        self.settings.device_name = Some(name.into());
        self
    }

    /// How long a request over the chat may take, reconnects included, before it is
    /// [`TimedOut`](crate::RequestError::TimedOut). Default: 30 seconds.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.settings.request_timeout = limit;
        self
    }

    /// How long one attempt to connect may take, and one request over HTTP. Default: 15 seconds.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// How long to wait before connecting again: a random time between nothing and a ceiling (full
    /// jitter). The ceiling is `first` after the first failure, doubles with each further one in a
    /// row, and is never above `longest`. Default: 1 second and 30 seconds; neither is more than a
    /// day.
    ///
    /// - Where the server says how long to stay away, the random time comes on top of that.
    /// - Failures are counted anew after a connection that lasted as long as the ceiling at least:
    ///   one that is cut off sooner counts as one more.
    /// - After close code 1008 the ceiling is that of the fourth failure at least.
    /// - After 4001, an expired token, the next attempt follows at once, unless there were failures
    ///   before.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.backoff = Backoff::new(first, longest);
        self
    }

    /// How many events may wait for the application, at least 1 and at most a million. Default: 256.
    pub fn event_queue(mut self, capacity: usize) -> Self {
        self.settings.event_queue = capacity.clamp(1, LONGEST_EVENT_QUEUE);
        self
    }

    /// Does not tell others that the user is online.
    pub fn invisible(mut self) -> Self {
        self.settings.announces_presence = false;
        self
    }

    /// Is called with each new refresh token, before anything else is done with the answer it came
    /// in. Whoever wants to [`resume`](Client::resume) after a restart writes it down there, in the
    /// place of the one before: an old one ends the log-in.
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
    /// It runs on the runtime's thread, so it should be quick. Where it panics, the session still has
    /// the new token and goes on with it, and whoever asked for an access token is told that there is
    /// none now; where it panics during [`log_in`](Client::log_in), the panic goes through.
    pub fn on_refresh_token(
        mut self,
        keep: impl Fn(&SecretString) + Send + Sync + 'static,
    ) -> Self {
        self.settings.on_refresh_token = Some(Arc::new(keep));
        self
    }

    /// Trusts the certificates in this PEM file as well as the system's authorities: an authority of
    /// an operator's own. May be called more than once.
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

    /// Trusts by these rules alone. This and [`root_certificate`](Self::root_certificate) take each
    /// other's place: whichever is called last counts.
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.trust = Trust::Rules(config);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`BuildError`].
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
        // What is no good address may have a password in it.
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
