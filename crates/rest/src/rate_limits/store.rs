//! The buckets of one policy, in bounded memory.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::{Duration, Instant},
};

use abu_application::platform::token_bucket::Rate;
use parking_lot::Mutex;

use super::Key;

/// Buckets of one policy: some five megabytes.
pub(super) const MAX_KEYS: usize = 100_000;

/// One bucket per key, up to [`MAX_KEYS`]. All further keys share one bucket: this bounds the memory, and
/// a client cannot evade a limit with ever new addresses.
#[derive(Default)]
pub(super) struct BoundedStore(Mutex<Buckets>);

/// A bucket is the time when it is full again.
#[derive(Default)]
struct Buckets {
    own: HashMap<Key, Instant>,
    shared: Option<Instant>,
}

impl BoundedStore {
    /// Takes a token, and returns how many are left.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub(super) fn take(&self, key: Key, rate: Rate, now: Instant) -> Result<u32, Duration> {
        let mut buckets = self.0.lock();
        let Buckets { own, shared } = &mut *buckets;
        let is_full = own.len() >= MAX_KEYS;
        let full_at = match own.entry(key) {
            Entry::Vacant(_) if is_full => shared.get_or_insert(now),
            bucket => bucket.or_insert(now),
        };
        rate.take(full_at, now)
    }

    pub(super) fn evict_full(&self, now: Instant) {
        self.0.lock().own.retain(|_key, full_at| *full_at > now);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().own.len()
    }
}
