//! SMTP delivery (RFC 5321) with connection reuse and a deadline per mail.

use std::{
    error::Error as StdError,
    io::ErrorKind,
    time::{Duration, Instant},
};

use abu_application::platform::ports::{Mailer, MailerError, RenderedMail};
use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{SmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use parking_lot::Mutex;
use secrecy::ExposeSecret;

use crate::message::MessageForm;
use crate::settings::{SmtpSecurity, SmtpSettings};

/// Deadline of the liveness probe of a kept connection.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Mail servers close connections after a longer silence, so the mailer does not reuse them.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Replies that concern this client and not the mail (RFC 5321, RFC 4954). The server is too busy,
/// shuts down, or demands authentication or encryption first.
const ABOUT_US: [&str; 6] = ["421", "454", "530", "534", "535", "538"];
/// Truncates stored failure reasons.
const MAX_REASON_CHARS: usize = 200;

/// Delivers to one SMTP server and keeps the connection for the next mail.
///
/// Uses `SmtpConnection`, because `SmtpTransport` hides whether the server refuses the mail or this
/// client. It also has no deadline for a mail across all its steps.
pub(super) struct SmtpMailer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    timeout: Duration,
    hello: ClientId,
    form: MessageForm,
    resting: Mutex<Option<Resting>>,
}

enum Security {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

struct Resting {
    connection: SmtpConnection,
    since: Instant,
}

impl SmtpMailer {
    /// Connects lazily. Fails where the certificate authority cannot be used.
    pub(super) fn new(settings: &SmtpSettings, form: MessageForm) -> Result<Self, Error> {
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
        })
    }

    /// A connection that is ready for a mail: the kept one if it still answers, else a new one.
    fn connection(&self, deadline: Deadline) -> Result<SmtpConnection, MailerError> {
        let resting = self.resting.lock().take();
        let usable = resting.filter(|resting| resting.since.elapsed() < LONGEST_REST);
        if let Some(Resting { mut connection, .. }) = usable {
            // `RSET` also discards a mail that was refused half way.
            let probed = connection
                .set_timeout(Some(PROBE_TIMEOUT.min(self.timeout)))
                .is_ok_and(|()| connection.command(Rset).is_ok());
            if probed {
                return Ok(connection);
            }
        }
        self.connect(deadline)
            .map_err(|failure| MailerError::Unreachable(failure.reason))
    }

    fn connect(&self, deadline: Deadline) -> Result<SmtpConnection, Failure> {
        let wrapper = match &self.security {
            Security::Tls(parameters) => Some(parameters),
            Security::None | Security::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let left = deadline.left()?;
        let mut connection =
            SmtpConnection::connect(address, Some(left), &self.hello, wrapper, None)?;
        if let Security::StartTls(parameters) = &self.security {
            deadline.applied_to(&mut connection)?;
            connection.starttls(parameters, &self.hello)?;
        }
        if let Some(credentials) = &self.credentials {
            deadline.applied_to(&mut connection)?;
            connection.auth(DEFAULT_MECHANISMS, credentials)?;
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
        let deadline = Deadline::after(self.timeout);
        let mut connection = self.connection(deadline)?;
        let given = give(
            &mut connection,
            message.envelope(),
            &message.formatted(),
            deadline,
        );
        // After any reply the connection can take another mail.
        if given
            .as_ref()
            .map_or_else(|failure| failure.code.is_some(), |()| true)
        {
            *self.resting.lock() = Some(Resting {
                connection,
                since: Instant::now(),
            });
        }
        given.map_err(MailerError::from)
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
fn give(
    connection: &mut SmtpConnection,
    envelope: &Envelope,
    message: &[u8],
    deadline: Deadline,
) -> Result<(), Failure> {
    let parameters = mail_parameters(connection, envelope)?;
    deadline.applied_to(connection)?;
    connection.command(Mail::new(envelope.from().cloned(), parameters))?;
    finish(connection, envelope, message, deadline).map_err(Failure::once_begun)
}

fn finish(
    connection: &mut SmtpConnection,
    envelope: &Envelope,
    message: &[u8],
    deadline: Deadline,
) -> Result<(), Failure> {
    for recipient in envelope.to() {
        deadline.applied_to(connection)?;
        connection.command(Rcpt::new(recipient.clone(), Vec::new()))?;
    }
    deadline.applied_to(connection)?;
    connection.command(Data)?;
    deadline.applied_to(connection)?;
    connection.message(message)?;
    Ok(())
}

/// `SMTPUTF8` for addresses beyond ASCII (RFC 6531). All other parts of a mail are encoded in
/// ASCII.
fn mail_parameters(
    connection: &SmtpConnection,
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
            once_begun: false,
        }),
    }
}

/// The deadline of one mail.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    fn left(self) -> Result<Duration, Failure> {
        let left = self.0.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(Failure::too_long()),
            false => Ok(left),
        }
    }

    /// Bounds the next step by the remaining time.
    fn applied_to(self, connection: &mut SmtpConnection) -> Result<(), Failure> {
        let left = self.left()?;
        connection
            .set_timeout(Some(left))
            .map_err(|_closed| Failure::broken_off())
    }
}

/// A failure whose reason may be stored and shown: it quotes no reply, which may contain addresses.
#[derive(Debug)]
struct Failure {
    /// The reply code, if the server replied.
    code: Option<String>,
    reason: String,
    /// Whether the server had accepted a mail from this client before.
    once_begun: bool,
}

impl Failure {
    fn too_long() -> Self {
        Self::without_answer("the mail server takes too long")
    }

    fn broken_off() -> Self {
        Self::without_answer("the connection to the mail server broke")
    }

    fn without_answer(reason: &str) -> Self {
        Self {
            code: None,
            reason: reason.chars().take(MAX_REASON_CHARS).collect(),
            once_begun: false,
        }
    }

    fn once_begun(self) -> Self {
        Self {
            once_begun: true,
            ..self
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if let Some(code) = error.status() {
            let mut code = code.to_string();
            let said = error.source().map(ToString::to_string);
            if let Some(enhanced) = said.as_deref().and_then(enhanced_code) {
                code.push(' ');
                code.push_str(enhanced);
            }
            let reason = format!("the mail server answered {code}");
            return Self {
                code: Some(code),
                reason,
                once_begun: false,
            };
        }
        if timed_out(&error) {
            return Self::too_long();
        }
        // The error quotes the malformed reply.
        if error.is_response() {
            return Self::broken_off();
        }
        Self::without_answer(&error.to_string())
    }
}

impl From<Failure> for MailerError {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason;
        match failure.code.as_deref() {
            // `Unreachable` would pause all mail, and a mail that always gets such a reply would
            // block the queue forever.
            Some(code) if about_us(code) && failure.once_begun => Self::Temporary(reason),
            Some(code) if about_us(code) => Self::Unreachable(reason),
            Some(code) if code.starts_with('5') => Self::Permanent(reason),
            Some(_) | None => Self::Temporary(reason),
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
        let failure = |code: &str| Failure {
            code: Some(code.to_owned()),
            reason: String::new(),
            once_begun: false,
        };
        let verdict = |code: &str| MailerError::from(failure(code));
        for code in ["450", "451 4.7.1", "452"] {
            assert_eq!(verdict(code), MailerError::Temporary(String::new()));
        }
        for code in ["550 5.1.1", "553", "554"] {
            assert_eq!(verdict(code), MailerError::Permanent(String::new()));
        }
        for code in ["421 4.3.2", "454", "530 5.7.0", "535"] {
            assert_eq!(verdict(code), MailerError::Unreachable(String::new()));
            let begun = MailerError::from(failure(code).once_begun());
            assert_eq!(begun, MailerError::Temporary(String::new()));
        }
        let begun = MailerError::from(failure("550").once_begun());
        assert_eq!(begun, MailerError::Permanent(String::new()));
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
