//! SMTP delivery (RFC 5321) with connection reuse and one deadline for a whole delivery: name resolution, TCP,
//! TLS, authentication and the mail.

use std::{
    error::Error as StdError,
    future::Future,
    io::ErrorKind,
    time::{Duration, Instant},
};

use abu_application::platform::ports::{Mailer, MailerError, RenderedMail};
use lettre::{
    Address, Message,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
        response::Response,
    },
};
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use tokio::{
    runtime::{Builder, Runtime},
    time::{timeout, timeout_at},
};

use crate::{
    MailStartError,
    message::MessageForm,
    settings::{SmtpSecurity, SmtpSettings},
};

/// Deadline of the liveness probe of a kept connection.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Mail servers close connections after a longer silence, so the mailer does not reuse them.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Replies that concern this client and not the mail (RFC 5321, RFC 4954). The server is too busy,
/// shuts down, or demands authentication or encryption first.
const ABOUT_US: [&str; 6] = ["421", "454", "530", "534", "535", "538"];
/// Truncates stored failure reasons.
const MAX_REASON_CHARS: usize = 200;
/// Threads for name resolution, which no deadline can cancel.
const LOOKUPS: usize = 2;

/// Delivers to one SMTP server and keeps the connection for the next mail.
///
/// Uses `AsyncSmtpConnection`, because lettre's transports hide whether the server refuses the mail or this
/// client. The blocking connection bounds each read, so a server that sends a byte now and then holds it for ever.
pub(super) struct SmtpMailer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    timeout: Duration,
    hello: ClientId,
    form: MessageForm,
    resting: Mutex<Option<Resting>>,
    /// Its connections belong to this runtime.
    runtime: Background,
}

enum Security {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

struct Resting {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl SmtpMailer {
    /// Connects lazily. Fails where the certificate authority cannot be used.
    pub(super) fn new(settings: &SmtpSettings, form: MessageForm) -> Result<Self, MailStartError> {
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            security: match settings.security {
                SmtpSecurity::None => Security::None,
                SmtpSecurity::StartTls => Security::StartTls(tls(settings)?),
                SmtpSecurity::Tls => Security::Tls(tls(settings)?),
            },
            credentials: settings.log_in.as_ref().map(|log_in| {
                let password = log_in.password.expose_secret().to_owned();
                Credentials::new(log_in.username.clone(), password)
            }),
            timeout: settings.timeout,
            hello: ClientId::default(),
            form,
            resting: Mutex::new(None),
            runtime: Background::start()?,
        })
    }

    /// Sends a message before the deadline, and returns the server's reply to it. Blocks.
    pub(super) fn deliver(&self, message: &Message) -> Result<Response, Failure> {
        self.runtime.block_on(self.converse(message))
    }

    async fn converse(&self, message: &Message) -> Result<Response, Failure> {
        let deadline = tokio::time::Instant::now() + self.timeout;
        let mut connection = match timeout_at(deadline, self.connection()).await {
            Ok(connected) => connected?,
            Err(_elapsed) => return Err(Failure::too_long(Stage::Connecting)),
        };
        let formatted = message.formatted();
        let given = give(&mut connection, message.envelope(), &formatted);
        let given = match timeout_at(deadline, given).await {
            Ok(given) => given,
            Err(_elapsed) => Err(Failure::too_long(Stage::Begun)),
        };
        // After any reply the connection can take another mail.
        if given
            .as_ref()
            .map_or_else(|failure| failure.code.is_some(), |_reply| true)
        {
            *self.resting.lock() = Some(Resting {
                connection,
                since: Instant::now(),
            });
        }
        given
    }

    /// A connection that is ready for a mail: the kept one if it still answers, else a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        let resting = self.resting.lock().take();
        let usable = resting.filter(|resting| resting.since.elapsed() < LONGEST_REST);
        if let Some(Resting { mut connection, .. }) = usable {
            // `RSET` also discards a mail that was refused half way.
            let probe = timeout(PROBE_TIMEOUT, connection.command(Rset));
            if matches!(probe.await, Ok(Ok(_))) {
                return Ok(connection);
            }
        }
        let connected = self.connect().await;
        connected.map_err(|error| Failure::new(&error, Stage::Connecting))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapper = match &self.security {
            Security::Tls(parameters) => Some(parameters.clone()),
            Security::None | Security::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        // Of two addresses of the host, one may be dead.
        let share = Some(self.timeout / 2);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, share, &self.hello, wrapper, None).await?;
        if let Security::StartTls(parameters) = &self.security {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, rendered: &RenderedMail) -> Result<(), MailerError> {
        let message = self
            .form
            .message(rendered)
            .map_err(|error| MailerError::Permanent(error.to_string()))?;
        self.deliver(&message)?;
        Ok(())
    }
}

/// A runtime whose drop waits for nothing: a name may still be resolving.
struct Background(Option<Runtime>);

impl Background {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(LOOKUPS)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        #[expect(clippy::expect_used, reason = "only the drop takes the runtime")]
        let runtime = self.0.as_ref().expect("a runtime until the drop");
        runtime.block_on(work)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, Error> {
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(authority) = &settings.authority {
        parameters = parameters.add_root_certificate(authority.clone());
    }
    parameters.build()
}

/// Sends one mail. Once the server has accepted a sender, it serves this client, so its replies
/// concern the mail.
async fn give(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Response, Failure> {
    let parameters = mail_parameters(connection, envelope)?;
    let offer = Mail::new(envelope.from().cloned(), parameters);
    let offered = connection.command(offer).await;
    offered.map_err(|error| Failure::new(&error, Stage::Offering))?;
    let finished = finish(connection, envelope, message).await;
    finished.map_err(|error| Failure::new(&error, Stage::Begun))
}

async fn finish(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Response, Error> {
    for recipient in envelope.to() {
        connection
            .command(Rcpt::new(recipient.clone(), Vec::new()))
            .await?;
    }
    connection.command(Data).await?;
    connection.message(message).await
}

/// `SMTPUTF8` for addresses beyond ASCII (RFC 6531). All other parts of a mail are encoded in
/// ASCII.
fn mail_parameters(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
) -> Result<Vec<MailParameter>, Failure> {
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if envelope.to().iter().chain(envelope.from()).all(ascii) {
        return Ok(Vec::new());
    }
    let server = connection.server_info();
    match server.supports_feature(Extension::SmtpUtfEight) {
        true => Ok(vec![
            MailParameter::SmtpUtfEight,
            MailParameter::Body(MailBodyParameter::EightBitMime),
        ]),
        false => Err(Failure {
            code: Some("553".to_owned()),
            reason: "the mail server takes no address with letters beyond ASCII".to_owned(),
            reply: None,
            stage: Stage::Offering,
        }),
    }
}

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// The connection is ready, and no sender is accepted yet.
    Offering,
    /// The server has accepted a mail from this client.
    Begun,
}

/// A failure whose reason may be stored and shown: it quotes no reply, which may contain addresses.
#[derive(Debug)]
pub(super) struct Failure {
    /// The reply code, if the server replied.
    code: Option<String>,
    pub(super) reason: String,
    /// The text of the reply, for the operator alone.
    pub(super) reply: Option<String>,
    stage: Stage,
}

impl Failure {
    fn new(error: &Error, stage: Stage) -> Self {
        if let Some(code) = error.status() {
            let mut code = code.to_string();
            let said = error.source().map(ToString::to_string);
            if let Some(enhanced) = said.as_deref().and_then(enhanced_code) {
                code.push(' ');
                code.push_str(enhanced);
            }
            return Self {
                reason: format!("the mail server answered {code}"),
                code: Some(code),
                reply: said,
                stage,
            };
        }
        if timed_out(error) {
            return Self::too_long(stage);
        }
        // The error quotes the malformed reply.
        let reason = match error.is_response() {
            true => "the connection to the mail server broke".to_owned(),
            false => error.to_string(),
        };
        Self::without_answer(&reason, stage)
    }

    fn too_long(stage: Stage) -> Self {
        Self::without_answer("the mail server takes too long", stage)
    }

    fn without_answer(reason: &str, stage: Stage) -> Self {
        Self {
            code: None,
            reason: reason.chars().take(MAX_REASON_CHARS).collect(),
            reply: None,
            stage,
        }
    }
}

impl From<Failure> for MailerError {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason;
        match (failure.stage, failure.code.as_deref()) {
            (Stage::Connecting, _) => Self::Unreachable(reason),
            (Stage::Offering, Some(code)) if about_us(code) => Self::Unreachable(reason),
            // `Unreachable` would pause all mail, and a mail that always gets such a reply would
            // block the queue forever.
            (Stage::Begun, Some(code)) if about_us(code) => Self::Temporary(reason),
            (_, Some(code)) if code.starts_with('5') => Self::Permanent(reason),
            (_, Some(_) | None) => Self::Temporary(reason),
        }
    }
}

fn about_us(code: &str) -> bool {
    ABOUT_US.iter().any(|known| code.starts_with(known))
}

/// The enhanced status code (RFC 3463) that starts most replies.
fn enhanced_code(said: &str) -> Option<&str> {
    let word = said.split_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let number = |part: &&str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    (parts.len() == 3 && parts.iter().all(number)).then_some(word)
}

fn timed_out(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            // Sockets report a timeout as `WouldBlock`.
            return matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_code_decides_between_retry_dead_letter_and_pause() {
        let verdict = |code: &str, stage| {
            MailerError::from(Failure {
                code: Some(code.to_owned()),
                reason: String::new(),
                reply: None,
                stage,
            })
        };
        for code in ["450", "451 4.7.1", "452"] {
            let temporary = MailerError::Temporary(String::new());
            assert_eq!(verdict(code, Stage::Offering), temporary);
        }
        for code in ["550 5.1.1", "553", "554"] {
            for stage in [Stage::Offering, Stage::Begun] {
                assert_eq!(verdict(code, stage), MailerError::Permanent(String::new()));
            }
            let unreachable = MailerError::Unreachable(String::new());
            assert_eq!(verdict(code, Stage::Connecting), unreachable);
        }
        for code in ["421 4.3.2", "454", "530 5.7.0", "535"] {
            let unreachable = MailerError::Unreachable(String::new());
            assert_eq!(verdict(code, Stage::Offering), unreachable);
            let temporary = MailerError::Temporary(String::new());
            assert_eq!(verdict(code, Stage::Begun), temporary);
        }
    }

    #[test]
    fn only_the_code_of_a_reply_is_kept() {
        assert_eq!(
            enhanced_code("5.1.1 <amina@example.com>: unknown"),
            Some("5.1.1")
        );
        for said in [
            "",
            "amina@example.com",
            "5.1",
            "5.1.1.1",
            "5.1.1234",
            "a.b.c",
            "5..1",
        ] {
            assert_eq!(enhanced_code(said), None, "{said}");
        }
    }
}
