//! What links records with accounts: claims, and invitations to claim.

use abu_application::alumni::ports::MovedLinks;
use abu_domain::RecordId;
use diesel::PgConnection;

use crate::error::Failure;

pub(super) fn claimed(
    _connection: &mut PgConnection,
    _records: &[RecordId],
) -> Result<Vec<RecordId>, Failure> {
    Ok(Vec::new())
}

pub(super) fn move_all(
    _connection: &mut PgConnection,
    _from: RecordId,
    _to: RecordId,
) -> Result<MovedLinks, Failure> {
    Ok(MovedLinks::default())
}
