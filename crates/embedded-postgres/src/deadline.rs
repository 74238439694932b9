//! Deadline of a start, shared by all its waits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::StartError;

/// The poll interval for other processes, which send no event.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// Bounds one start, all its waits together.
pub(crate) struct Deadline<'a> {
    pub(crate) begun: Instant,
    pub(crate) limit: Duration,
    /// Named in the error, for the operator.
    pub(crate) log: PathBuf,
    /// Set by [`Postgres::stop`](crate::Postgres::stop): cancels the start.
    pub(crate) stopping: &'a AtomicBool,
}

impl Deadline<'_> {
    /// Sleeps for one poll interval; fails after the deadline or a cancellation.
    pub(crate) fn pause(&mut self) -> Result<(), StartError> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(StartError::Stopped);
        }
        if self.begun.elapsed() >= self.limit {
            return Err(StartError::Timeout {
                log: self.log.clone(),
                after: self.limit,
            });
        }
        thread::sleep(PAUSE);
        Ok(())
    }
}
