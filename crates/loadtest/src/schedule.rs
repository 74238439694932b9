//! Open-loop send schedule: a slow server does not reduce the offered load (no coordinated omission).

/// Messages at a constant rate, round-robin over the senders.
pub(crate) struct Schedule {
    start: u64,
    /// Messages a second.
    rate: f64,
    senders: usize,
    sent: u64,
}

impl Schedule {
    /// `start` is in nanoseconds, `rate` in messages a second over all senders.
    pub(crate) fn new(start: u64, rate: f64, senders: usize) -> Self {
        Self {
            start,
            rate,
            senders,
            sent: 0,
        }
    }

    /// The due time of the next message, in nanoseconds.
    pub(crate) fn due(&self) -> u64 {
        self.start + (self.sent as f64 * 1e9 / self.rate) as u64
    }

    /// The next sender and the due time, if that is not after `now`.
    pub(crate) fn next_due(&mut self, now: u64) -> Option<(usize, u64)> {
        let due = self.due();
        if due > now {
            return None;
        }
        let sender = (self.sent % self.senders as u64) as usize;
        self.sent += 1;
        Some((sender, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_at_an_even_pace_whenever_they_are_asked_for() {
        let mut schedule = Schedule::new(1_000, 1e6, 2);
        assert_eq!(schedule.next_due(999), None);
        assert_eq!(schedule.next_due(1_000), Some((0, 1_000)));
        assert_eq!(schedule.next_due(1_999), None);
        let late: Vec<_> = std::iter::from_fn(|| schedule.next_due(4_000)).collect();
        assert_eq!(late, [(1, 2_000), (0, 3_000), (1, 4_000)]);
        assert_eq!(schedule.due(), 5_000);
    }
}
