//! Timer wheel of one worker: arming and firing cost the same for one session as for thousands.

use std::time::{Duration, Instant};

/// A ring of slots, one per step of time.
///
/// A deadline beyond the ring fires at the ring's end: its receiver finds nothing due and arms again.
/// Entries cannot be removed: a receiver ignores late ones, and those of ended sessions reach no actor.
#[derive(Debug)]
pub(crate) struct Wheel<K> {
    slots: Vec<Vec<K>>,
    step: Duration,
    start: Instant,
    /// Steps that were fired already.
    fired: u64,
}

impl<K> Wheel<K> {
    pub(crate) fn new(step: Duration, slots: usize, start: Instant) -> Self {
        Self {
            slots: std::iter::repeat_with(Vec::new)
                .take(slots.max(2))
                .collect(),
            step,
            start,
            fired: 0,
        }
    }

    /// Fires `key` at `deadline` or up to one step later, unless the ring ends before.
    pub(crate) fn arm(&mut self, key: K, deadline: Instant) {
        let after_start = deadline.saturating_duration_since(self.start);
        let due = u64::try_from(after_start.as_nanos() / self.step.as_nanos()).unwrap_or(u64::MAX);
        let last = self.fired + self.slots.len() as u64 - 1;
        let step = due.saturating_add(1).clamp(self.fired + 1, last);
        let slot = (step % self.slots.len() as u64) as usize;
        self.slots[slot].push(key);
    }

    /// Takes out what is due at `now`.
    pub(crate) fn fire(&mut self, now: Instant) -> Vec<K> {
        let elapsed = now.saturating_duration_since(self.start).as_nanos() / self.step.as_nanos();
        let until = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let mut due = Vec::new();
        // After a long stop each slot is visited once, not once for every missed turn of the ring.
        let from = self
            .fired
            .max(until.saturating_sub(self.slots.len() as u64));
        for step in from + 1..=until {
            let slot = (step % self.slots.len() as u64) as usize;
            due.append(&mut self.slots[slot]);
        }
        self.fired = self.fired.max(until);
        due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: Duration = Duration::from_millis(50);

    proptest! {
        #[test]
        fn nothing_within_the_ring_fires_early_or_more_than_a_step_late(
            deadlines in proptest::collection::vec(0_u64..700, 1..30),
            pause in 1_u64..200,
        ) {
            let start = Instant::now();
            let mut wheel = Wheel::new(STEP, 16, start);
            let at = |ms: u64| start + Duration::from_millis(ms);
            for ms in &deadlines {
                wheel.arm(*ms, at(*ms));
            }
            let mut fired = Vec::new();
            let mut now = 0;
            while now < 1_000 {
                now += pause;
                for ms in wheel.fire(at(now)) {
                    prop_assert!(ms <= now, "{ms} fired at {now}");
                    prop_assert!(now - ms < pause + 50 + 1, "{ms} fired at {now}");
                    fired.push(ms);
                }
            }
            fired.sort_unstable();
            let mut all = deadlines.clone();
            all.sort_unstable();
            prop_assert_eq!(fired, all);
        }
    }

    #[test]
    fn a_deadline_beyond_the_ring_fires_at_its_end() {
        let start = Instant::now();
        let mut wheel = Wheel::new(STEP, 16, start);
        wheel.arm((), start + Duration::from_secs(3600));
        assert!(wheel.fire(start + STEP * 14).is_empty());
        assert_eq!(wheel.fire(start + STEP * 15).len(), 1);
    }

    #[test]
    fn after_a_long_stop_everything_fires_once() {
        let start = Instant::now();
        let mut wheel = Wheel::new(STEP, 16, start);
        wheel.arm(1, start + STEP);
        wheel.arm(2, start + STEP * 10);
        let mut fired = wheel.fire(start + Duration::from_secs(60));
        fired.sort_unstable();
        assert_eq!(fired, [1, 2]);
        wheel.arm(3, start + Duration::from_secs(61));
        assert_eq!(wheel.fire(start + Duration::from_secs(62)), [3]);
    }
}
