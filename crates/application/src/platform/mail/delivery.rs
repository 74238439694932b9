//! Delivering what is in the outbox.
//!
//! A mail is claimed for a time, its *lease*, in a statement of its own; no transaction is open while it
//! is sent. Who ends without a word loses nothing: when the lease is over, the mail is claimed again.
//! So it is sent at least once, and never by two at a time. It is sent twice only where the mail
//! server took it and this could not be noted before the lease was over.

use std::{sync::Arc, time::Duration};

use crate::{
    platform::{
        mail::MailKind,
        ports::{ClaimedMail, MailRenderer, Mailer, MailerError, StoreError},
    },
    store::Store,
};

/// The first wait after a failed attempt; it doubles from attempt to attempt.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How many mails one statement erases.
const ERASED_AT_ONCE: u32 = 500;

/// How patient a delivery is.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryPolicy {
    /// Attempts before a mail is given up.
    pub max_attempts: u32,
    /// For how long a mail is claimed: longer than the mailer ever takes for one.
    pub lease: Duration,
    /// How long what became of a mail is remembered.
    pub keep: Duration,
}

/// Delivers mail, one at a time. Its methods block.
#[derive(Clone)]
pub struct Delivery {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Who makes the words.
    pub renderer: Arc<dyn MailRenderer>,
    /// Who sends them.
    pub mailer: Arc<dyn Mailer>,
    /// How patient it is.
    pub policy: DeliveryPolicy,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The mail server has taken it.
    Sent,
    /// It is tried again later.
    Later {
        /// How much later.
        wait: Duration,
        /// Why; without addresses.
        reason: String,
    },
    /// It is given up.
    Dead {
        /// Why; without addresses.
        reason: String,
    },
    /// No mail can be sent now. This one's attempt does not count.
    Unreachable {
        /// Why.
        reason: String,
    },
}

impl Delivery {
    /// Claims the mail that has been due for longest, if any is.
    pub fn claim(&self) -> Result<Option<ClaimedMail>, StoreError> {
        // Of a newer release's kinds a newer server takes care.
        self.store
            .transaction(|tx| tx.claim_mail(MailKind::ALL, self.policy.lease))
    }

    /// Sends a claimed mail.
    pub fn send(&self, mail: &ClaimedMail) -> Verdict {
        // Who claimed it so often has not lived to say what became of it.
        if mail.attempt > self.policy.max_attempts {
            return dead("too many attempts were broken off");
        }
        let Some(stored) = mail.mail.clone() else {
            return dead("what is stored of it cannot be read");
        };
        let rendered = match self.renderer.render(stored) {
            Ok(rendered) => rendered,
            Err(error) => {
                log::error!(mail:% = mail.id; "a mail has no words: {error}");
                return dead("its words cannot be made");
            }
        };
        match self.mailer.send(&rendered) {
            Ok(()) => Verdict::Sent,
            Err(MailerError::Unreachable(reason)) => Verdict::Unreachable { reason },
            Err(MailerError::Permanent(reason)) => Verdict::Dead { reason },
            Err(MailerError::Temporary(reason)) if mail.attempt >= self.policy.max_attempts => {
                Verdict::Dead { reason }
            }
            Err(MailerError::Temporary(reason)) => Verdict::Later {
                wait: wait_after(mail),
                reason,
            },
        }
    }

    /// Notes what became of a claimed mail. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; it is to be tried again then, or a mail that was sent is sent once more.
    pub fn note(&self, mail: &ClaimedMail, verdict: &Verdict) -> Result<(), StoreError> {
        self.store.transaction(|tx| match verdict {
            Verdict::Sent => tx.mail_sent(mail.id),
            Verdict::Later { wait, reason } => tx.postpone_mail(mail, *wait, reason),
            Verdict::Dead { reason } => tx.mark_dead(mail, reason),
            Verdict::Unreachable { reason } => tx.release_mail(mail, reason),
        })
    }

    /// Erases some of the mails that were sent or given up too long ago; true where there may be more.
    pub fn erase_old(&self) -> Result<bool, StoreError> {
        let erased = self
            .store
            .transaction(|tx| tx.erase_mails(self.policy.keep, ERASED_AT_ONCE))?;
        Ok(erased == ERASED_AT_ONCE as usize)
    }
}

fn dead(reason: &str) -> Verdict {
    Verdict::Dead {
        reason: reason.to_owned(),
    }
}

/// How long to wait after a failed attempt. What failed at the same moment is not tried again at the
/// same moment: the wait differs from mail to mail, by the random part of its id.
fn wait_after(mail: &ClaimedMail) -> Duration {
    let doublings = mail.attempt.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let [.., last] = mail.id.uuid().into_bytes();
    wait.mul_f64(1.0 - f64::from(last) / 512.0)
}

#[cfg(test)]
mod tests {
    use abu_domain::MailId;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn failed(attempt: u32, id: u128) -> ClaimedMail {
        ClaimedMail {
            id: MailId::new(Uuid::from_u128(id)),
            attempt,
            leased_until: DateTime::UNIX_EPOCH,
            mail: None,
        }
    }

    #[test]
    fn waits_double_from_ten_seconds_to_an_hour() {
        let waits: Vec<u64> = (1..=12)
            .map(|attempt| wait_after(&failed(attempt, 0)).as_secs())
            .collect();
        let expected = [
            10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600,
        ];
        assert_eq!(waits, expected);
        assert_eq!(wait_after(&failed(u32::MAX, 0)), LONGEST_WAIT);
    }

    #[test]
    fn waits_differ_between_mails_by_up_to_a_half() {
        let waits: Vec<_> = (0..256).map(|id| wait_after(&failed(1, id))).collect();
        assert!(waits.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(waits.iter().all(|wait| *wait > FIRST_WAIT / 2));
    }
}
