//! Files that applicants sent as evidence.

use abu_application::{
    alumni::ports::{Evidence, EvidenceReads, EvidenceWrites},
    platform::ports::StoreError,
};
use abu_domain::{ClaimId, EvidenceId, UserId, alumni::claims::EvidenceKind};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    schema::{claim_evidence, claims},
    sql::sql,
    store::Session,
};

type Row = (
    Uuid,
    Uuid,
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<DateTime<Utc>>,
);

/// Of a stored file, whose columns are all set.
fn evidence((id, claim, kind, bytes, sha256, uploaded_at): Row) -> Result<Evidence, BadRow> {
    let bad = |column| BadRow { column, id };
    let kind = kind.as_deref().and_then(EvidenceKind::from_name);
    let sha256 = sha256.and_then(|hash| hash.try_into().ok());
    Ok(Evidence {
        id: id.into(),
        claim: claim.into(),
        kind: kind.ok_or(bad("claim_evidence.kind"))?,
        bytes: bytes.ok_or(bad("claim_evidence.bytes"))?.unsigned_abs(),
        sha256: sha256.ok_or(bad("claim_evidence.sha256"))?,
        uploaded_at: uploaded_at.ok_or(bad("claim_evidence.uploaded_at"))?,
    })
}

fn ids(found: Vec<Uuid>) -> Vec<EvidenceId> {
    found.into_iter().map(EvidenceId::new).collect()
}

impl EvidenceReads for Session<'_> {
    fn known_evidence(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        self.run(|connection| {
            Ok(claim_evidence::table
                .filter(claim_evidence::id.eq_any(ids))
                .select(claim_evidence::id)
                .load(connection)?)
        })
    }

    fn evidence_of(
        &mut self,
        claim: ClaimId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Evidence>, StoreError> {
        use claim_evidence::{bytes, claim_id, delete_after, id, kind, sha256, uploaded_at};
        self.run(|connection| {
            let rows: Vec<Row> = claim_evidence::table
                .filter(claim_id.eq(claim.uuid()))
                .filter(uploaded_at.is_not_null())
                .filter(delete_after.is_null().or(delete_after.gt(now)))
                .order((uploaded_at, id))
                .select((id, claim_id, kind, bytes, sha256, uploaded_at))
                .load(connection)?;
            Ok(rows
                .into_iter()
                .map(evidence)
                .collect::<Result<_, BadRow>>()?)
        })
    }

    fn expired_evidence(
        &mut self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<EvidenceId>, StoreError> {
        self.run(|connection| {
            let found = claim_evidence::table
                .filter(claim_evidence::delete_after.le(now))
                .order((claim_evidence::delete_after, claim_evidence::id))
                .limit(limit.into())
                .select(claim_evidence::id)
                .load(connection)?;
            Ok(ids(found))
        })
    }

    fn evidence_of_user(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<EvidenceId>, StoreError> {
        self.run(|connection| {
            let found = claim_evidence::table
                .inner_join(claims::table)
                .filter(claims::user_id.eq(user.uuid()))
                .limit(limit.into())
                .select(claim_evidence::id)
                .load(connection)?;
            Ok(ids(found))
        })
    }
}

impl EvidenceWrites for Session<'_> {
    fn reserve_evidence(
        &mut self,
        id: EvidenceId,
        claim: ClaimId,
        now: DateTime<Utc>,
        delete_after: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(claim_evidence::table)
                .values((
                    claim_evidence::id.eq(id.uuid()),
                    claim_evidence::claim_id.eq(claim.uuid()),
                    claim_evidence::created_at.eq(now),
                    claim_evidence::delete_after.eq(delete_after),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn store_evidence(&mut self, evidence: &Evidence) -> Result<bool, StoreError> {
        let bytes = i64::try_from(evidence.bytes).unwrap_or(i64::MAX);
        self.run(|connection| {
            let stored = diesel::update(claim_evidence::table.find(evidence.id.uuid()))
                .set((
                    claim_evidence::kind.eq(evidence.kind.name()),
                    claim_evidence::bytes.eq(bytes),
                    claim_evidence::sha256.eq(&evidence.sha256[..]),
                    claim_evidence::uploaded_at.eq(evidence.uploaded_at),
                    claim_evidence::delete_after.eq(None::<DateTime<Utc>>),
                ))
                .execute(connection)?;
            Ok(stored == 1)
        })
    }

    fn expire_evidence(
        &mut self,
        claim: ClaimId,
        delete_after: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            let kept = claim_evidence::table
                .filter(claim_evidence::claim_id.eq(claim.uuid()))
                .filter(claim_evidence::delete_after.is_null());
            diesel::update(kept)
                .set(claim_evidence::delete_after.eq(delete_after))
                .execute(connection)?;
            Ok(())
        })
    }

    fn forget_evidence(
        &mut self,
        ids: &[EvidenceId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            // Uploads that were given up were never shown. Claims are locked in one order.
            sql::<()>(
                "WITH forgotten AS (DELETE FROM claim_evidence WHERE id = ANY (?) RETURNING claim_id, uploaded_at),
                 locked AS (SELECT id FROM claims
                            WHERE id IN (SELECT claim_id FROM forgotten WHERE uploaded_at IS NOT NULL)
                            ORDER BY id FOR UPDATE)
                 UPDATE claims SET last_modified = greatest(last_modified, ?) FROM locked WHERE claims.id = locked.id",
            )
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Timestamptz, _>(now)
            .execute(connection)?;
            Ok(())
        })
    }
}
