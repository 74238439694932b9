//! Token buckets of a user's messages, as plain data: time is handed in.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use abu_application::platform::token_bucket::{Rate, TokenBucket};

/// At least one in each `period`.
pub(crate) fn rate(limit: u32, period: Duration) -> Rate {
    Rate::new(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN), period)
}

/// What a user may send: so many messages in a second, and so many in a minute.
#[derive(Clone, Debug)]
pub(crate) struct MessageRate {
    second: TokenBucket,
    minute: TokenBucket,
}

impl MessageRate {
    pub(crate) fn new(per_second: u32, per_minute: u32, now: Instant) -> Self {
        let bucket =
            |limit, seconds| TokenBucket::full(rate(limit, Duration::from_secs(seconds)), now);
        Self {
            second: bucket(per_second, 1),
            minute: bucket(per_minute, 60),
        }
    }

    /// Counts a message in.
    ///
    /// # Errors
    /// How long to wait until the next one is allowed.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.second.take(now)?;
        self.minute
            .take(now)
            .inspect_err(|_| self.second.put_back())
    }

    /// Whether it is as good as new.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.second.is_full(now) && self.minute.is_full(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_refused_by_the_minute_does_not_use_up_the_second() {
        let start = Instant::now();
        let mut rate = MessageRate::new(2, 3, start);
        for wait in [0, 0, 1000] {
            assert!(rate.take(start + Duration::from_millis(wait)).is_ok());
        }
        let later = start + Duration::from_millis(1000);
        let wait = rate.take(later).unwrap_err();
        assert!(wait > Duration::from_secs(18), "{wait:?}");
        assert!(rate.take(later + wait).is_ok());
    }
}
