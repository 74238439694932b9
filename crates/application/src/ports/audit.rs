use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreError;

/// An entry of the audit log, every part in the form in which it is stored and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// UUIDv7.
    pub id: Uuid,
    /// When it was done.
    pub created_at: DateTime<Utc>,
    /// The account that did it.
    pub actor_id: Option<Uuid>,
    /// What kind of actor: `user`, `anonymous`, `system`, or `os:NAME` for an operator at the machine.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// A JSON object of texts.
    pub details: String,
}

/// The audit log in the store.
pub trait AuditRows {
    /// Adds an entry behind the newest one. It is the last thing a transaction does: whoever adds
    /// another entry waits until this transaction has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    fn append_audit(&mut self, row: &AuditRow) -> Result<(), StoreError>;
}
