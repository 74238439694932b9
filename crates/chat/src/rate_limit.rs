//! Token buckets, as plain data: time is handed in.

use std::time::{Duration, Instant};

/// Holds as many tokens as fit in `capacity`, and gains that many each `period`.
#[derive(Clone, Debug)]
pub(crate) struct TokenBucket {
    capacity: f64,
    per_second: f64,
    tokens: f64,
    counted_at: Instant,
}

impl TokenBucket {
    pub(crate) fn new(capacity: u32, period: Duration, now: Instant) -> Self {
        let capacity = f64::from(capacity.max(1));
        Self {
            capacity,
            per_second: capacity / period.as_secs_f64(),
            tokens: capacity,
            counted_at: now,
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        if self.tokens < 1.0 {
            let missing = 1.0 - self.tokens;
            return Err(Duration::from_secs_f64(missing / self.per_second));
        }
        self.tokens -= 1.0;
        Ok(())
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.tokens >= self.capacity
    }

    fn put_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.capacity);
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.counted_at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.counted_at = now;
    }
}

/// What a user may send: so many messages in a second, and so many in a minute.
#[derive(Clone, Debug)]
pub(crate) struct MessageRate {
    second: TokenBucket,
    minute: TokenBucket,
}

impl MessageRate {
    pub(crate) fn new(per_second: u32, per_minute: u32, now: Instant) -> Self {
        Self {
            second: TokenBucket::new(per_second, Duration::from_secs(1), now),
            minute: TokenBucket::new(per_minute, Duration::from_secs(60), now),
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
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.second.is_full(now) && self.minute.is_full(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_capacity_at_once_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(2, Duration::from_secs(1), start);
        assert!(bucket.take(start).is_ok());
        assert!(bucket.take(start).is_ok());
        let wait = bucket.take(start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(bucket.take(start + wait).is_ok());
        assert!(bucket.take(start + wait).is_err());
    }

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
