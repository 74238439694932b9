//! A mail that shows an operator whether the relay takes mail.

use abu_domain::platform::text::EmailAddress;

use crate::{MailSettings, MailStartError, message::MessageForm, smtp::SmtpMailer};

/// The texts are for the operator: they may quote the relay, and so addresses.
#[derive(Debug, thiserror::Error)]
pub enum TestMailError {
    #[error("mail.smtp_host is not set: mail goes into files")]
    NoRelay,
    #[error(transparent)]
    Start(#[from] MailStartError),
    #[error("no mail can be sent to the address")]
    Address,
    #[error("{0}")]
    Refused(String),
}

/// Sends one mail through the relay of the settings, and returns the relay's reply to it. Blocks.
pub fn send_test_mail(
    settings: &MailSettings,
    recipient: &EmailAddress,
) -> Result<String, TestMailError> {
    let relay = settings.smtp.as_ref().ok_or(TestMailError::NoRelay)?;
    let form = MessageForm::of(settings);
    let message = form
        .test(recipient)
        .map_err(|_no_recipient| TestMailError::Address)?;
    let mailer = SmtpMailer::new(relay, form)?;
    let reply = mailer.deliver(&message).map_err(|failure| {
        let reply = failure.reply.map(|reply| format!(": {reply}"));
        TestMailError::Refused(printable(&(failure.reason + &reply.unwrap_or_default())))
    })?;
    let text: Vec<&str> = reply.message().collect();
    Ok(printable(&format!("{} {}", reply.code(), text.join(" "))))
}

/// A relay must not control the operator's terminal.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}
