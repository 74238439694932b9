//! What links records with accounts: claims, and invitations to claim.

use abu_application::alumni::ports::MovedLinks;
use abu_domain::RecordId;
use diesel::{
    PgConnection, RunQueryDsl,
    sql_types::{Array, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::uuids;
use crate::{error::Failure, sql::sql};

pub(super) fn claimed(
    connection: &mut PgConnection,
    records: &[RecordId],
) -> Result<Vec<RecordId>, Failure> {
    let ids: Vec<Uuid> = sql::<SqlUuid>(
        "SELECT record_id FROM claims WHERE state = 'verified' AND record_id = ANY (?)",
    )
    .bind::<Array<SqlUuid>, _>(uuids(records))
    .load(connection)?;
    Ok(ids.into_iter().map(RecordId::new).collect())
}

pub(super) fn lock_claims(
    connection: &mut PgConnection,
    records: &[RecordId],
) -> Result<(), Failure> {
    sql::<SqlUuid>("SELECT id FROM claims WHERE record_id = ANY (?) ORDER BY id FOR UPDATE")
        .bind::<Array<SqlUuid>, _>(uuids(records))
        .execute(connection)?;
    Ok(())
}

/// Votes of reviewers and wishes to get no mail follow the record too.
pub(super) fn move_all(
    connection: &mut PgConnection,
    from: RecordId,
    to: RecordId,
) -> Result<MovedLinks, Failure> {
    let mut moved = |text: &'static str| -> Result<Vec<Uuid>, Failure> {
        Ok(sql::<SqlUuid>(text)
            .bind::<SqlUuid, _>(to.uuid())
            .bind::<SqlUuid, _>(from.uuid())
            .load(connection)?)
    };
    let claims = moved("UPDATE claims SET record_id = ? WHERE record_id = ? RETURNING id")?;
    let invitations =
        moved("UPDATE invitations SET record_id = ? WHERE record_id = ? RETURNING id")?;
    moved("UPDATE claim_decisions SET record_id = ? WHERE record_id = ? RETURNING claim_id")?;
    moved(
        "INSERT INTO mailbox_suppressions (record_id, until, created_at)
         SELECT n.record_id, s.until, s.created_at
         FROM (SELECT ?::uuid AS record_id) AS n, mailbox_suppressions s WHERE s.record_id = ?
         ON CONFLICT (record_id) DO UPDATE SET until = greatest(mailbox_suppressions.until, excluded.until)
         RETURNING record_id",
    )?;
    Ok(MovedLinks {
        claims,
        invitations,
    })
}
