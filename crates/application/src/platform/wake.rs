//! Wakes a worker thread that polls a queue.

use std::{sync::Arc, time::Duration};

use parking_lot::{Condvar, Mutex};

/// Handle of one worker thread's rest; clones share it.
#[derive(Clone, Default)]
pub struct Wake(Arc<Shared>);

#[derive(Default)]
struct Shared {
    reasons: Mutex<Reasons>,
    changed: Condvar,
}

#[derive(Default)]
struct Reasons {
    work_is_due: bool,
    stopping: bool,
}

impl Wake {
    /// Call it after the commit: the worker reads committed work only.
    pub fn work_is_due(&self) {
        self.0.reasons.lock().work_is_due = true;
        self.0.changed.notify_all();
    }

    /// Ends every wait, now and later.
    pub fn stop(&self) {
        self.0.reasons.lock().stopping = true;
        self.0.changed.notify_all();
    }

    pub fn is_stopping(&self) -> bool {
        self.0.reasons.lock().stopping
    }

    /// Waits until work is due, the worker must stop, or `time` has passed.
    pub fn rest(&self, time: Duration) {
        let mut reasons = self.0.reasons.lock();
        let restless = |reasons: &mut Reasons| !reasons.work_is_due && !reasons.stopping;
        self.0.changed.wait_while_for(&mut reasons, restless, time);
        reasons.work_is_due = false;
    }

    /// Waits until the worker must stop or `time` has passed.
    pub fn pause(&self, time: Duration) {
        let mut reasons = self.0.reasons.lock();
        let going_on = |reasons: &mut Reasons| !reasons.stopping;
        self.0.changed.wait_while_for(&mut reasons, going_on, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_wake_before_the_wait_is_not_lost() {
        let wake = Wake::default();
        wake.work_is_due();
        wake.rest(LONG);
    }

    #[test]
    fn stop_ends_every_wait() {
        let wake = Wake::default();
        wake.stop();
        wake.rest(LONG);
        wake.pause(LONG);
        assert!(wake.is_stopping());
    }
}
