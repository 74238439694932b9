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

/// A mail as the outbox holds it.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its id. Every attempt to send it carries the same.
    pub id: MailId,
    /// To whom it goes.
    pub recipient: EmailAddress,
    /// What it tells.
    pub content: MailContent,
    /// When it was put there.
    pub created_at: DateTime<Utc>,
}

/// A mail that belongs, for a time, to whoever claimed it.
#[derive(Clone, Debug)]
pub struct ClaimedMail {
    /// Its id.
    pub id: MailId,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// When the lease is over. No other claim to the mail has the same.
    pub leased_until: DateTime<Utc>,
    /// The mail; `None` where what is stored is none.
    pub mail: Option<Mail>,
}

/// A mail as those see it who look after the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    /// Its id.
    pub id: MailId,
    /// What it is about; perhaps something that only a newer release knows.
    pub kind: String,
    /// How far it is.
    pub state: MailState,
    /// To whom it goes.
    pub recipient: MaskedEmail,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was put into the outbox.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, while it is pending.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the last failed attempt failed.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why the last failed attempt failed; without addresses.
    pub last_error: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Which mails a list shows; `None` does not filter.
#[derive(Clone, Copy, Debug, Default)]
pub struct MailFilter {
    /// Those in this state.
    pub state: Option<MailState>,
    /// Those about this.
    pub kind: Option<MailKind>,
}

/// The outbox. Whether a mail is due, and whether a lease is over, is told by the database's clock
/// alone: those of several servers may differ.
pub trait MailReads {
    /// The mail.
    fn mail(&mut self, id: MailId) -> Result<Option<MailRecord>, StoreError>;

    /// At most `limit` mails from `seek` on, the newest first.
    fn list_mails(
        &mut self,
        filter: &MailFilter,
        seek: Seek<MailId>,
        limit: u32,
    ) -> Result<Vec<MailRecord>, StoreError>;

    /// How many mails pass the filter.
    fn count_mails(&mut self, filter: &MailFilter) -> Result<Total, StoreError>;
}

/// Writes beside [`MailReads`].
pub trait MailWrites {
    /// Puts a mail into the outbox.
    fn insert_mail(&mut self, mail: &Mail) -> Result<(), StoreError>;

    /// Takes, of the mails of these kinds that are due, the one that has been so for longest. Nobody
    /// else gets it before the lease is over.
    fn claim_mail(
        &mut self,
        kinds: &[MailKind],
        lease: Duration,
    ) -> Result<Option<ClaimedMail>, StoreError>;

    /// Notes that the mail was sent.
    fn mail_sent(&mut self, id: MailId) -> Result<(), StoreError>;

    /// Notes that the attempt failed, and has the mail tried again after `wait`. Changes nothing where
    /// the claim is not the last one to the mail, or was noted before; so do the next two.
    fn postpone_mail(
        &mut self,
        claim: &ClaimedMail,
        wait: Duration,
        reason: &str,
    ) -> Result<(), StoreError>;

    /// Notes that the mail is given up.
    fn mark_dead(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError>;

    /// Gives the mail back as if this attempt had not been: it is due at once.
    fn release_mail(&mut self, claim: &ClaimedMail, reason: &str) -> Result<(), StoreError>;

    /// Erases at most `limit` mails that were sent or given up longer ago than `keep`; returns how many.
    fn erase_mails(&mut self, keep: Duration, limit: u32) -> Result<usize, StoreError>;

    /// Has a dead mail tried anew from the start; false where it is not dead.
    fn requeue(&mut self, id: MailId) -> Result<bool, StoreError>;
}

/// A mail with all its words.
#[derive(Clone)]
pub struct RenderedMail {
    /// The mail.
    pub mail: Mail,
    /// What it is about, in a line.
    pub subject: String,
    /// What it tells, as plain text.
    pub text: String,
    /// What it tells, as HTML.
    pub html: String,
}

/// Finds the words for a mail.
pub trait MailRenderer: Send + Sync + 'static {
    /// The mail with all its words.
    ///
    /// # Errors
    /// Where there are none: a bug.
    fn render(&self, mail: Mail) -> Result<RenderedMail, Box<dyn std::error::Error + Send + Sync>>;
}

/// Why a mail was not sent, in words without addresses or secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailerError {
    /// No mail can be sent now, whichever it is.
    #[error("{0}")]
    Unreachable(String),
    /// This one was not taken, and may be another time.
    #[error("{0}")]
    Temporary(String),
    /// This one will never be taken.
    #[error("{0}")]
    Permanent(String),
}

/// Sends mail.
pub trait Mailer: Send + Sync + 'static {
    /// Sends one mail. Blocks until it has been taken, or has not.
    fn send(&self, mail: &RenderedMail) -> Result<(), MailerError>;
}
