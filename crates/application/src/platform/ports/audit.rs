use abu_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{KeyAge, StoreError};
use crate::platform::{
    audit::{Action, Mark},
    lists::{Seek, Total},
};

/// An entry of the audit log; every part has the form that is stored and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// UUIDv7.
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    /// The account that acted.
    pub actor_id: Option<Uuid>,
    /// `user`, `anonymous`, `system`, or `os:NAME` for an operator at the machine.
    pub actor: String,
    pub action: String,
    pub target_type: Option<String>,
    pub target_id: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// A JSON object of texts.
    pub details: String,
}

/// A stored entry. A hash may have any length: tampering is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1, 2, 3 and so on.
    pub seq: i64,
    pub row: AuditRow,
    /// The hash of the previous entry at the time of writing.
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The newest place that the head row names; 0 in an empty log.
    pub seq: i64,
    /// The hash that the head row names.
    pub hash: Vec<u8>,
    /// The greatest place that exists; 0 in an empty log.
    pub last_seq: i64,
}

/// `None` does not filter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<UserId>,
    pub actions: Vec<Action>,
    pub target_types: Vec<String>,
    pub target: Option<String>,
    /// Inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

/// A head of the log that a server noted, as it is stored. Tampering is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditWitness {
    /// The place of the head.
    pub seq: i64,
    /// The head's hash.
    pub hash: Vec<u8>,
    pub noted_at: DateTime<Utc>,
    /// By a [`HeadSealer`].
    pub seal: Vec<u8>,
}

/// Authenticates heads of the log by a key that is not in the store.
pub trait HeadSealer: Send + Sync {
    fn seal(&self, head: &Mark) -> [u8; 32];

    /// The key that the seal was made with; `None` for neither.
    fn key_of(&self, head: &Mark, seal: &[u8]) -> Option<KeyAge>;
}

pub trait AuditReads {
    /// At most `limit` entries, newest first. The order is by place, or by time and then place if
    /// the filter has `to`. The two orders may differ, because the clocks of several servers do.
    fn list_audit(
        &mut self,
        filter: &AuditFilter,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    fn count_audit(&mut self, filter: &AuditFilter) -> Result<Total, StoreError>;

    /// At most `limit` entries after the place `after`, in the order of the chain.
    fn audit_chain(&mut self, after: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// The head row and the greatest place, read at one moment.
    fn audit_head(&mut self) -> Result<AuditHead, StoreError>;

    /// The witnesses of the entries from `from` on, in the order of the chain. Servers store at
    /// most one an hour.
    fn audit_witnesses(&mut self, from: i64) -> Result<Vec<AuditWitness>, StoreError>;
}

pub trait AuditWrites {
    /// Appends an entry to the chain. Call it last in a transaction: other appends wait until the
    /// transaction ends.
    fn append_audit(&mut self, row: &AuditRow) -> Result<(), StoreError>;

    /// Keeps an earlier witness of the same entry.
    fn insert_audit_witness(&mut self, witness: &AuditWitness) -> Result<(), StoreError>;

    /// Replaces the seal of a witness, and nothing else of it.
    fn seal_audit_witness_again(&mut self, seq: i64, seal: &[u8]) -> Result<(), StoreError>;
}
