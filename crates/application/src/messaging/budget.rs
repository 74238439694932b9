//! Rate limit of a user's messages: one budget for socket and REST, which counts messages and bytes of text.

use std::time::{Duration, Instant};

use abu_domain::UserId;
use lru::LruCache;
use parking_lot::Mutex;

use crate::platform::rate_limits::{Quota, QuotaStatus, RateLimited, whole_seconds};

/// Some 15 megabytes. The least recently active user is evicted, and has full buckets again.
const MAX_USERS: usize = 100_000;

/// The limits of messages, as clients know them.
pub const LIMIT_NAMES: [&str; 3] = ["messages-second", "messages-minute", "message-bytes"];

/// What a user may send. An edit, a deletion and a reaction count as messages too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    pub per_second: u32,
    pub per_minute: u32,
    /// Bytes of text at once; refilled at the rate of `bytes_per_minute`.
    pub bytes_at_once: u32,
    pub bytes_per_minute: u32,
}

/// A user sends too fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many messages, or too much text")]
pub struct OverBudget {
    /// The limit with the longest wait.
    pub limit: RateLimited,
    pub retry_after: Duration,
}

impl From<OverBudget> for RateLimited {
    fn from(over: OverBudget) -> Self {
        over.limit
    }
}

/// The message budgets of all users.
pub struct MessageBudget {
    limits: Option<[Limit; 3]>,
    /// When each bucket is full again.
    users: Mutex<LruCache<UserId, [Instant; 3]>>,
}

struct Limit {
    name: &'static str,
    quota: Quota,
    counts_bytes: bool,
}

impl MessageBudget {
    /// Without limits it refuses nothing.
    pub fn new(limits: Option<MessageLimits>) -> Self {
        Self {
            limits: limits.map(MessageLimits::quotas),
            users: Mutex::new(LruCache::unbounded()),
        }
    }

    /// Counts a message with so many bytes of text. A refused one costs nothing.
    pub fn take(&self, user: UserId, bytes: usize, now: Instant) -> Result<(), OverBudget> {
        let Some(limits) = &self.limits else {
            return Ok(());
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut users = self.users.lock();
        let mut after = users.get(&user).copied().unwrap_or([now; 3]);
        let mut longest: Option<OverBudget> = None;
        for (limit, full_at) in limits.iter().zip(&mut after) {
            let tokens = if limit.counts_bytes { bytes } else { 1 };
            if let Err(retry_after) = limit.quota.rate().take_many(tokens, full_at, now)
                && longest.is_none_or(|longest| longest.retry_after < retry_after)
            {
                longest = Some(limit.refusal(retry_after));
            }
        }
        if let Some(refused) = longest {
            return Err(refused);
        }
        users.put(user, after);
        if users.len() > MAX_USERS {
            users.pop_lru();
        }
        Ok(())
    }
}

impl Limit {
    fn refusal(&self, retry_after: Duration) -> OverBudget {
        OverBudget {
            limit: RateLimited(QuotaStatus {
                policy: self.name,
                quota: self.quota,
                remaining: 0,
                renews_in: whole_seconds(retry_after),
            }),
            retry_after,
        }
    }
}

impl MessageLimits {
    fn quotas(self) -> [Limit; 3] {
        let limit = |name, quota, counts_bytes| Limit {
            name,
            quota,
            counts_bytes,
        };
        let bytes = u64::from(self.bytes_at_once) * 60;
        let seconds = bytes.div_ceil(u64::from(self.bytes_per_minute).max(1));
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        let [by_second, by_minute, by_bytes] = LIMIT_NAMES;
        [
            limit(by_second, Quota::new(self.per_second, 1), false),
            limit(by_minute, Quota::new(self.per_minute, 60), false),
            limit(by_bytes, Quota::new(self.bytes_at_once, seconds), true),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const LIMITS: MessageLimits = MessageLimits {
        per_second: 10,
        per_minute: 120,
        bytes_at_once: 65_536,
        bytes_per_minute: 262_144,
    };

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    #[test]
    fn each_limit_refuses_by_its_name_and_only_its_user() {
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let budget = MessageBudget::new(Some(LIMITS));
        for _ in 0..10 {
            budget.take(user(1), 10, now).unwrap();
        }
        let refused = budget.take(user(1), 10, now).unwrap_err();
        assert_eq!(refused.limit.0.policy, "messages-second");
        assert_eq!(refused.retry_after, Duration::from_millis(100));
        for second in 1..=100 {
            let _ = budget.take(user(1), 10, later(second));
            for _ in 0..10 {
                let _ = budget.take(user(1), 10, later(second));
            }
        }
        let refused = budget.take(user(1), 10, later(100)).unwrap_err();
        assert_eq!(refused.limit.0.policy, "messages-minute");

        for _ in 0..4 {
            budget.take(user(2), 16_000, now).unwrap();
        }
        let refused = budget.take(user(2), 16_000, now).unwrap_err();
        assert_eq!(refused.limit.0.policy, "message-bytes");
        let seconds = refused.retry_after.as_secs_f64();
        assert!((3.2..3.4).contains(&seconds), "{seconds}");
        assert!(budget.take(user(2), 0, now).is_ok(), "without text");
        assert!(
            budget
                .take(user(2), 16_000, now + refused.retry_after)
                .is_ok()
        );
    }

    #[test]
    fn nothing_is_refused_where_limits_are_off() {
        let budget = MessageBudget::new(None);
        let now = Instant::now();
        assert!((0..1_000).all(|_| budget.take(user(1), 16_000, now).is_ok()));
    }

    proptest! {
        #[test]
        fn over_any_time_no_more_passes_than_the_limits_allow(
            messages in proptest::collection::vec((0_u64..3_000, 0_usize..16_000), 1..300),
        ) {
            let start = Instant::now();
            let budget = MessageBudget::new(Some(LIMITS));
            let (mut now, mut passed, mut bytes) = (start, 0.0, 0.0);
            for (pause, size) in messages {
                now += Duration::from_millis(pause);
                match budget.take(user(1), size, now) {
                    Ok(()) => {
                        passed += 1.0;
                        bytes += size as f64;
                    }
                    Err(refused) => {
                        prop_assert!(!refused.retry_after.is_zero());
                        now += refused.retry_after;
                        // The wait is enough for the same message.
                        prop_assert_eq!(budget.take(user(1), size, now), Ok(()));
                        passed += 1.0;
                        bytes += size as f64;
                    }
                }
                let minutes = (now - start).as_secs_f64() / 60.0;
                prop_assert!(passed <= 120.0 * (1.0 + minutes) + 1.0);
                prop_assert!(bytes <= 65_536.0 * (1.0 + 1e-5) + 262_144.0 * (1.0 + 1e-5) * minutes + 1.0);
            }
        }
    }
}
