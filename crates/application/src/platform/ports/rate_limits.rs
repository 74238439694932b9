use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::StoreError;

/// A stored bucket: a keyed hash of a limit and of what it counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BucketKey(pub Uuid);

/// The state of a stored token bucket (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Time when it is full again.
    pub full_at: DateTime<Utc>,
    /// Whether it gives nothing before it is full.
    pub is_paused: bool,
    /// Tokens taken since it was last forgotten.
    pub taken: u32,
}

/// How a stored bucket gives tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRule {
    /// How long one token takes to come back.
    pub interval: TimeDelta,
    /// How long an empty bucket takes to fill.
    pub window: TimeDelta,
    pub when_empty: WhenEmpty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenEmpty {
    /// It gives each token that comes back.
    Refill,
    /// It gives nothing for the whole window, and is full then.
    Pause,
    /// The same, and each pause is twice as long as the one before. It remembers its pauses until it was
    /// not used for a day.
    PauseLonger,
}

/// Token buckets in the store, which hold over restarts and for several servers.
pub trait RateLimitReads {
    /// Those of the buckets that are not full, in any order.
    fn buckets(&mut self, keys: &[BucketKey]) -> Result<Vec<(BucketKey, Bucket)>, StoreError>;
}

pub trait RateLimitWrites {
    /// Takes a token from each bucket that has one, by one statement. The answer has the buckets that
    /// gave one, in any order. Also deletes some expired buckets.
    fn take_tokens(
        &mut self,
        asked: &[(BucketKey, BucketRule)],
        now: DateTime<Utc>,
    ) -> Result<Vec<(BucketKey, Bucket)>, StoreError>;

    /// Forgets a bucket: it is full.
    fn fill_bucket(&mut self, key: BucketKey) -> Result<(), StoreError>;
}
