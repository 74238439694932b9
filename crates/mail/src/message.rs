//! Mail as RFC 5322 has it.

use abu_application::ports::RenderedMail;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

/// What all mails have in common.
#[derive(Clone, Debug)]
pub(super) struct MessageForm {
    /// Who sends them.
    pub(super) from: Mailbox,
    /// Who reads the answers, where that is somebody else.
    pub(super) reply_to: Option<Mailbox>,
}

/// Why a mail has no form: its address is none that mail can be sent to.
#[derive(Debug, thiserror::Error)]
#[error("no mail can be sent to the address")]
pub(super) struct FormError;

impl MessageForm {
    /// The whole message. Nothing that people typed is in its head but their address, which was parsed.
    pub(super) fn message(&self, rendered: &RenderedMail) -> Result<Message, FormError> {
        let to: Address = rendered
            .mail
            .recipient
            .as_str()
            .parse()
            .map_err(|_no_address| FormError)?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&rendered.subject)
            .message_id(Some(self.message_id(rendered)))
            // Whoever is away need not tell a machine (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let parts = MultiPart::alternative_plain_html(rendered.text.clone(), rendered.html.clone());
        message.multipart(parts).map_err(|_incomplete| FormError)
    }

    /// The same for every attempt, so that a mail that arrives twice can be told.
    fn message_id(&self, rendered: &RenderedMail) -> String {
        format!("<{}@{}>", rendered.mail.id, self.from.email.domain())
    }
}
