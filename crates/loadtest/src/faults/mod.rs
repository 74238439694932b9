//! Fault injection: each row injects one fault under verifying clients, and shows what an operator sees of it.

mod bed;
mod disk;
mod endpoint;
mod observer;
mod person;
mod rows;
mod server_log;
mod socket;
mod table;
mod verdict;
mod verifier;

use std::{
    io::{self, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use clap::Args;

use self::{bed::Bed, rows::Row, server_log::warnings, verdict::Facts};
use crate::{stage::Host, target::TargetError, usage};

pub use self::table::RowResult;

/// The chat before the fault, for the memory that it needs without one.
const WARM_UP: Duration = Duration::from_secs(1);
/// The chat after the recovery, in which readiness must not flip again.
const SETTLE: Duration = Duration::from_secs(1);
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);
const INTERRUPT_PERIOD: Duration = Duration::from_millis(50);

/// What happens to messages in an outage, and how soon an operator sees it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Faults {
    /// Only the faults with this in their name; may be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Print the names of the faults.
    #[arg(long)]
    list: bool,
    /// A few seconds a fault.
    #[arg(long)]
    quick: bool,
}

/// Why a row has no result.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    #[error("there is no fault {0:?}")]
    Unknown(String),
    #[error("interrupted")]
    Interrupted,
    #[error("the server's log does not name the address of its metrics")]
    NoMetrics,
    #[error("the clients cannot chat before the fault")]
    NoChat,
    #[error("PostgreSQL has no process")]
    NoPostgres,
    #[error("the server: {0}")]
    Server(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("the database: {0}")]
    Database(#[from] postgres::Error),
    #[error(transparent)]
    PostgresStart(#[from] abu_embedded_postgres::StartError),
    #[error(transparent)]
    PostgresStop(#[from] abu_embedded_postgres::StopError),
    #[error("a signal: {0}")]
    Signal(#[from] nix::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<TargetError> for FaultError {
    fn from(error: TargetError) -> Self {
        Self::Server(error.into())
    }
}

impl Faults {
    /// Returns whether no row broke a rule.
    pub(crate) fn run(&self, host: &Host, json: bool) -> Result<bool, FaultError> {
        let is_chosen = |row: &&Row| {
            self.only.is_empty()
                || self
                    .only
                    .iter()
                    .any(|part| row.name.contains(part.as_str()))
        };
        let chosen: Vec<_> = rows::all().filter(is_chosen).collect();
        if chosen.is_empty() {
            return Err(FaultError::Unknown(self.only.join(", ")));
        }
        let mut out = io::stdout();
        if self.list {
            for row in chosen {
                writeln!(out, "{}", row.name)?;
            }
            return Ok(true);
        }
        let mut results = Vec::new();
        for row in chosen {
            // Progress; a closed standard error must not end the run.
            let _ = writeln!(io::stderr(), "{} …", row.name);
            results.push(run_row(row, host, self.quick)?);
        }
        match json {
            true => writeln!(
                out,
                "{}",
                serde_json::to_string_pretty(&results).map_err(io::Error::from)?
            )?,
            false => out.write_all(table::table(&results).as_bytes())?,
        }
        Ok(results.iter().all(|result| result.complaints().is_empty()))
    }
}

/// Replays one fault for a few seconds against the server with this binary.
///
/// # Errors
/// Where there is no result; a wrong result is in the row.
pub fn replay(fault: &str, server: &Path, scratch: &Path) -> Result<RowResult, FaultError> {
    let row = rows::all().find(|row| row.name == fault);
    let row = row.ok_or_else(|| FaultError::Unknown(fault.to_owned()))?;
    let host = Host {
        server: server.to_owned(),
        scratch: scratch.to_owned(),
        interrupted: std::sync::Arc::default(),
    };
    run_row(row, &host, true)
}

fn run_row(row: &Row, host: &Host, quick: bool) -> Result<RowResult, FaultError> {
    let Some(mut bed) = Bed::start(row.tuning, &host.server, &host.scratch)? else {
        return Ok(RowResult::skipped(row.name, "needs root"));
    };
    pause(WARM_UP, host)?;
    let log_begin = bed.log.length();
    let memory_before = usage::of_process(bed.endpoint.pid())?.memory;
    let begun = Instant::now();
    let end = (row.begin)(&mut bed)?;
    let [short, long] = row.hold;
    pause(Duration::from_secs(if quick { short } else { long }), host)?;
    let ended = Instant::now();
    let mut complaints = end(&mut bed)?;
    if !bed.recovers(ended, RECOVERY_TIMEOUT) {
        complaints.push(format!(
            "no recovery within {} s",
            RECOVERY_TIMEOUT.as_secs()
        ));
    }
    pause(SETTLE, host)?;
    let over = Instant::now();
    let warnings = warnings(&bed.log.since(log_begin)?);
    let (notes, seen, absences) = bed.finish();
    let verified = verifier::verify(&notes);
    let facts = Facts {
        notes: &notes,
        seen: &seen,
        span: begun..over,
        ended,
        absences: &absences,
        warnings: warnings.len(),
        memory_before,
    };
    if verified.lost > 0 {
        complaints.push(format!("{} messages are lost", verified.lost));
    }
    complaints.extend(verified.complaints);
    complaints.extend(facts.complaints());
    Ok(RowResult {
        fault: row.name,
        acknowledged: verified.acknowledged,
        lost: verified.lost,
        refused: verified.refused,
        longest_wait: verified.longest_wait.as_secs_f64(),
        not_ready_after: facts.not_ready_after().map(|time| time.as_secs_f64()),
        ready_again_after: facts.ready_again_after().map(|time| time.as_secs_f64()),
        warnings,
        memory_growth: facts.memory_growth(),
        complaints,
        skipped: None,
    })
}

fn pause(duration: Duration, host: &Host) -> Result<(), FaultError> {
    let until = Instant::now() + duration;
    while Instant::now() < until {
        if host.is_interrupted() {
            return Err(FaultError::Interrupted);
        }
        thread::sleep(INTERRUPT_PERIOD);
    }
    Ok(())
}
