//! The worker: one thread that takes mails from the outbox, one after the other, for as long as the server
//! runs.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use abu_application::{
    backoff::Backoff,
    mail::{Delivery, Verdict},
    ports::{ClaimedMail, StoreError},
};
use parking_lot::{Condvar, Mutex};

/// The waits for a mail server that cannot be reached, or does not want us.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The wait for a database that is away, which says so at once.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks for what is too old to be kept.
const BETWEEN_ERASURES: Duration = Duration::from_secs(600);

/// Wakes the worker.
#[derive(Clone, Default)]
pub struct Wake(Arc<Shared>);

#[derive(Default)]
struct Shared {
    reasons: Mutex<Reasons>,
    changed: Condvar,
}

#[derive(Default)]
struct Reasons {
    mail_is_due: bool,
    stopping: bool,
}

impl Wake {
    /// There is mail to be sent, and it is committed.
    pub fn mail_is_due(&self) {
        self.0.reasons.lock().mail_is_due = true;
        self.0.changed.notify_all();
    }

    fn stop(&self) {
        self.0.reasons.lock().stopping = true;
        self.0.changed.notify_all();
    }

    fn is_stopping(&self) -> bool {
        self.0.reasons.lock().stopping
    }

    /// Waits, unless there is mail or the worker is to stop.
    fn rest(&self, time: Duration) {
        let mut reasons = self.0.reasons.lock();
        let restless = |reasons: &mut Reasons| !reasons.mail_is_due && !reasons.stopping;
        self.0.changed.wait_while_for(&mut reasons, restless, time);
        reasons.mail_is_due = false;
    }

    /// Waits, unless the worker is to stop.
    fn pause(&self, time: Duration) {
        let mut reasons = self.0.reasons.lock();
        let going_on = |reasons: &mut Reasons| !reasons.stopping;
        self.0.changed.wait_while_for(&mut reasons, going_on, time);
    }
}

/// The thread's handle. Dropped without [`stop`](Self::stop) it lets the thread end by itself.
pub struct MailWorker {
    wake: Wake,
    thread: Option<JoinHandle<()>>,
}

impl MailWorker {
    /// Starts the thread. It looks for mail every `interval`, and whenever it is woken.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn start(delivery: Delivery, wake: Wake, interval: Duration) -> io::Result<Self> {
        let work = Work {
            delivery,
            wake: wake.clone(),
            interval,
            pauses: Backoff::between(FIRST_PAUSE, LONGEST_PAUSE),
            last_obstacle: None,
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

    /// Lets the worker finish the mail that it is sending, and no other. Blocks.
    pub fn stop(mut self) {
        self.wake.stop();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been reported.
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
    /// Why no mail could be sent at all, the last time.
    last_obstacle: Option<String>,
    /// When the last look for what is too old found no more.
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
            self.wake.pause(self.pauses.next());
        } else {
            self.pauses.reset();
        }
    }

    /// Tries until it is noted: forgetting that a mail was sent would send it again.
    fn note(&self, mail: &ClaimedMail, verdict: &Verdict) {
        let mut backoff = Backoff::new();
        while let Err(error) = self.delivery.note(mail, verdict) {
            report(&error);
            let may_pass = matches!(
                error,
                StoreError::Unavailable(_) | StoreError::CommitInDoubt(_)
            );
            if !may_pass || self.wake.is_stopping() {
                log::warn!(mail:% = mail.id; "what became of a mail could not be noted; it is tried again");
                return;
            }
            self.wake.pause(backoff.next());
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
            Verdict::Unreachable { reason } if self.last_obstacle.as_ref() != Some(reason) => {
                log::error!("no mail can be sent: {reason}");
            }
            Verdict::Unreachable { .. } => {}
        }
        self.last_obstacle = match verdict {
            Verdict::Unreachable { reason } => Some(reason.clone()),
            _ => None,
        };
    }
}

/// A database that is away is reported by who watches over it.
fn report(error: &StoreError) {
    match error {
        StoreError::Unavailable(_) | StoreError::CommitInDoubt(_) => {
            log::debug!("the outbox cannot be read or written: {error}");
        }
        StoreError::Conflict { .. } | StoreError::Other(_) => {
            log::error!("the outbox cannot be read or written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn mail_that_came_before_the_rest_is_not_slept_over() {
        let wake = Wake::default();
        wake.mail_is_due();
        wake.rest(LONG);
    }

    #[test]
    fn a_stop_ends_every_wait() {
        let wake = Wake::default();
        wake.stop();
        wake.rest(LONG);
        wake.pause(LONG);
        assert!(wake.is_stopping());
    }
}
