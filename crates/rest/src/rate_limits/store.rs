//! Bounded store of token buckets.

use std::collections::{HashMap, hash_map::Entry};

use governor::{
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use parking_lot::Mutex;

use super::Key;

/// Buckets of one policy: some five megabytes.
pub(super) const MAX_KEYS: usize = 100_000;

/// One bucket per key, up to [`MAX_KEYS`]. All further keys share one bucket: this bounds the memory, and
/// a client cannot evade a limit with ever new addresses.
#[derive(Default)]
pub(super) struct BoundedStore(Mutex<Buckets>);

/// A bucket is the moment at which it will be full again.
#[derive(Default)]
struct Buckets {
    own: HashMap<Key, Nanos>,
    shared: Option<Nanos>,
}

impl StateStore for BoundedStore {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.0.lock();
        let Buckets { own, shared } = &mut *buckets;
        let is_full = own.len() >= MAX_KEYS;
        match own.entry(*key) {
            Entry::Occupied(mut bucket) => {
                let (answer, next) = decide(Some(*bucket.get()))?;
                bucket.insert(next);
                Ok(answer)
            }
            Entry::Vacant(_) if is_full => {
                let (answer, next) = decide(*shared)?;
                *shared = Some(next);
                Ok(answer)
            }
            Entry::Vacant(place) => {
                let (answer, next) = decide(None)?;
                place.insert(next);
                Ok(answer)
            }
        }
    }
}

impl ShrinkableKeyedStateStore<Key> for BoundedStore {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0
            .lock()
            .own
            .retain(|_key, full_at| *full_at > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.lock().own.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.lock().own.len()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().own.is_empty()
    }
}
