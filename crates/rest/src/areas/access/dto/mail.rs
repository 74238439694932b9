use abu_application::platform::ports::MailRecord;

use crate::areas::prelude::*;

/// A mail of the platform, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "0197a4f0-8d5e-7cc3-98c4-dc0c0c07398f",
    "kind": "verify_email",
    "state": "dead",
    "recipient": "a***@example.com",
    "attempts": 1,
    "created_at": "2026-01-05T08:30:00Z",
    "next_attempt_at": null,
    "failed_at": "2026-01-05T08:30:01Z",
    "last_error": "the mail server answered 550 5.1.1",
    "sent_at": null,
}))]
pub(crate) struct Mail {
    uuid: Uuid,
    /// What it is about.
    kind: String,
    /// `pending`, `sent` or `dead`, which is to say given up.
    state: &'static str,
    /// The first letter and the domain of the address it goes to.
    recipient: String,
    /// How often it was tried since it was made, or was to be sent again.
    attempts: u32,
    created_at: DateTime<Utc>,
    /// When it is tried next; null unless it is pending.
    next_attempt_at: Option<DateTime<Utc>>,
    /// When an attempt last failed; null where none did.
    failed_at: Option<DateTime<Utc>>,
    /// Why it did.
    last_error: Option<String>,
    /// When the mail server took it; null unless it is sent.
    sent_at: Option<DateTime<Utc>>,
}

impl From<MailRecord> for Mail {
    fn from(mail: MailRecord) -> Self {
        Self {
            uuid: mail.id.uuid(),
            kind: mail.kind,
            state: mail.state.name(),
            recipient: mail.recipient.as_str().to_owned(),
            attempts: mail.attempts,
            created_at: mail.created_at,
            next_attempt_at: mail.next_attempt_at,
            failed_at: mail.failed_at,
            last_error: mail.last_error,
            sent_at: mail.sent_at,
        }
    }
}
