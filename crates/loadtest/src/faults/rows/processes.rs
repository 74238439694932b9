//! The server's process: killed, stopped.

use super::{End, Row, TUNING, end};
use crate::faults::{FaultError, bed::Bed};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "kill -9 of the server",
        hold: [1, 5],
        tuning: TUNING,
        begin: kill,
    },
    Row {
        name: "SIGSTOP of the server",
        hold: [3, 15],
        tuning: TUNING,
        begin: suspend,
    },
];

fn kill(bed: &mut Bed) -> Result<End, FaultError> {
    bed.kill_server()?;
    Ok(end(Bed::start_server))
}

fn suspend(bed: &mut Bed) -> Result<End, FaultError> {
    bed.suspend_server();
    Ok(end(|bed| {
        bed.resume_server();
        Ok(())
    }))
}
