//! Mail: putting it into the outbox, delivering it, and looking after what could not be delivered.
//!
//! A use case enqueues a mail in the transaction that gives the reason for it, so that there is one
//! without the other never. Some server's worker takes it from the outbox and delivers it. A mail is
//! stored as what it is about; its words and its links are made when it is sent, so that the outbox
//! holds no secret.

mod content;
mod delivery;

use abu_domain::{MailId, access::Permission, text::EmailAddress};
use chrono::{DateTime, Utc};

use crate::{
    Database,
    access::{self, AccessError, Caller},
    lists::{ListRequest, Listed},
    ports::{Ids, Mail, MailFilter, MailRecord, StoreError, Transaction},
};

pub use content::{MailContent, MailKind, MailState};
pub use delivery::{Delivery, DeliveryPolicy, Verdict};

/// Puts a mail into the outbox. It is sent if and only if the transaction is committed.
pub fn enqueue(
    tx: &mut dyn Transaction,
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
    Ok(id)
}

/// The use cases of those who look after the mail.
#[derive(Clone)]
pub struct Mails {
    /// The store.
    pub database: Database,
}

/// Why mail was not shown or not sent again.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such mail.
    #[error("there is no such mail")]
    NotFound,
    /// It waits to be sent, or was sent.
    #[error("the mail was not given up")]
    NotDead,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Mails {
    /// A page of mails, the newest first; takes `can_view_mail`.
    pub async fn list(
        &self,
        caller: Caller,
        filter: MailFilter,
        page: ListRequest<MailId>,
    ) -> Result<Listed<MailRecord>, MailError> {
        self.database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ViewMail)?;
                Ok(page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_mails(&filter, seek, limit),
                    |tx| tx.count_mails(&filter),
                )?)
            })
            .await
    }

    /// Has a mail that was given up tried anew from the start; takes `can_modify_mail`.
    pub async fn retry(&self, caller: Caller, id: MailId) -> Result<MailRecord, MailError> {
        self.database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyMail)?;
                let revived = tx.requeue(id)?;
                let mail = tx.mail(id)?.ok_or(MailError::NotFound)?;
                if !revived {
                    return Err(MailError::NotDead);
                }
                Ok(mail)
            })
            .await
    }
}
