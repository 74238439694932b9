//! The log lines of an outage of the relay: when it begins, once an hour, and when it ends.

use std::time::{Duration, Instant};

const REMINDER_INTERVAL: Duration = Duration::from_secs(3_600);

/// The outage under way, if any.
#[derive(Default)]
pub(super) struct Outage(Option<Since>);

struct Since {
    began: Instant,
    /// The last line about it.
    told: Instant,
    reason: String,
    attempts: u64,
}

/// A line that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It began, or has another reason now.
    Reason,
    /// It goes on for this long, and so many attempts failed.
    GoesOn(Duration, u64),
    Ended(Duration, u64),
}

impl Outage {
    pub(super) fn failed(&mut self, reason: &str, now: Instant) -> Option<Line> {
        let Some(since) = &mut self.0 else {
            self.0 = Some(Since {
                began: now,
                told: now,
                reason: reason.to_owned(),
                attempts: 1,
            });
            return Some(Line::Reason);
        };
        since.attempts += 1;
        if since.reason != reason {
            reason.clone_into(&mut since.reason);
            since.told = now;
            return Some(Line::Reason);
        }
        if now.duration_since(since.told) < REMINDER_INTERVAL {
            return None;
        }
        since.told = now;
        Some(Line::GoesOn(
            now.duration_since(since.began),
            since.attempts,
        ))
    }

    /// The relay has taken a mail, or refused that mail alone.
    pub(super) fn answered(&mut self, now: Instant) -> Option<Line> {
        let since = self.0.take()?;
        Some(Line::Ended(now.duration_since(since.began), since.attempts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_long_outage_is_told_at_its_begin_and_hourly() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let lines: Vec<_> = (0..=150)
            .filter_map(|minute| {
                let line = outage.failed("refused", start + MINUTE * minute)?;
                Some((minute, line))
            })
            .collect();
        let goes_on = |minute| Line::GoesOn(MINUTE * minute, u64::from(minute) + 1);
        let expected = [(0, Line::Reason), (60, goes_on(60)), (120, goes_on(120))];
        assert_eq!(lines, expected);
    }

    #[test]
    fn another_reason_and_the_end_are_told_at_once() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        assert_eq!(outage.answered(start), None);
        assert_eq!(outage.failed("refused", start), Some(Line::Reason));
        let later = start + MINUTE;
        assert_eq!(outage.failed("535", later), Some(Line::Reason));
        assert_eq!(outage.failed("535", later), None);
        assert_eq!(outage.answered(later), Some(Line::Ended(MINUTE, 3)));
        assert_eq!(outage.answered(later), None);
        assert_eq!(outage.failed("535", later), Some(Line::Reason));
    }
}
