//! Administration of the outbox: mail states, and retries of dead letters.

use abu_domain::{MailId, access::Permission};

use crate::{
    Context,
    access::{self, AccessError, Caller},
    platform::{
        lists::{ListRequest, Listed},
        ports::{Due, MailFilter, MailRecord, StoreError},
    },
};

#[derive(Clone)]
pub struct Mails {
    pub context: Context,
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such mail")]
    NotFound,
    /// The mail is pending or was sent.
    #[error("the mail was not given up")]
    NotDead,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Mails {
    /// A page of mails, newest first; takes `can_view_mail`.
    pub async fn list(
        &self,
        caller: Caller,
        filter: MailFilter,
        page: ListRequest<MailId>,
    ) -> Result<Listed<MailRecord>, MailError> {
        self.context
            .database
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

    /// Requeues a dead letter with its attempts at zero; takes `can_modify_mail`.
    pub async fn retry(&self, caller: Caller, id: MailId) -> Result<MailRecord, MailError> {
        self.context
            .database
            .transaction(move |tx| {
                access::require(tx, &caller, Permission::ModifyMail)?;
                let revived = tx.requeue(id)?;
                tx.after_commit(Due::Mail);
                let mail = tx.mail(id)?.ok_or(MailError::NotFound)?;
                if !revived {
                    return Err(MailError::NotDead);
                }
                Ok(mail)
            })
            .await
    }
}
