//! Rate limits: token buckets by user, session, network, account or e-mail address.
//!
//! Genuine requests count by a key of their own, failures by network, so no limit lets one client shut
//! out another. [`Shaping`] limits are kept in memory. Those that guard secrets and mailboxes
//! ([`Guard`]) are rows of the store.

mod guards;
mod quota;
mod shaping;

use std::time::Duration;

use abu_domain::{LoginSessionId, UserId, platform::network::Network};

use super::{keyed_buckets::KeyedBuckets, ports::StoreError};

pub use guards::{Guard, GuardBucket, Subject};
pub use quota::{Quota, QuotaError};
pub use shaping::Shaping;

/// What the operator decides.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitSettings {
    pub enabled: bool,
    /// Requests of a user without a rule of their own.
    pub default: Quota,
    /// The same without a login, by network.
    pub anonymous: Quota,
    /// Chat handshakes with a valid credential, by user.
    pub handshake: Quota,
    /// Chat handshakes with an invalid credential, by network.
    pub failed_handshake: Quota,
    /// Refreshes with a genuine token, by session.
    pub refresh: Quota,
    /// Refreshes with a token that is not genuine, by network.
    pub failed_refresh: Quota,
    /// Requests to the directory of members, by user.
    pub directory: Quota,
    /// Suggestions of the directory, by user.
    pub suggestions: Quota,
    /// Members whom the directory shows, by user.
    pub directory_cards: Quota,
    /// Failed logins, by account and network.
    pub log_in_account: Quota,
    /// Failed logins to accounts that do not know the network, by network.
    pub log_in_network: Quota,
    /// Failed logins from networks that the account does not know, by account.
    pub log_in_elsewhere: Quota,
    /// Wrong one-time passwords after the right password, by account.
    pub one_time_password: Quota,
    /// Valid registrations, by network.
    pub register: Quota,
    /// Mails that clients request without authentication, by address.
    pub recover: Quota,
    /// Addresses for which such mails are requested, by network.
    pub recover_network: Quota,
}

/// Who is counted in memory. It has no `Debug`, and so no way into a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    User(UserId),
    Session(LoginSessionId),
    Network(Network),
}

/// A key's quota under a limit, after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaStatus {
    /// The name of the limit.
    pub policy: &'static str,
    pub quota: Quota,
    /// How many more requests it allows at once.
    pub remaining: u32,
    /// In how many seconds, at most, it allows one more than now.
    pub renews_in: u32,
}

impl QuotaStatus {
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        if other.remaining < self.remaining {
            other
        } else {
            self
        }
    }
}

/// A limit refused the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub struct RateLimited(pub QuotaStatus);

/// What needs nothing but the store failed, or a limit refused it.
#[derive(Debug, thiserror::Error)]
pub enum LimitedError {
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The limits of the server.
pub struct RateLimits {
    settings: RateLimitSettings,
    /// By the limit's number.
    memory: Vec<KeyedBuckets<Key>>,
    /// Keeps what is counted unreadable in the store.
    hash_key: [u8; 32],
}

impl RateLimits {
    pub const KEY_LABEL: &'static str = "rate-limits";

    /// Buckets in memory begin full.
    pub fn new(settings: RateLimitSettings, hash_key: [u8; 32]) -> Self {
        let buckets = |limit: &Shaping| KeyedBuckets::new(limit.quota(&settings).rate());
        Self {
            memory: Shaping::ALL.iter().map(buckets).collect(),
            settings,
            hash_key,
        }
    }

    /// Limits that count nothing, for programs that serve no clients.
    pub fn off() -> Self {
        let quota = Quota::LEAST;
        let settings = RateLimitSettings {
            enabled: false,
            default: quota,
            anonymous: quota,
            handshake: quota,
            failed_handshake: quota,
            refresh: quota,
            failed_refresh: quota,
            directory: quota,
            suggestions: quota,
            directory_cards: quota,
            log_in_account: quota,
            log_in_network: quota,
            log_in_elsewhere: quota,
            one_time_password: quota,
            register: quota,
            recover: quota,
            recover_network: quota,
        };
        Self::new(settings, [0; 32])
    }
}

/// At least one: a `Retry-After` of zero would make clients retry at once.
pub(crate) fn whole_seconds(time: Duration) -> u32 {
    let rounded_up = time.as_nanos().div_ceil(1_000_000_000).max(1);
    u32::try_from(rounded_up).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The figures that are promised.
    pub(crate) fn settings() -> RateLimitSettings {
        let quota = |text: &str| text.parse().unwrap();
        RateLimitSettings {
            enabled: true,
            default: quota("300/min"),
            anonymous: quota("600/min"),
            handshake: quota("30/min"),
            failed_handshake: quota("600/min"),
            refresh: quota("10/min"),
            failed_refresh: quota("60/min"),
            directory: quota("60/min"),
            suggestions: quota("120/min"),
            directory_cards: quota("2000/d"),
            log_in_account: quota("10/15min"),
            log_in_network: quota("100/15min"),
            log_in_elsewhere: quota("100/d"),
            one_time_password: quota("5/15min"),
            register: quota("300/h"),
            recover: quota("3/h"),
            recover_network: quota("60/h"),
        }
    }

    #[test]
    fn of_two_statuses_the_one_that_leaves_less_is_shown() {
        let status = |remaining| QuotaStatus {
            policy: "default",
            quota: Quota::LEAST,
            remaining,
            renews_in: 1,
        };
        assert_eq!(status(3).tighter(status(2)), status(2));
        assert_eq!(status(2).tighter(status(3)), status(2));
    }
}
