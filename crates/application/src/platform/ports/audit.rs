use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreError;
use crate::platform::{
    audit::Action,
    lists::{Seek, Total},
};

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

/// An entry as it lies in the log. Somebody may have tampered with it, so a hash is what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place: 1, 2, 3 and so on.
    pub seq: i64,
    /// What it says.
    pub row: AuditRow,
    /// The hash of the entry before it, as it was when this one was written.
    pub prev_hash: Vec<u8>,
    /// Its own.
    pub hash: Vec<u8>,
}

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The place of the newest entry, as the store notes it; 0 in an empty log.
    pub seq: i64,
    /// Its hash, as the store notes it.
    pub hash: Vec<u8>,
    /// The highest place that there is; 0 in an empty log.
    pub last_seq: i64,
}

/// Which entries a list shows; `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The account that acted.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: Option<Action>,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target: Option<String>,
    /// Not before this time.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

/// The audit log in the store.
pub trait AuditReads {
    /// At most `limit` entries, the newest first: by their places; or, where the filter has an end, by
    /// their times, and by their places where these are the same. The clocks of several servers differ,
    /// so the one need not be the order of the other.
    fn list_audit(
        &mut self,
        filter: &AuditFilter,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// How many entries pass the filter.
    fn count_audit(&mut self, filter: &AuditFilter) -> Result<Total, StoreError>;

    /// At most `limit` entries after the place `after`, in the order of the chain.
    fn audit_chain(&mut self, after: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// Where the log ends, at one moment.
    fn audit_head(&mut self) -> Result<AuditHead, StoreError>;
}

/// Writes beside [`AuditReads`].
pub trait AuditWrites {
    /// Adds an entry behind the newest one. It is the last thing a transaction does: whoever adds
    /// another entry waits until this transaction has ended.
    fn append_audit(&mut self, row: &AuditRow) -> Result<(), StoreError>;
}
