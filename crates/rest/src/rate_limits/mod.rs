//! Rate limits: token buckets in the memory of this process.
//!
//! [`Policy`] is the table of the rules. The caller chooses whom to count with a [`Key`]. This module does
//! not depend on HTTP.

mod policy;
mod quota;
mod store;

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use abu_domain::{UserId, platform::text::EmailAddress};
use ipnet::IpNet;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::settings::RestSettings;
use store::BoundedStore;

pub use policy::Policy;

pub use quota::{Quota, QuotaError};

#[derive(Clone, Copy, Debug)]
pub struct RateLimitSettings {
    pub enabled: bool,
    /// Requests of a user, or of a network from which no user is logged in.
    pub default: Quota,
    /// Chat handshakes with a ticket, by network.
    pub connect: Quota,
    pub log_in_account: Quota,
    pub log_in_network: Quota,
    /// Registrations, by network.
    pub register: Quota,
    /// Mails that clients request without authentication, by recipient.
    pub recover: Quota,
    /// Refreshed access tokens, by network.
    pub refresh: Quota,
}

/// How often what says nothing any more is forgotten.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// What counts as one network: what a household or an office is given.
const NETWORK_V4: u8 = 24;
const NETWORK_V6: u8 = 48;

/// Who is counted. It has no `Debug`, and so no way into a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(Who);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    User(UserId),
    Network(IpNet),
    Address([u8; 16]),
}

impl Key {
    pub fn user(user: UserId) -> Self {
        Self(Who::User(user))
    }

    pub fn network(address: IpAddr) -> Self {
        let prefix = match address {
            IpAddr::V4(_) => NETWORK_V4,
            IpAddr::V6(_) => NETWORK_V6,
        };
        let network = IpNet::new(address, prefix).unwrap_or_else(|_too_long| address.into());
        Self(Who::Network(network.trunc()))
    }
}

/// A key's quota under a policy, after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaStatus {
    pub policy: Policy,
    pub quota: Quota,
    /// How many more requests it allows at once.
    pub remaining: u32,
    /// In how many seconds, at most, it allows one more than now.
    pub renews_in: u32,
    pub refused: bool,
}

impl QuotaStatus {
    pub fn tighter(self, other: Self) -> Self {
        let left = |status: &Self| (!status.refused, status.remaining);
        if left(&other) < left(&self) {
            other
        } else {
            self
        }
    }
}

/// The buckets of all keys and policies.
pub struct RateLimits {
    /// By the policy's number; none where limits are turned off.
    limiters: Vec<(Quota, BoundedStore)>,
    swept_at: Mutex<Instant>,
    salt: [u8; 32],
}

impl RateLimits {
    /// Full buckets. The salt is for this process alone.
    pub fn new(settings: &RestSettings, salt: [u8; 32]) -> Self {
        let policies = match settings.rate_limits.enabled {
            true => Policy::ALL,
            false => &[],
        };
        let limiters = policies
            .iter()
            .map(|policy| (policy.quota(settings), BoundedStore::default()));
        Self {
            limiters: limiters.collect(),
            swept_at: Mutex::new(Instant::now()),
            salt,
        }
    }

    /// An e-mail address, of which only a hash is kept.
    pub fn key_of(&self, address: &EmailAddress) -> Key {
        let mut hasher = Sha256::new_with_prefix(self.salt);
        hasher.update(address.as_str());
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize()[..16]);
        Key(Who::Address(hash))
    }

    /// Counts a request, and says how its sender stands then. `None` where limits are turned off.
    pub fn take(&self, policy: Policy, key: Key) -> Option<QuotaStatus> {
        self.take_at(policy, key, Instant::now())
    }

    fn take_at(&self, policy: Policy, key: Key, now: Instant) -> Option<QuotaStatus> {
        let (quota, buckets) = self.limiters.get(policy as usize)?;
        self.sweep(now);
        let rate = quota.rate();
        let (remaining, wait, refused) = match buckets.take(key, rate, now) {
            Ok(remaining) => (remaining, rate.interval(), false),
            Err(wait) => (0, wait, true),
        };
        Some(QuotaStatus {
            policy,
            quota: *quota,
            remaining,
            renews_in: whole_seconds(wait),
            refused,
        })
    }

    /// How a key stands under a policy whose buckets are elsewhere, and which refused it. `None` where limits
    /// are turned off.
    pub fn refused(&self, policy: Policy, retry_after: Duration) -> Option<QuotaStatus> {
        let (quota, _) = self.limiters.get(policy as usize)?;
        Some(QuotaStatus {
            policy,
            quota: *quota,
            remaining: 0,
            renews_in: whole_seconds(retry_after),
            refused: true,
        })
    }

    /// Evicts full buckets now and then. Concurrent callers skip a sweep in progress.
    fn sweep(&self, now: Instant) {
        let Some(mut swept_at) = self.swept_at.try_lock() else {
            return;
        };
        if now.saturating_duration_since(*swept_at) >= SWEEP_INTERVAL {
            *swept_at = now;
            for (_, buckets) in &self.limiters {
                buckets.evict_full(now);
            }
        }
    }
}

/// At least one: a `Retry-After` of zero would make clients retry at once.
pub(crate) fn whole_seconds(time: Duration) -> u32 {
    let rounded_up = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(rounded_up.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use abu_application::messaging::budget::MessageLimits;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn settings() -> RestSettings {
        let quota = |text: &str| text.parse().unwrap();
        let rate_limits = RateLimitSettings {
            enabled: true,
            default: quota("300/min"),
            connect: quota("3000/min"),
            log_in_account: quota("10/15min"),
            log_in_network: quota("50/15min"),
            register: quota("5/h"),
            recover: quota("3/h"),
            refresh: quota("60/min"),
        };
        RestSettings {
            allowed_origins: Vec::new(),
            console: false,
            only_https: false,
            max_body_bytes: 1_024,
            trusted_proxies: Vec::new(),
            rate_limits,
            messages: MessageLimits {
                per_second: 10,
                per_minute: 120,
                bytes_at_once: 65_536,
                bytes_per_minute: 262_144,
            },
        }
    }

    /// Rate limits and their clock.
    struct Limits {
        limits: RateLimits,
        now: Instant,
    }

    impl Limits {
        fn new(settings: &RestSettings) -> Self {
            let limits = RateLimits::new(settings, [7; 32]);
            let now = *limits.swept_at.lock();
            Self { limits, now }
        }

        fn take(&self, policy: Policy, key: Key) -> Option<QuotaStatus> {
            self.limits.take_at(policy, key, self.now)
        }

        fn advance(&mut self, time: Duration) {
            self.now += time;
        }
    }

    fn limits() -> Limits {
        Limits::new(&settings())
    }

    fn user(number: u128) -> Key {
        Key::user(UserId::new(Uuid::from_u128(number)))
    }

    fn network(address: &str) -> Key {
        Key::network(address.parse().unwrap())
    }

    #[test]
    fn every_policy_gives_its_quota_at_once_and_one_more_when_it_said() {
        for policy in Policy::ALL {
            let mut limits = limits();
            let quota = policy.quota(&settings());
            for left in (0..quota.limit().get()).rev() {
                let status = limits.take(*policy, user(1)).unwrap();
                let expected = (*policy, quota, left, false);
                assert_eq!(
                    (
                        status.policy,
                        status.quota,
                        status.remaining,
                        status.refused
                    ),
                    expected
                );
            }
            let refused = limits.take(*policy, user(1)).unwrap();
            assert!(refused.refused && refused.remaining == 0, "{refused:?}");
            assert!(!limits.take(*policy, user(2)).unwrap().refused);
            limits.advance(Duration::from_secs(refused.renews_in.into()));
            assert!(
                !limits.take(*policy, user(1)).unwrap().refused,
                "{policy:?}"
            );
        }
    }

    #[test]
    fn who_was_refused_is_not_held_back_for_having_asked() {
        let mut limits = limits();
        for _ in 0..30 {
            limits.take(Policy::LogInAccount, user(1)).unwrap();
        }
        let refused = limits.take(Policy::LogInAccount, user(1)).unwrap();
        assert_eq!((refused.refused, refused.renews_in), (true, 90));
        limits.advance(Duration::from_secs(89));
        let refused = limits.take(Policy::LogInAccount, user(1)).unwrap();
        assert_eq!((refused.refused, refused.renews_in), (true, 1));
        limits.advance(Duration::from_secs(1));
        assert!(!limits.take(Policy::LogInAccount, user(1)).unwrap().refused);
    }

    #[test]
    fn a_bucket_that_was_full_long_ago_holds_no_more_than_the_quota() {
        let mut limits = limits();
        limits.take(Policy::Recover, user(1)).unwrap();
        limits.advance(Duration::from_secs(1_000_000));
        assert_eq!(limits.take(Policy::Recover, user(1)).unwrap().remaining, 2);
    }

    #[test]
    fn neighbors_share_a_bucket_and_strangers_do_not() {
        assert!(network("192.0.2.1") == network("192.0.2.254"));
        assert!(network("192.0.2.1") != network("192.0.3.1"));
        assert!(network("2001:db8:1:2::1") == network("2001:db8:1:ffff::2"));
        assert!(network("2001:db8:1::1") != network("2001:db8:2::1"));
    }

    #[test]
    fn an_address_is_known_by_a_hash_that_differs_between_processes() {
        let key = |limits: &RateLimits, address: &str| {
            limits.key_of(&EmailAddress::parse(address).unwrap())
        };
        let (one, other) = (
            RateLimits::new(&settings(), [1; 32]),
            RateLimits::new(&settings(), [2; 32]),
        );
        let amina = key(&one, "amina@example.com");
        assert!(amina == key(&one, " Amina@Example.com"));
        assert!(amina != key(&one, "musa@example.com"));
        assert!(amina != key(&other, "amina@example.com"));
    }

    #[test]
    fn where_limits_are_turned_off_nobody_is_counted() {
        let mut settings = settings();
        settings.rate_limits.enabled = false;
        let limits = Limits::new(&settings);
        for _ in 0..1_000 {
            assert_eq!(limits.take(Policy::Recover, user(1)), None);
        }
    }

    #[test]
    fn of_two_statuses_the_one_that_leaves_less_is_shown() {
        let limits = limits();
        let much = limits.take(Policy::Default, user(1)).unwrap();
        let less = limits.take(Policy::Recover, user(1)).unwrap();
        assert_eq!(much.tighter(less), less);
        assert_eq!(less.tighter(much), less);
        let none_left = QuotaStatus {
            remaining: 0,
            ..less
        };
        let refused = QuotaStatus {
            refused: true,
            remaining: 0,
            ..much
        };
        assert_eq!(none_left.tighter(refused), refused);
        assert_eq!(refused.tighter(none_left), refused);
    }

    #[test]
    fn beyond_so_many_all_newcomers_share_one_bucket() {
        let mut limits = limits();
        for number in 0..store::MAX_KEYS as u128 {
            limits.take(Policy::Recover, user(number)).unwrap();
        }
        let newcomer = |limits: &Limits, number: u128| {
            let status = limits.take(Policy::Recover, user(1_000_000 + number));
            (status.unwrap().remaining, status.unwrap().refused)
        };
        assert_eq!(newcomer(&limits, 1), (2, false));
        assert_eq!(newcomer(&limits, 2), (1, false));
        assert_eq!(newcomer(&limits, 3), (0, false));
        assert_eq!(newcomer(&limits, 4), (0, true));
        let own = |limits: &Limits| limits.limits.limiters[Policy::Recover as usize].1.len();
        assert_eq!(own(&limits), store::MAX_KEYS);
        // A key with a bucket keeps it.
        assert_eq!(limits.take(Policy::Recover, user(1)).unwrap().remaining, 1);

        // Once buckets are full again they are forgotten, and newcomers have their own.
        limits.advance(Duration::from_secs(3 * 3_600));
        assert_eq!(newcomer(&limits, 5), (2, false));
        assert_eq!(newcomer(&limits, 6), (2, false));
        assert_eq!(own(&limits), 2);
    }

    proptest! {
        #[test]
        fn sweeping_forgets_nothing_that_counts(
            waits in proptest::collection::vec(0_u64..3_000, 1..40),
        ) {
            let (mut swept, mut kept) = (limits(), limits());
            for (turn, wait) in waits.into_iter().enumerate() {
                swept.advance(Duration::from_secs(wait));
                kept.advance(Duration::from_secs(wait));
                *kept.limits.swept_at.lock() = kept.now;
                let key = user(turn as u128 % 3);
                let expected = kept.take(Policy::Recover, key);
                prop_assert_eq!(swept.take(Policy::Recover, key), expected);
            }
        }
    }
}
