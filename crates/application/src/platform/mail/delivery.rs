//! At-least-once delivery of the outbox with leases.
//!
//! A statement of its own claims a mail for the time of a *lease*. No transaction is open during
//! the send. If a worker dies, the lease ends and another claim takes the mail. Leases exclude two
//! concurrent sends. A mail is sent twice only if its lease ends before the store has recorded the
//! success.

use std::{sync::Arc, time::Duration};

use crate::{
    platform::{
        mail::MailKind,
        ports::{ClaimedMail, MailRenderer, Mailer, MailerError, StoreError},
        retries::wait_after,
    },
    store::Store,
};

/// Mails per delete statement.
const ERASED_AT_ONCE: u32 = 500;

/// Limits of retries, leases and retention.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryPolicy {
    /// Attempts before a mail becomes a dead letter.
    pub max_attempts: u32,
    /// Must exceed the longest time that the mailer takes for one mail.
    pub lease: Duration,
    /// How long sent mails and dead letters are kept.
    pub keep: Duration,
}

/// Delivers one mail at a time. Its methods block.
#[derive(Clone)]
pub struct Delivery {
    pub store: Arc<dyn Store>,
    pub renderer: Arc<dyn MailRenderer>,
    pub mailer: Arc<dyn Mailer>,
    pub policy: DeliveryPolicy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent,
    Later {
        wait: Duration,
        /// Holds no addresses.
        reason: String,
    },
    /// The mail becomes a dead letter.
    Dead {
        /// Holds no addresses.
        reason: String,
    },
    /// No mail can be sent now, so the attempt does not count.
    Unreachable {
        reason: String,
    },
}

impl Delivery {
    /// Claims the mail that has been due for longest.
    pub fn claim(&self) -> Result<Option<ClaimedMail>, StoreError> {
        // Kinds of a newer release wait for a server that knows them.
        self.store
            .transaction(|tx| tx.claim_mail(MailKind::ALL, self.policy.lease))
    }

    pub fn send(&self, mail: &ClaimedMail) -> Verdict {
        // The process died in each of these attempts before it stored a verdict.
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
                wait: wait_after(mail.attempt, mail.id.uuid()),
                reason,
            },
        }
    }

    /// Stores the verdict of a claimed mail; idempotent. The caller must retry on an error, or a
    /// sent mail is sent again.
    pub fn note(&self, mail: &ClaimedMail, verdict: &Verdict) -> Result<(), StoreError> {
        self.store.transaction(|tx| match verdict {
            Verdict::Sent => tx.mail_sent(mail.id),
            Verdict::Later { wait, reason } => tx.postpone_mail(mail, *wait, reason),
            Verdict::Dead { reason } => tx.mark_dead(mail, reason),
            Verdict::Unreachable { reason } => tx.release_mail(mail, reason),
        })
    }

    /// Deletes one batch of mails older than the retention time; true if more may be left.
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
