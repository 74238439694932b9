//! How long to wait for what another process does.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::StartError;

/// Between two looks at another process, which cannot tell us by itself.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The time that one start may take, all its waits together.
pub(crate) struct Deadline<'a> {
    pub(crate) begun: Instant,
    pub(crate) limit: Duration,
    /// Where an operator reads why it took so long.
    pub(crate) log: PathBuf,
    /// Set when the start is no longer wanted.
    pub(crate) stopping: &'a AtomicBool,
}

impl Deadline<'_> {
    /// Waits a little, unless time is up.
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
