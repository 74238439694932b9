//! A full disk below PostgreSQL.

use super::{End, Row, TUNING, end};
use crate::faults::{
    FaultError,
    bed::{Bed, Tuning},
};

pub(super) const ROWS: &[Row] = &[Row {
    name: "full disk",
    hold: [6, 20],
    tuning: Tuning {
        // Few segments that PostgreSQL could use again without space for new ones.
        postgres: &[("min_wal_size", "32MB"), ("max_wal_size", "64MB")],
        small_disk: true,
        ..TUNING
    },
    begin: fill,
}];

fn fill(bed: &mut Bed) -> Result<End, FaultError> {
    if let Some(disk) = &bed.disk {
        disk.fill()?;
    }
    Ok(end(|bed| {
        if let Some(disk) = &bed.disk {
            disk.free()?;
        }
        // It ends where it cannot extend its log.
        bed.postgres().ensure_running()?;
        Ok(())
    }))
}
