//! Token buckets by key in bounded memory: the least recently used key is evicted.

use std::{
    hash::Hash,
    time::{Duration, Instant},
};

use lru::LruCache;
use parking_lot::Mutex;

use super::token_bucket::Rate;

/// One bucket per key. A key without an entry has a full bucket, so eviction can only help its key.
///
/// An invented key (a made-up e-mail address) must not be counted here: enough of them evict the
/// buckets of others.
pub struct KeyedBuckets<K> {
    rate: Rate,
    max_keys: usize,
    /// The time when the bucket is full again.
    full_at: Mutex<LruCache<K, Instant>>,
}

impl<K: Hash + Eq> KeyedBuckets<K> {
    /// Entries per limit: about ten megabytes.
    pub const MAX_KEYS: usize = 100_000;

    pub fn new(rate: Rate) -> Self {
        Self::bounded(rate, Self::MAX_KEYS)
    }

    fn bounded(rate: Rate, max_keys: usize) -> Self {
        Self {
            rate,
            max_keys,
            // A bounded cache of this crate allocates for all its entries at once.
            full_at: Mutex::new(LruCache::unbounded()),
        }
    }

    /// Takes a token of the key, and returns how many are left. A refusal takes nothing.
    ///
    /// # Errors
    /// How long to wait for the next token.
    pub fn take(&self, key: K, now: Instant) -> Result<u32, Duration> {
        self.take_many(key, 1, now)
    }

    /// Takes so many tokens at once, at most the capacity. A refusal takes nothing.
    ///
    /// # Errors
    /// How long to wait for the last of them.
    pub fn take_many(&self, key: K, tokens: u32, now: Instant) -> Result<u32, Duration> {
        let mut buckets = self.full_at.lock();
        let full_at = buckets.get_or_insert_mut(key, || now);
        let taken = self.rate.take_many(tokens, full_at, now);
        if buckets.len() > self.max_keys {
            buckets.pop_lru();
        }
        taken
    }

    /// Whether the key could take a token now.
    ///
    /// # Errors
    /// How long to wait for it.
    pub fn check(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().get(key).copied().unwrap_or(now);
        self.rate.take(&mut full_at, now).map(drop)
    }

    /// Takes tokens of a cost that is known only afterwards; see [`Rate::charge`].
    pub fn charge(&self, key: K, tokens: u32, now: Instant) {
        let mut buckets = self.full_at.lock();
        let full_at = buckets.get_or_insert_mut(key, || now);
        self.rate.charge(tokens, full_at, now);
        if buckets.len() > self.max_keys {
            buckets.pop_lru();
        }
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn buckets(max_keys: usize) -> KeyedBuckets<u32> {
        let capacity = NonZeroU32::new(2).unwrap();
        KeyedBuckets::bounded(Rate::new(capacity, Duration::from_secs(2)), max_keys)
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let (buckets, now) = (buckets(10), Instant::now());
        assert_eq!(buckets.take(1, now), Ok(1));
        assert_eq!(buckets.take_many(1, 2, now), Err(Duration::from_secs(1)));
        assert_eq!(buckets.take(1, now), Ok(0));
        assert_eq!(buckets.take_many(2, 2, now), Ok(0));
        assert_eq!(buckets.take(1, now + Duration::from_secs(1)), Ok(0));
    }

    #[test]
    fn the_key_that_was_used_longest_ago_is_evicted_first() {
        let (buckets, now) = (buckets(2), Instant::now());
        buckets.take_many(1, 2, now).unwrap();
        buckets.take_many(2, 2, now).unwrap();
        // A refusal is a use too: an exhausted key does not get a full bucket by waiting for others.
        buckets.take(1, now).unwrap_err();
        buckets.take(3, now).unwrap();
        assert_eq!(buckets.full_at.lock().len(), 2);
        buckets.take(1, now).unwrap_err();
        assert_eq!(
            buckets.take(2, now),
            Ok(1),
            "2 was evicted, so its bucket is full"
        );
    }

    #[test]
    fn a_check_takes_nothing_and_sees_the_debt_of_a_charge() {
        let (buckets, now) = (buckets(10), Instant::now());
        buckets.charge(1, 1, now);
        assert_eq!(buckets.check(&1, now), Ok(()));
        assert_eq!(buckets.check(&1, now), Ok(()));
        buckets.charge(1, 3, now);
        assert_eq!(buckets.check(&1, now), Err(Duration::from_secs(3)));
        assert_eq!(buckets.check(&2, now), Ok(()));
    }

    #[test]
    fn newcomers_never_share_a_bucket_however_many_come() {
        let (buckets, now) = (buckets(100), Instant::now());
        for key in 0..10_000 {
            assert_eq!(buckets.take(key, now), Ok(1));
        }
        assert_eq!(buckets.full_at.lock().len(), 100);
    }
}
