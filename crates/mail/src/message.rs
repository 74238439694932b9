//! MIME messages (RFC 5322).

use abu_application::platform::ports::RenderedMail;
use abu_domain::platform::text::EmailAddress;
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MessageBuilder, MultiPart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::MailSettings;

const TEST_TEXT: &str = "\
This is a test mail of ABU Alumni Connect. The mail server accepted it.\r\n\
Look at its Authentication-Results header: it should say spf=pass, dkim=pass and dmarc=pass.\r\n";

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
    pub(super) fn of(settings: &MailSettings) -> Self {
        Self {
            from: settings.from.clone(),
            reply_to: settings.reply_to.clone(),
        }
    }

    pub(super) fn message(&self, rendered: &RenderedMail) -> Result<Message, FormError> {
        // An earlier release may have stored it, in another form.
        let recipient = EmailAddress::parse(rendered.mail.recipient.as_str())
            .map_err(|_no_address| FormError)?;
        let parts = MultiPart::alternative_plain_html(rendered.text.clone(), rendered.html.clone());
        self.headers(&recipient, &rendered.subject)?
            .message_id(Some(self.message_id(rendered)))
            .multipart(parts)
            .map_err(|_incomplete| FormError)
    }

    pub(super) fn test(&self, recipient: &EmailAddress) -> Result<Message, FormError> {
        self.headers(recipient, "Test mail of ABU Alumni Connect")?
            .message_id(None)
            .header(ContentType::TEXT_PLAIN)
            .body(TEST_TEXT.to_owned())
            .map_err(|_incomplete| FormError)
    }

    /// The headers hold no user input except the recipient's parsed address: no header injection.
    fn headers(
        &self,
        recipient: &EmailAddress,
        subject: &str,
    ) -> Result<MessageBuilder, FormError> {
        // lettre's own check refuses combining marks, which RFC 6532 allows.
        let to = Address::new_dangerous(recipient.local_part(), recipient.host());
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.clone()])
            .map_err(|_no_recipient| FormError)?;
        let message = Message::builder()
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            // Keeps auto-responders from answering (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        Ok(match &self.reply_to {
            Some(reply_to) => message.reply_to(reply_to.clone()),
            None => message,
        })
    }

    /// Stable across attempts, so mail programs can drop duplicates.
    fn message_id(&self, rendered: &RenderedMail) -> String {
        format!("<{}@{}>", rendered.mail.id, self.from.email.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::tests::{every_content, rendered};

    fn to(address: &str) -> Result<String, FormError> {
        let form = MessageForm {
            from: "no-reply@example.com".parse().unwrap(),
            reply_to: None,
        };
        let mut mail = rendered(every_content().remove(0));
        mail.mail.recipient = EmailAddress::from_storage(address.to_owned());
        let message = form.message(&mail)?;
        let text = String::from_utf8(message.formatted()).unwrap();
        let recipient = message.envelope().to()[0].to_string();
        assert!(text.contains(&format!("To: {recipient}\r\n")), "{text}");
        Ok(recipient)
    }

    #[test]
    fn mail_goes_to_the_canonical_form_of_a_stored_address() {
        for (stored, sent_to) in [
            ("amina@example.com", "amina@example.com"),
            ("amina@bücher.example", "amina@xn--bcher-kva.example"),
            ("i\u{307}x@example.com", "i\u{307}x@example.com"),
        ] {
            assert_eq!(to(stored).unwrap(), sent_to);
        }
    }

    #[test]
    fn no_message_is_made_for_text_that_is_no_address() {
        for stored in ["", "amina", "a@example.com\r\nBcc: b@example.com"] {
            assert!(to(stored).is_err(), "{stored:?}");
        }
    }
}
