//! The outbox worker: one thread that claims and delivers due mails one at a time.

use std::{
    io,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use abu_application::platform::{
    backoff::Backoff,
    mail::{Delivery, Verdict},
    ports::{ClaimedMail, StoreError},
    wake::Wake,
};

use crate::outage::{Line, Outage};

/// Back-off while the mail server is unreachable or refuses this client.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Pause while the database is unavailable; it reports that at once.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// Interval between deletions of expired mails.
const BETWEEN_ERASURES: Duration = Duration::from_secs(600);

/// Handle of the thread. Dropped without [`stop`](Self::stop), it tells the thread to stop but does
/// not wait for it.
pub struct MailWorker {
    wake: Wake,
    thread: Option<JoinHandle<()>>,
}

impl MailWorker {
    /// Starts the thread. It polls the outbox every `interval`, and whenever it is woken.
    pub(super) fn start(delivery: Delivery, wake: Wake, interval: Duration) -> io::Result<Self> {
        let work = Work {
            delivery,
            wake: wake.clone(),
            interval,
            pauses: Backoff::between(FIRST_PAUSE, LONGEST_PAUSE),
            outage: Outage::default(),
            erased_at: None,
        };
        let thread = thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            wake,
            thread: Some(thread),
        })
    }

    /// From now on the worker takes no further mail. Does not block.
    pub fn take_no_more(&self) {
        self.wake.stop();
    }

    /// Blocks until the worker has finished its current mail.
    pub fn stop(mut self) {
        self.take_no_more();
        if let Some(thread) = self.thread.take() {
            // The panic hook has already reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

impl Drop for MailWorker {
    fn drop(&mut self) {
        self.wake.stop();
    }
}

struct Work {
    delivery: Delivery,
    wake: Wake,
    interval: Duration,
    pauses: Backoff,
    outage: Outage,
    /// Time at which a deletion of expired mails found no more.
    erased_at: Option<Instant>,
}

impl Work {
    fn run(mut self) {
        while !self.wake.is_stopping() {
            match self.delivery.claim() {
                Ok(Some(mail)) => self.deliver(&mail),
                Ok(None) => {
                    self.erase_old();
                    self.wake.rest(self.interval);
                }
                Err(error) => {
                    report(&error);
                    self.wake.pause(DATABASE_PAUSE.min(self.interval));
                }
            }
        }
    }

    fn deliver(&mut self, mail: &ClaimedMail) {
        let verdict = self.delivery.send(mail);
        self.log(mail, &verdict);
        self.note(mail, &verdict);
        if matches!(verdict, Verdict::Unreachable { .. }) {
            self.wake.pause(self.pauses.next_wait());
        } else {
            self.pauses.reset();
        }
    }

    /// Retries until the result is stored: a lost result would send the mail again.
    fn note(&self, mail: &ClaimedMail, verdict: &Verdict) {
        let mut backoff = Backoff::default();
        while let Err(error) = self.delivery.note(mail, verdict) {
            report(&error);
            if !error.is_transient() || self.wake.is_stopping() {
                log::warn!(mail:% = mail.id; "what became of a mail could not be noted; it is tried again");
                return;
            }
            self.wake.pause(backoff.next_wait());
        }
    }

    fn erase_old(&mut self) {
        if self
            .erased_at
            .is_some_and(|erased| erased.elapsed() < BETWEEN_ERASURES)
        {
            return;
        }
        match self.delivery.erase_old() {
            Ok(true) => {}
            Ok(false) => self.erased_at = Some(Instant::now()),
            Err(error) => report(&error),
        }
    }

    fn log(&mut self, mail: &ClaimedMail, verdict: &Verdict) {
        let kind = mail.mail.as_ref().map(|mail| mail.content.kind().name());
        let kind = kind.unwrap_or("unknown");
        metrics::counter!("abu_mails_total", "outcome" => outcome(verdict)).increment(1);
        match verdict {
            Verdict::Sent => log::debug!(mail:% = mail.id, kind; "a mail was sent"),
            Verdict::Later { wait, reason } => log::info!(
                mail:% = mail.id, kind, attempt = mail.attempt, seconds = wait.as_secs();
                "a mail was not taken, and is tried again: {reason}"
            ),
            Verdict::Dead { reason } => log::warn!(
                mail:% = mail.id, kind, attempt = mail.attempt;
                "a mail was given up: {reason}"
            ),
            Verdict::Unreachable { .. } => {}
        }
        let now = Instant::now();
        let line = match verdict {
            Verdict::Unreachable { reason } => self.outage.failed(reason, now),
            _ => self.outage.answered(now),
        };
        match (line, verdict) {
            (Some(Line::Reason), Verdict::Unreachable { reason }) => {
                log::error!("no mail can be sent: {reason}");
            }
            (Some(Line::GoesOn(time, attempts)), Verdict::Unreachable { reason }) => log::error!(
                minutes = time.as_secs() / 60, attempts;
                "no mail can be sent still: {reason}"
            ),
            (Some(Line::Ended(time, attempts)), _) => log::info!(
                seconds = time.as_secs(), attempts;
                "mails can be sent again"
            ),
            _ => {}
        }
    }
}

fn outcome(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Sent => "sent",
        Verdict::Later { .. } => "postponed",
        Verdict::Dead { .. } => "dead",
        Verdict::Unreachable { .. } => "unreachable",
    }
}

/// The watch over the database reports its outages, so they are debug output here.
fn report(error: &StoreError) {
    let level = match error.is_transient() {
        true => log::Level::Debug,
        false => log::Level::Error,
    };
    log::log!(level, "the outbox cannot be read or written: {error}");
}
