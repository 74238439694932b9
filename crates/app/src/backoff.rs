//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that grow from try to try, and differ between servers that lost the same thing at the same
/// moment.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    /// Nothing was tried yet.
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    /// How long to wait this time: at most five seconds.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.0.mul_f64(rand::random_range(0.5..=1.0));
        self.0 = (self.0 * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_never_nothing() {
        let mut backoff = Backoff::new();
        let first = backoff.next();
        assert!(first >= FIRST / 2 && first <= FIRST);
        let later: Vec<_> = (0..100).map(|_| backoff.next()).skip(10).collect();
        assert!(
            later
                .iter()
                .all(|wait| *wait >= LONGEST / 2 && *wait <= LONGEST)
        );
        assert!(later.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
