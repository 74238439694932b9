//! Mail: putting it into the outbox, delivering it, and looking after what could not be delivered.
//!
//! A use case enqueues a mail in the transaction that gives the reason for it, so that there is one
//! without the other never. Some server's worker takes it from the outbox and delivers it. A mail is
//! stored as what it is about; its words and its links are made when it is sent, so that the outbox
//! holds no secret.

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

/// Puts a mail into the outbox. It is sent if and only if the transaction is committed.
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
