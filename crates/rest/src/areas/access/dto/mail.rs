use abu_application::platform::ports::MailRecord;

use crate::areas::prelude::*;

json_form! {
    /// A mail of the platform, and what became of it.
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
    pub(crate) struct Mail from mail: MailRecord {
        uuid: Uuid = mail.id.uuid(),
        /// What it is about.
        kind: String = mail.kind,
        /// `pending`, `sent` or `dead`, which is to say given up.
        state: &'static str = mail.state.name(),
        /// The first letter and the domain of the address it goes to.
        recipient: String = mail.recipient.as_str().to_owned(),
        /// How often it was tried since it was made, or was to be sent again.
        attempts: u32 = mail.attempts,
        created_at: DateTime<Utc> = mail.created_at,
        /// When it is tried next; null unless it is pending.
        next_attempt_at: Option<DateTime<Utc>> = mail.next_attempt_at,
        /// When an attempt last failed; null where none did.
        failed_at: Option<DateTime<Utc>> = mail.failed_at,
        /// Why it did.
        last_error: Option<String> = mail.last_error,
        /// When the mail server took it; null unless it is sent.
        sent_at: Option<DateTime<Utc>> = mail.sent_at,
    }
}
