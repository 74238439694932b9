//! Reconnect back-off: exponential, with full jitter.

use std::time::Duration;

/// Caps every wait, also one that the server requests. A larger number is a mistake, and `Instant`
/// arithmetic would overflow on some.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait that the server requests, at most [`LONGEST_WAIT`].
pub(crate) fn asked_wait(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).min(LONGEST_WAIT)
}

/// Delays whose ceiling doubles with each consecutive failure. Each delay is random between zero and its
/// ceiling (full jitter), which spreads the reconnects of many clients.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first: first.min(LONGEST_WAIT),
            longest: longest.min(LONGEST_WAIT),
            failures: 0,
        }
    }

    /// The delay after one more failure. `luck` is a random number from 0 to 1. `at_least` is the wait that
    /// the server requests; the random part is added to it.
    pub(crate) fn after_failure(&mut self, luck: f64, at_least: Option<Duration>) -> Duration {
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        let at_least = at_least.unwrap_or_default().min(LONGEST_WAIT);
        ceiling.mul_f64(luck.clamp(0.0, 1.0)) + at_least
    }

    /// The number of consecutive failures.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The maximum of the next random delay. A connection that lasts at least as long resets the failures;
    /// a shorter one counts as a failure.
    pub(crate) fn ceiling(&self) -> Duration {
        let doublings = self.failures.min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// Raises the number of consecutive failures to `failures` at least.
    pub(crate) fn count_at_least(&mut self, failures: u32) {
        self.failures = self.failures.max(failures);
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn ceilings_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(SECOND, 30 * SECOND);
        let seconds = [1, 2, 4, 8, 16, 30, 30];
        for ceiling in seconds {
            assert_eq!(backoff.after_failure(1.0, None), ceiling * SECOND);
        }
        for _many in 0..100 {
            assert_eq!(backoff.after_failure(1.0, None), 30 * SECOND);
        }
        backoff.reset();
        assert_eq!(backoff.after_failure(1.0, None), SECOND);
    }

    #[test]
    fn full_jitter_is_added_to_the_servers_retry_after() {
        let mut backoff = Backoff::new(SECOND, 30 * SECOND);
        assert_eq!(backoff.after_failure(0.0, None), Duration::ZERO);
        assert_eq!(backoff.after_failure(0.25, None), SECOND / 2);
        assert_eq!(backoff.after_failure(0.5, Some(7 * SECOND)), 9 * SECOND);
    }

    #[test]
    fn no_number_is_too_large() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        let delay = backoff.after_failure(1.0, Some(Duration::MAX));
        assert_eq!(delay, 2 * LONGEST_WAIT);
        assert_eq!(asked_wait(u64::MAX), LONGEST_WAIT);
    }
}
