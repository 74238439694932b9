//! The audit log's hash chain.

use abu_application::platform::{
    audit::{ChainHash, chain_hash},
    lists::{Seek, Total},
    ports::{
        AuditEntry, AuditFilter, AuditHead, AuditReads, AuditRow, AuditWitness, AuditWrites,
        StoreError,
    },
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{max, sql as literal},
    pg::Pg,
    prelude::*,
    sql_types::Bool,
};
use uuid::Uuid;

use crate::{
    lists::{by_time, descending, in_list_order, total},
    schema::{audit_log, audit_log_head, audit_witnesses},
    store::Session,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(Pg))]
struct EntryRow {
    seq: i64,
    id: Uuid,
    created_at: DateTime<Utc>,
    actor_id: Option<Uuid>,
    actor: String,
    action: String,
    target_type: Option<String>,
    target_id: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    details: String,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl From<EntryRow> for AuditEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            seq: row.seq,
            row: AuditRow {
                id: row.id,
                created_at: row.created_at,
                actor_id: row.actor_id,
                actor: row.actor,
                action: row.action,
                target_type: row.target_type,
                target_id: row.target_id,
                address: row.address,
                request_id: row.request_id,
                details: row.details,
            },
            prev_hash: row.prev_hash,
            hash: row.hash,
        }
    }
}

#[derive(Queryable)]
struct WitnessRow {
    seq: i64,
    hash: Vec<u8>,
    noted_at: DateTime<Utc>,
    seal: Vec<u8>,
}

impl From<WitnessRow> for AuditWitness {
    fn from(row: WitnessRow) -> Self {
        Self {
            seq: row.seq,
            hash: row.hash,
            noted_at: row.noted_at,
            seal: row.seal,
        }
    }
}

impl AuditReads for Session<'_> {
    fn list_audit(
        &mut self,
        filter: &AuditFilter,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.run(|connection| {
            let (query, seq) = (filtered(filter), audit_log::seq);
            let query = match filter.to {
                None => descending!(query, seek, seq),
                // By place the scan would read all later entries.
                Some(_) => {
                    let (seek, time) = (timed(connection, seek)?, audit_log::created_at);
                    by_time!(query, seek, time, seq)
                }
            };
            let rows: Vec<EntryRow> = query
                .limit(limit.into())
                .select(EntryRow::as_select())
                .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows);
            Ok(rows.into_iter().map(AuditEntry::from).collect())
        })
    }

    fn count_audit(&mut self, filter: &AuditFilter) -> Result<Total, StoreError> {
        self.run(|connection| Ok(total(connection, filtered(filter).select(audit_log::seq))?))
    }

    fn audit_chain(&mut self, after: i64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.run(|connection| {
            let rows: Vec<EntryRow> = audit_log::table
                .filter(audit_log::seq.gt(after))
                .order(audit_log::seq)
                .limit(limit.into())
                .select(EntryRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(AuditEntry::from).collect())
        })
    }

    fn audit_head(&mut self) -> Result<AuditHead, StoreError> {
        self.run(|connection| {
            let last = audit_log::table.select(max(audit_log::seq));
            let found: Option<(i64, Vec<u8>, Option<i64>)> = audit_log_head::table
                .select((
                    audit_log_head::seq,
                    audit_log_head::hash,
                    last.single_value(),
                ))
                .first(connection)
                .optional()?;
            // The head row can only be missing by tampering; the log then has no head.
            let (seq, hash, last) = found.unwrap_or_default();
            Ok(AuditHead {
                seq,
                hash,
                last_seq: last.unwrap_or_default(),
            })
        })
    }

    fn audit_witnesses(&mut self, from: i64) -> Result<Vec<AuditWitness>, StoreError> {
        self.run(|connection| {
            let rows: Vec<WitnessRow> = audit_witnesses::table
                .filter(audit_witnesses::seq.ge(from))
                .order(audit_witnesses::seq)
                .load(connection)?;
            Ok(rows.into_iter().map(AuditWitness::from).collect())
        })
    }
}

impl AuditWrites for Session<'_> {
    fn insert_audit_witness(&mut self, witness: &AuditWitness) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(audit_witnesses::table)
                .values((
                    audit_witnesses::seq.eq(witness.seq),
                    audit_witnesses::hash.eq(&witness.hash),
                    audit_witnesses::noted_at.eq(witness.noted_at),
                    audit_witnesses::seal.eq(&witness.seal),
                ))
                .on_conflict_do_nothing()
                .execute(connection)?;
            Ok(())
        })
    }

    fn seal_audit_witness_again(&mut self, seq: i64, seal: &[u8]) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(audit_witnesses::table.find(seq))
                .set(audit_witnesses::seal.eq(seal))
                .execute(connection)?;
            Ok(())
        })
    }

    fn append_audit(&mut self, row: &AuditRow) -> Result<(), StoreError> {
        let (seq, prev) = self.run(|connection| {
            Ok(audit_log_head::table
                .select((audit_log_head::seq, audit_log_head::hash))
                .for_update()
                .first::<(i64, Vec<u8>)>(connection)?)
        })?;
        let prev: ChainHash = prev.try_into().map_err(|_other_length| {
            StoreError::Other("the head of the audit log holds no hash".into())
        })?;
        let seq = seq + 1;
        let hash = chain_hash(&prev, seq, row);
        self.run(|connection| {
            diesel::insert_into(audit_log::table)
                .values((
                    audit_log::seq.eq(seq),
                    audit_log::id.eq(row.id),
                    audit_log::created_at.eq(row.created_at),
                    audit_log::actor_id.eq(row.actor_id),
                    audit_log::actor.eq(&row.actor),
                    audit_log::action.eq(&row.action),
                    audit_log::target_type.eq(row.target_type.as_deref()),
                    audit_log::target_id.eq(row.target_id.as_deref()),
                    audit_log::address.eq(row.address.as_deref()),
                    audit_log::request_id.eq(row.request_id.as_deref()),
                    audit_log::details.eq(&row.details),
                    audit_log::prev_hash.eq(&prev[..]),
                    audit_log::hash.eq(&hash[..]),
                ))
                .execute(connection)?;
            diesel::update(audit_log_head::table)
                .set((
                    audit_log_head::seq.eq(seq),
                    audit_log_head::hash.eq(&hash[..]),
                ))
                .execute(connection)?;
            Ok(())
        })
    }
}

/// Adds the time of the entry at the position, which exists: the log is append-only.
fn timed(
    connection: &mut PgConnection,
    seek: Seek<i64>,
) -> QueryResult<Seek<(DateTime<Utc>, i64)>> {
    let seq = match seek {
        Seek::After(Some(seq)) | Seek::Before(Some(seq)) => seq,
        Seek::After(None) => return Ok(Seek::After(None)),
        Seek::Before(None) => return Ok(Seek::Before(None)),
    };
    let entry = audit_log::table.find(seq);
    let at = entry.select(audit_log::created_at).first(connection)?;
    Ok(seek.map(|seq| (at, seq)))
}

/// The filtered query, without an order.
fn filtered(filter: &AuditFilter) -> audit_log::BoxedQuery<'_, Pg> {
    // Never a prepared statement: the best index depends on the values.
    let mut query = audit_log::table
        .into_boxed()
        .filter(literal::<Bool>("true"));
    if let Some(actor) = filter.actor {
        query = query.filter(audit_log::actor_id.eq(actor.uuid()));
    }
    if !filter.actions.is_empty() {
        let names = filter.actions.iter().map(|action| action.name());
        query = query.filter(audit_log::action.eq_any(names));
    }
    if !filter.target_types.is_empty() {
        query = query.filter(audit_log::target_type.eq_any(&filter.target_types));
    }
    if let Some(target) = &filter.target {
        query = query.filter(audit_log::target_id.eq(target));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_log::created_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_log::created_at.lt(to));
    }
    query
}
