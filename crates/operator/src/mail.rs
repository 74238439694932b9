//! `abu-admin mail`: a test of the relay.

use std::io::{self, Write};

use abu_domain::platform::text::EmailAddress;
use abu_mail::send_test_mail;
use abu_settings::Settings;
use clap::Subcommand;

use super::{AdminError, parse_email};

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Send one mail through the relay of mail.smtp_host, and show what the relay answers.
    Test {
        /// Who gets it.
        #[arg(long, value_name = "ADDRESS", value_parser = parse_email)]
        to: EmailAddress,
    },
}

pub(super) fn run(settings: &Settings, command: &MailCommand) -> Result<(), AdminError> {
    let MailCommand::Test { to } = command;
    let reply = send_test_mail(&settings.mail, to)?;
    writeln!(io::stdout(), "the mail server took the mail: {reply}")?;
    Ok(())
}
