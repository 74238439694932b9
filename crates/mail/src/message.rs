//! MIME messages (RFC 5322).

use abu_application::platform::ports::RenderedMail;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

/// The headers that all mails share.
#[derive(Clone, Debug)]
pub(super) struct MessageForm {
    pub(super) from: Mailbox,
    /// Where replies go, if not to `from`.
    pub(super) reply_to: Option<Mailbox>,
}

#[derive(Debug, thiserror::Error)]
#[error("no mail can be sent to the address")]
pub(super) struct FormError;

impl MessageForm {
    /// The headers hold no user input except the recipient's parsed address: no header injection.
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
            // Keeps auto-responders from answering (RFC 3834).
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

    /// Stable across attempts, so mail programs can drop duplicates.
    fn message_id(&self, rendered: &RenderedMail) -> String {
        format!("<{}@{}>", rendered.mail.id, self.from.email.domain())
    }
}
