//! Codes of invitations.

use abu_application::{alumni::ports::RecordInvitation, identity::ports::TokenHash};
use abu_domain::{RecordInvitationId, UserId, alumni::claims::ClaimCodeHash};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, Binary, Nullable, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::sql::sql;

type Columns = (
    SqlUuid,
    SqlUuid,
    Nullable<SqlUuid>,
    Timestamptz,
    Nullable<Timestamptz>,
    Nullable<Timestamptz>,
);

type Row = (
    Uuid,
    Uuid,
    Option<Uuid>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

macro_rules! invitation_where {
    ($condition:literal) => {
        concat!(
            "SELECT invitations.id, record_id, claim_id, invitations.expires_at, accepted_at, revoked_at
             FROM invitations LEFT JOIN invitation_batches ON invitation_batches.id = batch_id
             WHERE ",
            $condition
        )
    };
}

fn invitation((id, record, claim, expires_at, accepted_at, revoked_at): Row) -> RecordInvitation {
    RecordInvitation {
        id: id.into(),
        record: record.into(),
        claim: claim.map(Into::into),
        expires_at,
        accepted_at,
        revoked_at,
    }
}

pub(super) fn by_code(
    connection: &mut PgConnection,
    hashes: &[ClaimCodeHash],
) -> QueryResult<Option<RecordInvitation>> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| &hash[..]).collect();
    let row: Option<Row> = sql::<Columns>(invitation_where!("code_hash = ANY (?)"))
        .bind::<Array<Binary>, _>(hashes)
        .get_result(connection)
        .optional()?;
    Ok(row.map(invitation))
}

pub(super) fn by_disown_token(
    connection: &mut PgConnection,
    hash: &TokenHash,
) -> QueryResult<Option<RecordInvitation>> {
    let row: Option<Row> = sql::<Columns>(invitation_where!("disown_hash = ?"))
        .bind::<Binary, _>(&hash[..])
        .get_result(connection)
        .optional()?;
    Ok(row.map(invitation))
}

/// Uses the code, unless it was used, revoked or is too old.
pub(super) fn accept(
    connection: &mut PgConnection,
    id: RecordInvitationId,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let used = sql::<SqlUuid>(
        "UPDATE invitations SET accepted_at = ?, accepted_by = ?
         WHERE id = ? AND accepted_at IS NULL AND expires_at > ?
           AND NOT EXISTS (SELECT FROM invitation_batches
                           WHERE id = invitations.batch_id AND revoked_at IS NOT NULL)",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(user.uuid())
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(used == 1)
}
