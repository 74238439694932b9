use std::time::Duration;

use abu_domain::{
    MailId,
    platform::text::{EmailAddress, MaskedEmail},
};
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::platform::{
    lists::{Seek, Total},
    mail::{MailContent, MailKind, MailState},
};

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The same in every attempt, and part of the `Message-ID`.
    pub id: MailId,
    pub recipient: EmailAddress,
    pub content: MailContent,
    pub created_at: DateTime<Utc>,
}

/// A mail under a lease.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    pub id: MailId,
    /// Counts from 1.
    pub attempt: u32,
    /// The end of the lease; unique among the claims of a mail.
    pub leased_until: DateTime<Utc>,
    /// `None` if the stored content cannot be parsed.
    pub mail: Option<Mail>,
}

/// A mail as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    pub id: MailId,
    /// May be a kind that only a newer release knows.
    pub kind: String,
    pub state: MailState,
    pub recipient: MaskedEmail,
    pub attempts: u32,
    pub created_at: DateTime<Utc>,
    /// `None` unless the mail is pending.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Time of the last failed attempt.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed; holds no addresses.
    pub last_error: Option<String>,
    /// Time at which the mail server accepted it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct MailFilter {
    pub states: Vec<MailState>,
    pub kinds: Vec<MailKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailBacklog {
    pub pending: u64,
    pub dead: u64,
    /// Time since the oldest pending mail was due; zero where none is overdue.
    pub oldest: Duration,
}

/// The outbox. The database's clock alone decides whether a mail is due and whether a lease is
/// over. The clocks of servers differ.
pub trait MailReads {
    fn mail(&mut self, id: MailId) -> Result<Option<MailRecord>, StoreError>;

    /// At most `limit` mails from `seek` on, newest first.
    fn list_mails(
        &mut self,
        filter: &MailFilter,
        seek: Seek<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError>;

    fn count_mails(&mut self, filter: &MailFilter) -> Result<Total, StoreError>;

    /// What waits and what is dead, whatever its kind.
    fn mail_backlog(&mut self) -> Result<MailBacklog, StoreError>;
}

pub trait MailWrites {
    fn insert_mail(&mut self, mail: &Mail) -> Result<(), StoreError>;

    /// By one statement.
    fn insert_mails(&mut self, mails: &[Mail]) -> Result<(), StoreError>;

    /// Claims the mail of these kinds that has been due for longest. No other claim gets it until
    /// the lease ends.
    fn claim_mail(
        &mut self,
        kinds: &[MailKind],
        lease: Duration,
    ) -> Result<Option<ClaimedMail>, StoreError>;

    fn mail_sent(&mut self, id: MailId) -> Result<(), StoreError>;

    /// Schedules the next attempt after `wait`. Does nothing if a later claim exists or this one
    /// already has a verdict; so do `mark_dead` and `release_mail`.
    fn postpone_mail(
        &mut self,
        claim: &ClaimedMail,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StoreError>;

    /// Makes the mail a dead letter.
    fn mark_dead(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError>;

    /// Returns the mail without counting the attempt; it is due at once.
    fn release_mail(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError>;

    /// Deletes at most `limit` mails that were sent or became dead letters more than `keep` ago.
    /// Returns their number.
    fn erase_mails(&mut self, keep: Duration, limit: u32) -> Result<usize, StoreError>;

    /// Restarts the attempts of a dead letter; false if the mail is not one.
    fn requeue(&mut self, id: MailId) -> Result<bool, StoreError>;
}

#[derive(Clone)]
pub struct RenderedMail {
    pub mail: Mail,
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub trait MailRenderer: Send + Sync + 'static {
    /// Fails only because of a bug in the templates.
    fn render(&self, mail: Mail) -> Result<RenderedMail, Box<dyn std::error::Error + Send + Sync>>;
}

/// The texts hold neither addresses nor secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailerError {
    /// No mail can be sent now.
    #[error("{0}")]
    Unreachable(String),
    /// The mail server refused this mail for now.
    #[error("{0}")]
    Temporary(String),
    /// The mail server refused this mail for good.
    #[error("{0}")]
    Permanent(String),
}

pub trait Mailer: Send + Sync + 'static {
    /// Blocks until the mail server accepts or refuses the mail.
    fn send(&self, mail: &RenderedMail) -> Result<(), MailerError>;
}
