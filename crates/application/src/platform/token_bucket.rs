//! Token buckets by the generic cell rate algorithm (GCRA): the state of a bucket is the time when it
//! is full again.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// The capacity of a bucket, and how long one token takes to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    capacity: NonZeroU32,
    interval: Duration,
}

impl Rate {
    /// `capacity` tokens at once, and as many in each `period`.
    pub fn new(capacity: NonZeroU32, period: Duration) -> Self {
        Self {
            capacity,
            interval: (period / capacity.get()).max(Duration::from_nanos(1)),
        }
    }

    pub fn interval(self) -> Duration {
        self.interval
    }

    /// Takes a token from the bucket that is full at `full_at`, and returns how many are left. A
    /// refusal changes nothing.
    ///
    /// # Errors
    /// How long to wait for the next token.
    pub fn take(self, full_at: &mut Instant, now: Instant) -> Result<u32, Duration> {
        self.take_many(1, full_at, now)
    }

    /// Takes so many tokens at once, at most the capacity, and returns how many are left. A refusal
    /// changes nothing.
    ///
    /// # Errors
    /// How long to wait for the last of them.
    pub fn take_many(
        self,
        tokens: u32,
        full_at: &mut Instant,
        now: Instant,
    ) -> Result<u32, Duration> {
        let tokens = tokens.min(self.capacity.get());
        let next_full_at = (*full_at).max(now) + self.interval * tokens;
        let missing = next_full_at.duration_since(now);
        let Some(left) = (self.interval * self.capacity.get()).checked_sub(missing) else {
            return Err(missing - self.interval * self.capacity.get());
        };
        *full_at = next_full_at;
        let left = left.as_nanos() / self.interval.as_nanos();
        Ok(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// Takes tokens of a cost that is known only afterwards, whether or not the bucket has them. A debt has to
    /// come back before the next token can be taken; it is at most two capacities.
    pub fn charge(self, tokens: u32, full_at: &mut Instant, now: Instant) {
        let latest = now + self.interval * self.capacity.get() * 3;
        *full_at = ((*full_at).max(now) + self.interval * tokens).min(latest);
    }
}

#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: Rate,
    full_at: Instant,
}

impl TokenBucket {
    pub fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.rate.take(&mut self.full_at, now).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rate(capacity: u32) -> Rate {
        Rate::new(NonZeroU32::new(capacity).unwrap(), SECOND)
    }

    #[test]
    fn a_bucket_gives_its_capacity_at_once_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(rate(2), start);
        assert!(bucket.take(start).is_ok());
        assert!(bucket.take(start).is_ok());
        let wait = bucket.take(start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(bucket.take(start + wait).is_ok());
        assert_eq!(bucket.take(start + wait), Err(wait));
    }

    #[test]
    fn a_bucket_that_rested_holds_no_more_than_its_capacity() {
        let start = Instant::now();
        let later = start + SECOND * 1_000;
        let mut full_at = start;
        let left = [(); 4].map(|()| rate(3).take(&mut full_at, later).ok());
        assert_eq!(left, [Some(2), Some(1), Some(0), None]);
    }

    #[test]
    fn many_tokens_are_taken_at_once_or_none_of_them() {
        let start = Instant::now();
        let mut full_at = start;
        let mut take = |tokens| rate(10).take_many(tokens, &mut full_at, start);
        assert_eq!(take(7), Ok(3));
        assert_eq!(take(4), Err(SECOND / 10));
        assert_eq!(take(3), Ok(0));
        assert_eq!(
            take(11),
            Err(SECOND),
            "more than the capacity counts as the capacity"
        );
    }

    #[test]
    fn a_charge_beyond_the_tokens_delays_the_next_one() {
        let start = Instant::now();
        let mut full_at = start;
        rate(10).charge(25, &mut full_at, start);
        let wait = rate(10).take(&mut full_at, start).unwrap_err();
        assert_eq!(wait, SECOND * 16 / 10);
        assert!(rate(10).take(&mut full_at, start + wait).is_ok());
    }
}
