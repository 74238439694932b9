//! Outages of the message store: runs of refused and slow writes, each logged at its begin and at its end.

use std::time::{Duration, Instant};

/// A write that waits longer is in an outage.
const SLOW: Duration = Duration::from_secs(1);
/// Without traffic an outage is over after this long without a refusal.
const QUIET: Duration = Duration::from_secs(10);

/// A stored write proves for this long that other rooms than those of the outage are stored.
const PROOF: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Outage {
    run: Option<Run>,
    /// When the newest stored write was submitted.
    newest_stored: Option<Instant>,
    /// Why the last attempt failed, since the last commit.
    cause: Option<String>,
}

struct Run {
    since: Instant,
    /// When the first of its writes was submitted.
    submitted: Instant,
    last_trouble: Instant,
    refused: u64,
    names_cause: bool,
}

impl Outage {
    /// Whether nothing is stored, rather than the messages of a locked room alone.
    pub(super) fn is_total(&self, now: Instant) -> bool {
        let Some(run) = &self.run else {
            return false;
        };
        // A batch that is committed after the first of them was submitted may hold earlier writes alone.
        self.newest_stored.is_none_or(|newest| {
            newest <= run.submitted || now.saturating_duration_since(newest) >= PROOF
        })
    }

    /// An attempt to store failed.
    pub(super) fn failed(&mut self, cause: String) {
        self.cause = Some(cause);
        self.name_cause();
    }

    /// These were refused, of which the first was submitted then.
    pub(super) fn refused(&mut self, count: usize, submitted: Instant, now: Instant) {
        if count > 0 {
            let what = "messages are refused, because they cannot be stored";
            self.trouble(submitted, now, what).refused += count as u64;
        }
    }

    /// The oldest write has been waiting that long.
    pub(super) fn waited(&mut self, oldest: Duration, now: Instant) {
        match &self.run {
            _ if oldest >= SLOW => {
                let submitted = now.checked_sub(oldest).unwrap_or(now);
                self.trouble(submitted, now, "messages wait to be stored");
            }
            Some(run) if now.saturating_duration_since(run.last_trouble) >= QUIET => self.end(now),
            _ => {}
        }
    }

    /// A batch was committed, of which the newest write was submitted then.
    pub(super) fn stored(&mut self, newest: Instant) {
        self.newest_stored = self.newest_stored.max(Some(newest));
        self.cause = None;
    }

    /// The oldest write has waited that long when the last batch was committed.
    pub(super) fn committed(&mut self, oldest: Duration, now: Instant) {
        if oldest < SLOW {
            self.end(now);
        }
    }

    fn trouble(&mut self, submitted: Instant, now: Instant, what: &str) -> &mut Run {
        if self.run.is_none() {
            log::warn!("{what}");
        }
        let run = self.run.get_or_insert(Run {
            since: now,
            submitted,
            last_trouble: now,
            refused: 0,
            names_cause: false,
        });
        run.last_trouble = now;
        name_cause(run, self.cause.as_deref());
        run
    }

    fn name_cause(&mut self) {
        if let Some(run) = &mut self.run {
            name_cause(run, self.cause.as_deref());
        }
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

/// Logs the first known cause of a run.
fn name_cause(run: &mut Run, cause: Option<&str>) {
    if let Some(cause) = cause.filter(|_| !run.names_cause) {
        run.names_cause = true;
        log::warn!("messages are not stored: {cause}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_outage_lasts_from_the_first_trouble_to_a_prompt_commit() {
        let start = Instant::now();
        let at = |seconds| second(start, seconds);
        let mut outage = Outage::default();
        outage.waited(Duration::from_millis(999), at(0));
        assert!(!outage.is_total(at(0)));
        outage.waited(SLOW, at(1));
        outage.refused(3, at(0), at(4));
        outage.committed(Duration::from_secs(4), at(5));
        assert!(outage.run.is_some());
        outage.committed(Duration::ZERO, at(6));
        assert!(outage.run.is_none());
    }

    #[test]
    fn without_traffic_an_outage_ends_after_a_quiet_time() {
        let start = Instant::now();
        let mut outage = Outage::default();
        outage.refused(1, start, start);
        outage.waited(Duration::ZERO, start + QUIET / 2);
        assert!(outage.is_total(start + QUIET / 2));
        outage.waited(Duration::ZERO, start + QUIET);
        assert!(!outage.is_total(start + QUIET));
    }

    #[test]
    fn an_outage_is_total_until_a_message_submitted_later_is_stored() {
        let start = Instant::now();
        let at = |seconds| second(start, seconds);
        let mut outage = Outage::default();
        outage.waited(SLOW, at(2));
        outage.stored(at(1));
        assert!(outage.is_total(at(2)));
        outage.stored(at(3));
        assert!(outage.run.is_some() && !outage.is_total(at(3)));
        assert!(outage.is_total(at(3) + PROOF));
    }

    #[test]
    fn a_run_names_its_first_cause_once() {
        let start = Instant::now();
        let names = |outage: &Outage| outage.run.as_ref().map(|run| run.names_cause);
        let mut outage = Outage::default();
        outage.failed("the disk is full".to_owned());
        assert_eq!(names(&outage), None);
        outage.waited(SLOW, start);
        assert_eq!(names(&outage), Some(true));
        outage.stored(start);
        outage.committed(Duration::ZERO, start);
        outage.waited(SLOW, start);
        assert_eq!(names(&outage), Some(false));
        outage.failed("the disk is full".to_owned());
        assert_eq!(names(&outage), Some(true));
    }
}
