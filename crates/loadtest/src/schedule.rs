//! When to send, decided beforehand: a slow server does not slow the questions down (open loop).

/// Messages at an even pace, the senders in turn.
pub(crate) struct Schedule {
    start: u64,
    /// Messages a second.
    rate: f64,
    senders: usize,
    sent: u64,
}

impl Schedule {
    /// `rate` messages a second over `senders`, from `start`, in nanoseconds.
    pub(crate) fn new(start: u64, rate: f64, senders: usize) -> Self {
        Self {
            start,
            rate,
            senders,
            sent: 0,
        }
    }

    /// When the next message is due.
    pub(crate) fn due(&self) -> u64 {
        self.start + (self.sent as f64 * 1e9 / self.rate) as u64
    }

    /// The next sender and when their message was due, if it is by `now`.
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
