//! A database that is read-only: by a setting, and as a standby before its promotion.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use super::{End, Row, TUNING, end};
use crate::faults::{FaultError, bed::Bed};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "default_transaction_read_only",
        hold: [5, 15],
        tuning: TUNING,
        begin: set_read_only,
    },
    Row {
        name: "failover to a standby",
        hold: [5, 15],
        tuning: TUNING,
        begin: fail_over,
    },
];

fn set_read_only(bed: &mut Bed) -> Result<End, FaultError> {
    let mut session = bed.database()?;
    session.batch_execute("ALTER SYSTEM SET default_transaction_read_only = on")?;
    session.batch_execute("SELECT pg_reload_conf()")?;
    Ok(end(move |_bed| {
        session.batch_execute("ALTER SYSTEM RESET default_transaction_read_only")?;
        Ok(session.batch_execute("SELECT pg_reload_conf()")?)
    }))
}

/// The database comes back as a standby that takes connections, and is promoted later.
fn fail_over(bed: &mut Bed) -> Result<End, FaultError> {
    bed.restart_postgres(make_standby)?;
    Ok(end(|bed| {
        Ok(bed.database()?.batch_execute("SELECT pg_promote()")?)
    }))
}

fn make_standby(cluster: &Path) -> std::io::Result<()> {
    let signal = cluster.join("standby.signal");
    fs::write(&signal, "")?;
    let owner = cluster.metadata()?;
    chown(&signal, Some(owner.uid()), Some(owner.gid()))
}
