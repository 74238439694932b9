//! PostgreSQL's processes: killed, stopped.

use std::{fs, thread, time::Duration};

use abu_embedded_postgres::Postgres;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{End, Row, TUNING, end};
use crate::{
    faults::{FaultError, bed::Bed},
    usage,
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "kill -9 of PostgreSQL",
        hold: [3, 10],
        tuning: TUNING,
        begin: crash,
    },
    Row {
        name: "SIGSTOP of PostgreSQL",
        hold: [6, 20],
        tuning: TUNING,
        begin: freeze,
    },
];

const LOOK_PERIOD: Duration = Duration::from_millis(20);

fn postmaster(bed: &Bed) -> Result<Pid, FaultError> {
    let pid = usage::postmaster(bed.postgres().data_dir()).ok_or(FaultError::NoPostgres)?;
    Ok(Pid::from_raw(pid as i32))
}

fn crash(bed: &mut Bed) -> Result<End, FaultError> {
    kill(postmaster(bed)?, Signal::SIGKILL)?;
    Ok(end(|bed| start_again(bed.postgres())))
}

/// Starts a PostgreSQL that has ended, or ends just now.
pub(super) fn start_again(postgres: &Postgres) -> Result<(), FaultError> {
    while !postgres.ensure_running()? {
        thread::sleep(LOOK_PERIOD);
    }
    Ok(())
}

/// Stopped processes; a drop resumes them.
struct Frozen(Vec<Pid>);

impl Frozen {
    fn signal(&self, signal: Signal) {
        for process in &self.0 {
            // A process may have ended meanwhile.
            let _ = kill(*process, signal);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
    }
}

fn freeze(bed: &mut Bed) -> Result<End, FaultError> {
    // The postmaster first, so that it starts no further processes.
    let postmaster = postmaster(bed)?;
    let mut frozen = Frozen(vec![postmaster]);
    frozen.signal(Signal::SIGSTOP);
    let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"))?;
    let children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    frozen.0.extend(children.map(Pid::from_raw));
    frozen.signal(Signal::SIGSTOP);
    Ok(end(|_bed| {
        drop(frozen);
        Ok(())
    }))
}
