//! Dead letters and other mail, for the staff that looks after it.

use abu_domain::{MailId, access::Permission};

use crate::{
    Context,
    access::{self, AccessError, Caller},
    platform::{
        lists::{ListRequest, Listed},
        ports::{Due, MailFilter, MailRecord, StoreError},
    },
};

/// The use cases of those who look after the mail.
#[derive(Clone)]
pub struct Mails {
    pub context: Context,
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

    /// Has a mail that was given up tried anew from the start; takes `can_modify_mail`.
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
