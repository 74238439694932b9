//! Transactional outbox for mail: enqueue, deliver, and manage dead letters.
//!
//! A use case enqueues a mail in the transaction of its cause, so both commit or neither does. A
//! worker of any server delivers it. The outbox stores parameters only; rendering adds words and
//! links, so the outbox holds no secret.

mod content;
mod delivery;

use abu_domain::{MailId, platform::text::EmailAddress};
use chrono::{DateTime, Utc};

use crate::{
    platform::ports::{Due, Ids, Mail, StoreError},
    store::Writes,
};

pub use content::{MailContent, MailKind, MailState};
pub use delivery::{Delivery, DeliveryPolicy, Verdict};

/// Enqueues a mail and wakes the worker after the commit. A rollback discards the mail.
pub fn enqueue(
    tx: &mut dyn Writes,
    ids: &dyn Ids,
    now: DateTime<Utc>,
    to: &EmailAddress,
    content: MailContent,
) -> Result<MailId, StoreError> {
    let id = MailId::new(ids.time_ordered());
    tx.insert_mail(&Mail {
        id,
        recipient: to.clone(),
        content,
        created_at: now,
    })?;
    tx.after_commit(Due::Mail);
    Ok(id)
}
