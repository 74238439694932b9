//! Figures of the stored queues and logs, for operators.

use crate::{
    platform::ports::{JobBacklog, MailBacklog, StoreError},
    store::Reads,
};

#[derive(Clone, Debug)]
pub struct StoredFigures {
    pub mail: MailBacklog,
    pub jobs: JobBacklog,
    /// The place of the newest audit entry.
    pub audit_head: i64,
}

impl StoredFigures {
    /// Three indexed queries.
    ///
    /// # Errors
    /// The store's own failures.
    pub fn read(tx: &mut dyn Reads) -> Result<Self, StoreError> {
        Ok(Self {
            mail: tx.mail_backlog()?,
            jobs: tx.job_backlog()?,
            audit_head: tx.audit_head()?.last_seq,
        })
    }
}
