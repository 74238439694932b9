//! What is kept for a time.

use abu_application::{alumni::ports::RetentionWrites, platform::ports::StoreError};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};

use crate::{sql::sql, store::Session};

impl Session<'_> {
    /// Runs a statement that has a mark for a time, and one for the number of rows.
    fn delete_before(
        &mut self,
        statement: &'static str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.run(|connection| {
            Ok(sql::<()>(statement)
                .bind::<Timestamptz, _>(before)
                .bind::<BigInt, _>(i64::from(limit))
                .execute(connection)?)
        })
    }
}

impl RetentionWrites for Session<'_> {
    fn delete_asked_codes(
        &mut self,
        asked_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.delete_before(
            "DELETE FROM invitations WHERE id IN (
                 SELECT id FROM invitations WHERE claim_id IS NOT NULL AND created_at < ?
                 ORDER BY created_at, id LIMIT ? FOR UPDATE SKIP LOCKED)",
            asked_before,
            limit,
        )
    }

    fn delete_expired_invitations(
        &mut self,
        expired_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let invitations = self.delete_before(
            "DELETE FROM invitations WHERE id IN (
                 SELECT invitations.id FROM invitation_batches AS batch JOIN invitations ON batch_id = batch.id
                 WHERE batch.expires_at < ?
                 ORDER BY batch.expires_at, batch.id, invitations.id LIMIT ? FOR UPDATE OF invitations SKIP LOCKED)",
            expired_before,
            limit,
        )?;
        let batches = self.delete_before(
            "DELETE FROM invitation_batches WHERE id IN (
                 SELECT id FROM invitation_batches AS batch
                 WHERE expires_at < ? AND NOT EXISTS (SELECT FROM invitations WHERE batch_id = batch.id)
                 ORDER BY expires_at, id LIMIT ? FOR UPDATE SKIP LOCKED)",
            expired_before,
            limit,
        )?;
        Ok(invitations.max(batches))
    }

    fn delete_suppressions(&mut self, now: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
        self.delete_before(
            "DELETE FROM mailbox_suppressions WHERE record_id IN (
                 SELECT record_id FROM mailbox_suppressions WHERE until <= ?
                 ORDER BY until LIMIT ? FOR UPDATE SKIP LOCKED)",
            now,
            limit,
        )
    }

    fn delete_refused_claims(
        &mut self,
        decided_before: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        self.delete_before(
            "DELETE FROM claims WHERE id IN (
                 SELECT id FROM claims AS claim
                 WHERE state IN ('rejected', 'withdrawn') AND decided_at < ?
                   AND NOT EXISTS (SELECT FROM claim_evidence WHERE claim_id = claim.id)
                 ORDER BY decided_at, id LIMIT ? FOR UPDATE SKIP LOCKED)",
            decided_before,
            limit,
        )
    }
}
