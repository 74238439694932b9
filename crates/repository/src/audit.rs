//! The audit log.

use abu_application::{
    audit::{ChainHash, chain_hash},
    ports::{AuditRow, AuditRows, StoreError},
};
use diesel::prelude::*;

use crate::{
    schema::{audit_log, audit_log_head},
    store::Session,
};

impl AuditRows for Session<'_> {
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
