//! Locks that another session of the database holds.

use super::{End, Row, TUNING, end};
use crate::{
    community,
    faults::{FaultError, bed::Bed},
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "LOCK TABLE messages",
        hold: [6, 15],
        tuning: TUNING,
        begin: lock_table,
    },
    Row {
        name: "one room's row locked",
        hold: [6, 15],
        tuning: TUNING,
        begin: lock_room,
    },
];

fn lock_table(bed: &mut Bed) -> Result<End, FaultError> {
    lock(bed, "LOCK TABLE messages")
}

fn lock_room(bed: &mut Bed) -> Result<End, FaultError> {
    let room = community::room_id(0);
    lock(
        bed,
        &format!("SELECT 1 FROM rooms WHERE id = '{room}' FOR UPDATE"),
    )
}

fn lock(bed: &Bed, statement: &str) -> Result<End, FaultError> {
    let mut session = bed.database()?;
    session.batch_execute("BEGIN")?;
    session.batch_execute(statement)?;
    Ok(end(move |_bed| Ok(session.batch_execute("ROLLBACK")?)))
}
