//! The rules that a row must keep, beside the verification of its messages.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};

use super::{
    observer::{Observations, PROBE_TIMEOUT, Probe},
    person::{Notes, Outcome},
};

/// A longer outage must be in the log.
const LOGGED_FROM: Duration = Duration::from_secs(1);
/// Readiness must follow an outage of all rooms within this time.
const READY_WITHIN: Duration = Duration::from_secs(2);
/// More lines are a flood.
const MOST_WARNINGS: usize = 50;
/// The server's memory may grow by this much.
pub(super) const MEMORY_LIMIT: u64 = 64 << 20;

/// A row's events.
pub(super) struct Facts<'a> {
    pub(super) notes: &'a [Notes],
    pub(super) seen: &'a Observations,
    /// From the fault's begin to the end of the row.
    pub(super) span: Range<Instant>,
    /// The begin of the fault's end.
    pub(super) ended: Instant,
    /// While the server's process was stopped or dead.
    pub(super) absences: &'a [Range<Instant>],
    pub(super) warnings: usize,
    /// In bytes, before the fault.
    pub(super) memory_before: u64,
}

impl Facts<'_> {
    /// From the fault to the first failed readiness check.
    pub(super) fn not_ready_after(&self) -> Option<Duration> {
        let first = self.ready().find(|probe| !probe.is_ok)?;
        Some(first.sent - self.span.start)
    }

    /// From the fault's end to the first of the readiness checks that all succeed.
    pub(super) fn ready_again_after(&self) -> Option<Duration> {
        self.not_ready_after()?;
        let after = self.ready().filter(|probe| probe.sent >= self.ended);
        let after: Vec<_> = after.collect();
        let failed = after.iter().rposition(|probe| !probe.is_ok);
        let back = match failed {
            None => return Some(Duration::ZERO),
            Some(last) => after.get(last + 1)?,
        };
        Some(back.sent - self.ended)
    }

    pub(super) fn memory_growth(&self) -> u64 {
        let memory = self.seen.memory.iter();
        let during = memory.filter(|(at, _)| self.span.contains(at));
        let most = during.map(|(_, bytes)| *bytes).max().unwrap_or_default();
        most.saturating_sub(self.memory_before)
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let refused = self.notes.iter().flat_map(|notes| &notes.messages);
        let refused = refused
            .filter(|message| message.outcome == Outcome::Refused)
            .count();
        let outages = self.outages_of_a_room();
        if self.warnings == 0 && (refused > 0 || !outages.is_empty()) {
            complaints.push("an outage without a line in the log".to_owned());
        }
        if self.warnings > MOST_WARNINGS {
            complaints.push(format!("{} lines in the log", self.warnings));
        }
        for outage in self.outages_of_all_rooms() {
            let seconds = (outage.end - outage.start).as_secs_f64();
            let in_time = outage.start..outage.start + READY_WITHIN;
            let mut during = self.ready().filter(|probe| in_time.contains(&probe.sent));
            if !during.any(|probe| !probe.is_ok) {
                complaints.push(format!(
                    "no message was stored for {seconds:.1} s, and /health/ready was 200"
                ));
            }
        }
        for (path, probes) in [
            ("/health/live", &self.seen.live),
            ("/metrics", &self.seen.metrics),
        ] {
            let failed = probes.iter().filter(|probe| !probe.is_ok);
            let failed = failed.filter(|probe| self.span.contains(&probe.sent));
            let failed =
                failed.filter(|probe| !self.is_absent(&(probe.sent..probe.sent + PROBE_TIMEOUT)));
            match failed.count() {
                0 => {}
                count => {
                    complaints.push(format!("{path} did not answer in a second, {count} times"))
                }
            }
        }
        if self.is_long_unready() && !self.has_metric_of_it() {
            complaints.push("abu_ready stayed 1 while /health/ready was 503".to_owned());
        }
        if self.memory_growth() > MEMORY_LIMIT {
            let megabytes = self.memory_growth() >> 20;
            complaints.push(format!("the memory grew by {megabytes} MB"));
        }
        complaints
    }

    fn ready(&self) -> impl Iterator<Item = &Probe> {
        let probes = self.seen.ready.iter();
        probes.filter(|probe| self.span.contains(&probe.sent))
    }

    fn is_absent(&self, span: &Range<Instant>) -> bool {
        let mut absences = self.absences.iter();
        absences.any(|absence| absence.start < span.end && span.start < absence.end)
    }

    fn outages_of_a_room(&self) -> Vec<Range<Instant>> {
        let mut rooms: BTreeMap<u32, Vec<Instant>> = BTreeMap::new();
        for notes in self.notes {
            rooms
                .entry(notes.room)
                .or_default()
                .extend(self.acknowledged(notes));
        }
        rooms
            .into_values()
            .flat_map(|room| self.gaps(room, LOGGED_FROM))
            .collect()
    }

    fn outages_of_all_rooms(&self) -> Vec<Range<Instant>> {
        let all = self.notes.iter().flat_map(|notes| self.acknowledged(notes));
        self.gaps(all.collect(), READY_WITHIN)
    }

    fn acknowledged(&self, notes: &Notes) -> impl Iterator<Item = Instant> {
        let messages = notes.messages.iter();
        let acknowledged = messages.filter(|message| message.outcome == Outcome::Acknowledged);
        acknowledged
            .map(|message| message.settled)
            .filter(|at| self.span.contains(at))
    }

    /// The times without an acknowledged message, longer than `least`, in which the server was there.
    fn gaps(&self, mut acknowledged: Vec<Instant>, least: Duration) -> Vec<Range<Instant>> {
        acknowledged.extend([self.span.start, self.span.end]);
        acknowledged.sort_unstable();
        let gaps = acknowledged.windows(2).map(|pair| pair[0]..pair[1]);
        let long = gaps.filter(|gap| gap.end - gap.start > least);
        long.filter(|gap| !self.is_absent(gap)).collect()
    }

    fn is_long_unready(&self) -> bool {
        let failed: Vec<_> = self
            .ready()
            .filter(|probe| {
                !probe.is_ok && !self.is_absent(&(probe.sent..probe.sent + PROBE_TIMEOUT))
            })
            .collect();
        match (failed.first(), failed.last()) {
            (Some(first), Some(last)) => last.sent - first.sent > PROBE_TIMEOUT,
            _ => false,
        }
    }

    fn has_metric_of_it(&self) -> bool {
        let samples = &self.seen.ready_metric;
        samples
            .iter()
            .any(|(at, ready)| self.span.contains(at) && !ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::person::Message;

    const SECONDS: u64 = 10;

    fn second(start: Instant, tenths: u64) -> Instant {
        start + Duration::from_millis(100 * tenths)
    }

    fn probes(start: Instant, failed: Range<u64>) -> Vec<Probe> {
        let probe = |tenth| Probe {
            sent: second(start, tenth),
            is_ok: !failed.contains(&tenth),
        };
        (0..10 * SECONDS).map(probe).collect()
    }

    /// A room in which one message a tenth of a second is acknowledged, but for those tenths.
    fn notes(start: Instant, outage: Range<u64>) -> Notes {
        let tenths = (0..10 * SECONDS).filter(|tenth| !outage.contains(tenth));
        let message = |tenth| Message {
            text: String::new(),
            sent: second(start, tenth),
            settled: second(start, tenth),
            outcome: Outcome::Acknowledged,
        };
        Notes {
            messages: tenths.map(message).collect(),
            ..Notes::default()
        }
    }

    struct Row {
        start: Instant,
        notes: Vec<Notes>,
        seen: Observations,
        absences: Vec<Range<Instant>>,
        warnings: usize,
    }

    impl Row {
        /// An outage from the second second to the sixth, which all signs show.
        fn new() -> Self {
            let start = Instant::now();
            Self {
                start,
                notes: vec![notes(start, 20..60)],
                seen: Observations {
                    live: probes(start, 0..0),
                    ready: probes(start, 30..65),
                    metrics: probes(start, 0..0),
                    ready_metric: vec![(second(start, 40), false)],
                    memory: vec![(second(start, 50), 120 << 20)],
                },
                absences: Vec::new(),
                warnings: 1,
            }
        }

        fn facts(&self) -> Facts<'_> {
            Facts {
                notes: &self.notes,
                seen: &self.seen,
                span: self.start..second(self.start, 10 * SECONDS),
                ended: second(self.start, 60),
                absences: &self.absences,
                warnings: self.warnings,
                memory_before: 100 << 20,
            }
        }

        fn complaints(&self) -> String {
            self.facts().complaints().join("\n")
        }
    }

    #[test]
    fn an_outage_that_every_sign_shows_is_no_complaint() {
        let row = Row::new();
        assert_eq!(row.complaints(), "");
        let facts = row.facts();
        assert_eq!(facts.not_ready_after(), Some(Duration::from_secs(3)));
        assert_eq!(facts.ready_again_after(), Some(Duration::from_millis(500)));
        assert_eq!(facts.memory_growth(), 20 << 20);
    }

    #[test]
    fn an_outage_without_a_sign_is_a_complaint() {
        let mut unlogged = Row::new();
        unlogged.warnings = 0;
        assert!(unlogged.complaints().contains("without a line in the log"));
        unlogged.warnings = 51;
        assert_eq!(unlogged.complaints(), "51 lines in the log");
        let mut late = Row::new();
        late.seen.ready = probes(late.start, 45..65);
        assert!(late.complaints().contains("/health/ready was 200"));
        let mut unmeasured = Row::new();
        unmeasured.seen.ready_metric.clear();
        assert!(unmeasured.complaints().contains("abu_ready stayed 1"));
    }

    #[test]
    fn a_silent_health_check_is_a_complaint_unless_the_server_is_away() {
        let mut row = Row::new();
        row.seen.live = probes(row.start, 30..32);
        assert_eq!(
            row.complaints(),
            "/health/live did not answer in a second, 2 times"
        );
        row.absences = vec![second(row.start, 20)..second(row.start, 60)];
        assert_eq!(row.complaints(), "");
    }

    #[test]
    fn an_outage_of_one_room_needs_a_line_in_the_log_alone() {
        let mut row = Row::new();
        row.notes.push(Notes {
            room: 1,
            ..notes(row.start, 0..0)
        });
        row.seen.ready = probes(row.start, 0..0);
        assert_eq!(row.complaints(), "");
        row.warnings = 0;
        assert_eq!(row.complaints(), "an outage without a line in the log");
    }

    #[test]
    fn memory_above_the_limit_is_a_complaint() {
        let mut row = Row::new();
        row.seen.memory = vec![(second(row.start, 50), 170 << 20)];
        assert_eq!(row.complaints(), "the memory grew by 70 MB");
    }
}
