use std::collections::BTreeMap;

use abu_application::platform::ports;

use crate::areas::prelude::*;

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "seq": 4711,
    "uuid": "0197a4f0-8d5e-7cc3-98c4-dc0c0c07398f",
    "created_at": "2026-01-05T08:30:00Z",
    "actor": {"kind": "user", "uuid": "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41", "name": null},
    "action": "user.suspend",
    "target": {"type": "user", "id": "8f14a7a2-6f0a-4c7e-9d57-6a1a5f0c2b42"},
    "address": "203.0.113.7",
    "request_id": "req_0198c1a2b3c47d5e8f60718293a4b5c6",
    "details": {},
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}))]
pub(crate) struct AuditEntry {
    /// Its place: 1, 2, 3 and so on, without gaps.
    seq: i64,
    uuid: Uuid,
    /// When it was done.
    created_at: DateTime<Utc>,
    actor: AuditActor,
    /// What was done; the filter `action` has the list.
    action: String,
    /// What it was done to.
    target: Option<AuditTarget>,
    /// The client's address.
    address: Option<String>,
    /// The request, as in `X-Request-Id` and in the server's log.
    request_id: Option<String>,
    /// Short texts about what changed.
    details: BTreeMap<String, String>,
    /// SHA-256 over the entry and the hash of the one before it, in hexadecimal digits.
    hash: String,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditActor {
    /// `user`, `anonymous`, `system` for the server itself, or `os` for an operator at the machine.
    #[schema(example = "user")]
    kind: String,
    /// Of a user: the account.
    uuid: Option<Uuid>,
    /// Of an operator: the name of their account at the machine.
    #[schema(example = json!(null))]
    name: Option<String>,
}

/// What it was done to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditTarget {
    /// What kind of thing.
    #[schema(example = "user")]
    r#type: String,
    /// Which one.
    #[schema(example = "8f14a7a2-6f0a-4c7e-9d57-6a1a5f0c2b42")]
    id: String,
}

impl From<ports::AuditEntry> for AuditEntry {
    fn from(entry: ports::AuditEntry) -> Self {
        let row = entry.row;
        let (kind, name) = match row.actor.split_once(':') {
            Some((kind, name)) => (kind.to_owned(), Some(name.to_owned())),
            None => (row.actor, None),
        };
        Self {
            seq: entry.seq,
            uuid: row.id,
            created_at: row.created_at,
            actor: AuditActor {
                kind,
                uuid: row.actor_id,
                name,
            },
            action: row.action,
            target: row
                .target_type
                .zip(row.target_id)
                .map(|(r#type, id)| AuditTarget { r#type, id }),
            address: row.address,
            request_id: row.request_id,
            details: details(row.details),
            hash: entry
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

/// Shows details that the server did not write under `unreadable`: the reader must still see them.
fn details(text: String) -> BTreeMap<String, String> {
    serde_json::from_str(&text).unwrap_or_else(|_not_ours| [("unreadable".to_owned(), text)].into())
}
