//! Mail settings: sender, site, SMTP server, retry limits.

use std::time::Duration;

use lettre::{message::Mailbox, transport::smtp::client::Certificate};
use secrecy::SecretString;

#[derive(Clone, Debug)]
pub struct MailSettings {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// The front end that links lead to; without a slash at its end.
    pub site_url: String,
    /// The mail server; `None` delivers into files.
    pub smtp: Option<SmtpSettings>,
    /// Attempts before a mail becomes a dead letter.
    pub max_attempts: u32,
    /// How often the worker polls the outbox.
    pub poll_interval: Duration,
    /// How many days sent mails and dead letters are kept.
    pub keep_sent_days: u32,
}

#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The name that the server's certificate must bear.
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// `None` where the server asks for no authentication.
    pub log_in: Option<SmtpLogIn>,
    /// A certificate authority besides those of the system.
    pub authority: Option<Certificate>,
    /// The deadline of one mail.
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    None,
    /// Encrypted from the command STARTTLS on; never falls back to plain text.
    StartTls,
    /// Encrypted from the first byte on.
    Tls,
}

#[derive(Clone, Debug)]
pub struct SmtpLogIn {
    pub username: String,
    pub password: SecretString,
}
