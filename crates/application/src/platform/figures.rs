//! Figures of the stored queues and logs, for operators.

use crate::{
    platform::ports::{MailBacklog, StoreError},
    store::Reads,
};

#[derive(Clone, Copy, Debug)]
pub struct StoredFigures {
    pub mail: MailBacklog,
    /// The place of the newest audit entry.
    pub audit_head: i64,
}

impl StoredFigures {
    /// Two indexed queries.
    ///
    /// # Errors
    /// The store's own failures.
    pub fn read(tx: &mut dyn Reads) -> Result<Self, StoreError> {
        Ok(Self {
            mail: tx.mail_backlog()?,
            audit_head: tx.audit_head()?.last_seq,
        })
    }
}
