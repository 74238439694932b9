//! Mail on its way out of the server: its words, its form, how it is sent, and the worker that takes it
//! from the outbox.

mod files;
mod message;
mod smtp;
mod templates;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use abu_application::{
    mail::{Delivery, DeliveryPolicy},
    ports::{LinkTokens, Mailer, Store},
};

use crate::{server::StartError, settings::Settings};

pub(crate) use worker::{MailWorker, Wake};

use files::FilesMailer;
use message::MessageForm;
use smtp::SmtpMailer;
use templates::Templates;

/// How much longer a mail is claimed than sending it may take: finding the mail server's address is not
/// counted in that, nor the time that the store takes.
const LEASE_RESERVE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Where mail is put when there is no mail server.
pub(crate) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("mail")
}

/// Starts the worker. It delivers whenever the store is there.
///
/// # Errors
/// [`StartError`] where the system gives no thread, or certificates cannot be used.
pub(crate) fn start(
    settings: &Settings,
    store: Arc<dyn Store>,
    links: Arc<dyn LinkTokens>,
    wake: Wake,
) -> Result<MailWorker, StartError> {
    let mail = &settings.mail;
    let form = MessageForm {
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
    };
    let (mailer, longest): (Arc<dyn Mailer>, _) = match &mail.smtp {
        Some(smtp) => (Arc::new(SmtpMailer::new(smtp, form)?), smtp.timeout),
        None => (
            Arc::new(FilesMailer::new(folder(&settings.data.dir), form)),
            Duration::ZERO,
        ),
    };
    let delivery = Delivery {
        store,
        renderer: Arc::new(Templates::new(mail.site_url.clone(), links)),
        mailer,
        policy: DeliveryPolicy {
            max_attempts: mail.max_attempts,
            lease: longest + LEASE_RESERVE,
            keep: DAY.saturating_mul(mail.keep_sent_days),
        },
    };
    MailWorker::start(delivery, wake, mail.poll_interval).map_err(StartError::Threads)
}
