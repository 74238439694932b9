//! Rate limit of repeated warnings and errors: a run of the same line is written once, and later its count.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::{Duration, Instant},
};

use log::{Level, Record};
use parking_lot::Mutex;

/// A run without another line for this long is over.
const QUIET: Duration = Duration::from_secs(10);
/// A longer run is counted this often.
const INTERVAL: Duration = Duration::from_secs(300);
/// Bounds the memory. Lines beyond it are written each time.
const MAX_RUNS: usize = 128;

#[derive(Default)]
pub(crate) struct Repeats(Mutex<HashMap<Line, Run>>);

/// What makes two records the same. Their pairs do not count: each request has an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) message: String,
}

struct Run {
    /// Lines that are not written or counted yet.
    count: u64,
    counted_since: Instant,
    last: Instant,
}

/// A count to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub(crate) line: Line,
    pub(crate) count: u64,
    pub(crate) lasted: Duration,
}

impl Repeats {
    /// Whether the record is to be written. Only warnings and errors are counted.
    pub(crate) fn admit(&self, record: &Record<'_>, now: Instant) -> bool {
        if record.level() > Level::Warn {
            return true;
        }
        let line = Line {
            level: record.level(),
            target: record.target().to_owned(),
            message: record.args().to_string(),
        };
        let mut runs = self.0.lock();
        let has_room = runs.len() < MAX_RUNS;
        match runs.entry(line) {
            Entry::Occupied(mut entry) => {
                let run = entry.get_mut();
                run.count += 1;
                run.last = now;
                false
            }
            Entry::Vacant(entry) => {
                if has_room {
                    entry.insert(Run {
                        count: 0,
                        counted_since: now,
                        last: now,
                    });
                }
                true
            }
        }
    }

    /// Ends quiet runs; the counts of these and of long ones.
    pub(crate) fn due(&self, now: Instant) -> Vec<Repeated> {
        let mut due = Vec::new();
        self.0.lock().retain(|line, run| {
            let is_over = now.saturating_duration_since(run.last) >= QUIET;
            let is_long = now.saturating_duration_since(run.counted_since) >= INTERVAL;
            if is_over || is_long {
                due.extend(run.take(line, now));
            }
            !is_over
        });
        due
    }

    /// Ends all runs.
    pub(crate) fn end(&self, now: Instant) -> Vec<Repeated> {
        let runs = std::mem::take(&mut *self.0.lock());
        let ended = runs.into_iter();
        ended
            .filter_map(|(line, mut run)| run.take(&line, now))
            .collect()
    }
}

impl Run {
    fn take(&mut self, line: &Line, now: Instant) -> Option<Repeated> {
        let count = std::mem::take(&mut self.count);
        let since = std::mem::replace(&mut self.counted_since, now);
        (count > 0).then(|| Repeated {
            line: line.clone(),
            count,
            lasted: self.last.saturating_duration_since(since),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(repeats: &Repeats, level: Level, message: &str, now: Instant) -> bool {
        let mut record = Record::builder();
        record.level(level).target("abu_app");
        repeats.admit(&record.args(format_args!("{message}")).build(), now)
    }

    fn counts(repeated: Vec<Repeated>) -> Vec<(String, u64, u64)> {
        let counts = repeated.into_iter();
        counts
            .map(|run| (run.line.message, run.count, run.lasted.as_secs()))
            .collect()
    }

    #[test]
    fn a_run_of_one_fault_is_written_once_and_counted_when_it_is_over() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(admit(&repeats, Level::Warn, "away", at(0)));
        assert!(!admit(&repeats, Level::Warn, "away", at(1)));
        assert!(admit(&repeats, Level::Error, "away", at(1)));
        assert!(admit(&repeats, Level::Warn, "full", at(1)));
        assert!(!admit(&repeats, Level::Warn, "away", at(5)));
        assert_eq!(counts(repeats.due(at(14))), []);
        assert_eq!(counts(repeats.due(at(15))), [("away".to_owned(), 2, 5)]);
        assert!(admit(&repeats, Level::Warn, "away", at(16)));
    }

    #[test]
    fn a_long_run_is_counted_at_intervals() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        let mut written = 0;
        let mut counted = 0;
        for second in 0..=900 {
            let now = start + Duration::from_secs(second);
            written += u64::from(admit(&repeats, Level::Error, "away", now));
            counted += repeats.due(now).iter().map(|run| run.count).sum::<u64>();
        }
        counted += repeats
            .end(start + INTERVAL * 3)
            .iter()
            .map(|run| run.count)
            .sum::<u64>();
        assert_eq!((written, counted), (1, 900));
    }

    #[test]
    fn what_is_no_warning_is_written_each_time() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        for _ in 0..3 {
            assert!(admit(&repeats, Level::Info, "GET / 200", now));
        }
        assert_eq!(repeats.end(now), []);
    }

    #[test]
    fn the_memory_for_runs_is_bounded() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        for number in 0..2 * MAX_RUNS {
            assert!(admit(&repeats, Level::Warn, &number.to_string(), now));
        }
        assert_eq!(repeats.0.lock().len(), MAX_RUNS);
    }
}
