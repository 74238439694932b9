use std::sync::Mutex;

use abu_application::platform::{ports::Clock, system::SystemClock};
use chrono::{DateTime, TimeDelta, Utc};

/// A clock that stands still until a test advances it. It begins at the system's time, because the
/// database compares terms and leases with its own clock.
pub(crate) struct TestClock(Mutex<DateTime<Utc>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(SystemClock.now()))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
