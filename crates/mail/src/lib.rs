#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod files;
mod message;
mod outage;
mod settings;
mod smtp;
mod templates;
mod test_mail;
mod worker;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use abu_application::{
    alumni::ports::ClaimCodes,
    identity::ports::LinkTokens,
    platform::{
        mail::{Delivery, DeliveryPolicy},
        ports::Mailer,
        wake::Wake,
    },
    store::Store,
};

pub use settings::{MailSettings, SmtpLogIn, SmtpSecurity, SmtpSettings};
pub use test_mail::{TestMailError, send_test_mail};
pub use worker::MailWorker;

use files::FilesMailer;
use message::MessageForm;
use smtp::SmtpMailer;
use templates::Templates;

/// A lease outlasts the delivery deadline by this: the store is not counted in it.
const LEASE_RESERVE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, thiserror::Error)]
pub enum MailStartError {
    #[error("the certificates of mail.smtp_ca cannot be used: {0}")]
    Certificates(#[from] lettre::transport::smtp::Error),
    #[error("the system refused: {0}")]
    Thread(#[from] io::Error),
}

/// Starts the worker, which delivers whenever the store is available. Without an SMTP server it
/// writes to files in `folder`.
pub fn start(
    settings: &MailSettings,
    folder: PathBuf,
    store: Arc<dyn Store>,
    links: Arc<dyn LinkTokens>,
    codes: Arc<dyn ClaimCodes>,
    wake: Wake,
) -> Result<MailWorker, MailStartError> {
    let form = MessageForm::of(settings);
    let (mailer, longest): (Arc<dyn Mailer>, _) = match &settings.smtp {
        Some(smtp) => (Arc::new(SmtpMailer::new(smtp, form)?), smtp.timeout),
        None => (Arc::new(FilesMailer::new(folder, form)), Duration::ZERO),
    };
    let delivery = Delivery {
        store,
        renderer: Arc::new(Templates::new(settings.site_url.clone(), links, codes)),
        mailer,
        policy: DeliveryPolicy {
            max_attempts: settings.max_attempts,
            lease: longest + LEASE_RESERVE,
            keep: DAY.saturating_mul(settings.keep_sent_days),
        },
    };
    Ok(MailWorker::start(delivery, wake, settings.poll_interval)?)
}
