//! Outages of the message store: runs of refused and slow writes, each logged at its begin and at its end.

use std::time::{Duration, Instant};

/// A write that waits longer is in an outage.
const SLOW: Duration = Duration::from_secs(1);
/// Without traffic an outage is over after this long without a refusal.
const QUIET: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Outage {
    run: Option<Run>,
}

struct Run {
    since: Instant,
    last_trouble: Instant,
    refused: u64,
}

impl Outage {
    pub(super) fn is_open(&self) -> bool {
        self.run.is_some()
    }

    pub(super) fn refused(&mut self, count: usize, now: Instant) {
        if count > 0 {
            self.trouble(now, "messages are refused, because they cannot be stored");
            if let Some(run) = &mut self.run {
                run.refused += count as u64;
            }
        }
    }

    /// The oldest write has been waiting that long.
    pub(super) fn waited(&mut self, oldest: Duration, now: Instant) {
        match &self.run {
            _ if oldest >= SLOW => self.trouble(now, "messages wait to be stored"),
            Some(run) if now.saturating_duration_since(run.last_trouble) >= QUIET => self.end(now),
            _ => {}
        }
    }

    /// A batch was committed, whose oldest write had waited that long.
    pub(super) fn committed(&mut self, oldest: Duration, now: Instant) {
        if oldest < SLOW {
            self.end(now);
        }
    }

    fn trouble(&mut self, now: Instant, what: &str) {
        let run = self.run.get_or_insert_with(|| {
            log::warn!("{what}");
            Run {
                since: now,
                last_trouble: now,
                refused: 0,
            }
        });
        run.last_trouble = now;
    }

    fn end(&mut self, now: Instant) {
        if let Some(run) = self.run.take() {
            let seconds = now.saturating_duration_since(run.since).as_secs_f64();
            log::warn!(
                refused = run.refused, seconds:% = format_args!("{seconds:.1}");
                "messages are stored in time again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_lasts_from_the_first_trouble_to_a_prompt_commit() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut outage = Outage::default();
        outage.waited(Duration::from_millis(999), at(0));
        assert!(!outage.is_open());
        outage.waited(SLOW, at(1));
        outage.refused(3, at(4));
        outage.committed(Duration::from_secs(4), at(5));
        assert!(outage.is_open());
        outage.committed(Duration::ZERO, at(6));
        assert!(!outage.is_open());
    }

    #[test]
    fn without_traffic_an_outage_ends_after_a_quiet_time() {
        let start = Instant::now();
        let mut outage = Outage::default();
        outage.refused(1, start);
        outage.waited(Duration::ZERO, start + QUIET / 2);
        assert!(outage.is_open());
        outage.waited(Duration::ZERO, start + QUIET);
        assert!(!outage.is_open());
    }
}
