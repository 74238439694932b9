//! Limits that shape traffic, in the memory of this process.

use std::time::{Duration, Instant};

use abu_domain::named_enum;

use super::{Key, Quota, QuotaStatus, RateLimitSettings, RateLimited, RateLimits, whole_seconds};

named_enum! {
    /// A limit in memory. Clients know it by its name.
    pub enum Shaping {
        /// Any request without a rule of its own, by user.
        Default => "default",
        /// The same without a login, by network.
        Anonymous => "anonymous",
        /// A chat handshake with a valid credential, by user.
        Handshake => "handshake",
        /// A chat handshake with an invalid credential, by network.
        FailedHandshake => "failed-handshake",
        /// A refresh with a genuine token, by session.
        Refresh => "refresh",
        /// A refresh with a token that is not genuine, by network.
        FailedRefresh => "failed-refresh",
        /// A request to the directory of members, by user.
        Directory => "directory",
        /// A request for suggestions, by user.
        Suggestions => "suggestions",
        /// A member whom the directory shows, by user.
        DirectoryCards => "directory-cards",
    }
}

impl Shaping {
    pub(super) fn quota(self, settings: &RateLimitSettings) -> Quota {
        match self {
            Self::Default => settings.default,
            Self::Anonymous => settings.anonymous,
            Self::Handshake => settings.handshake,
            Self::FailedHandshake => settings.failed_handshake,
            Self::Refresh => settings.refresh,
            Self::FailedRefresh => settings.failed_refresh,
            Self::Directory => settings.directory,
            Self::Suggestions => settings.suggestions,
            Self::DirectoryCards => settings.directory_cards,
        }
    }
}

impl RateLimits {
    /// Counts a request; `None` where limits are turned off.
    ///
    /// # Errors
    /// The key's bucket is empty.
    pub fn take(&self, limit: Shaping, key: Key) -> Result<Option<QuotaStatus>, RateLimited> {
        self.take_at(limit, key, 1, Instant::now())
    }

    /// Counts so many at once, at most the quota; `None` where limits are turned off. A refusal counts nothing.
    ///
    /// # Errors
    /// The key's bucket has fewer.
    pub fn take_many(
        &self,
        limit: Shaping,
        key: Key,
        tokens: u32,
    ) -> Result<Option<QuotaStatus>, RateLimited> {
        self.take_at(limit, key, tokens, Instant::now())
    }

    fn take_at(
        &self,
        limit: Shaping,
        key: Key,
        tokens: u32,
        now: Instant,
    ) -> Result<Option<QuotaStatus>, RateLimited> {
        let buckets = self.memory.get(limit as usize);
        let Some(buckets) = buckets.filter(|_| self.settings.enabled) else {
            return Ok(None);
        };
        let status = |remaining, wait: Duration| QuotaStatus {
            policy: limit.name(),
            quota: limit.quota(&self.settings),
            remaining,
            renews_in: whole_seconds(wait),
        };
        match buckets.take_many(key, tokens, now) {
            Ok(remaining) => Ok(Some(status(remaining, buckets.rate().interval()))),
            Err(wait) => Err(RateLimited(status(0, wait))),
        }
    }
}

#[cfg(test)]
mod tests {
    use abu_domain::UserId;
    use uuid::Uuid;

    use super::{super::tests::settings, *};

    fn limits() -> RateLimits {
        RateLimits::new(settings(), [7; 32])
    }

    fn user(number: u128) -> Key {
        Key::User(UserId::new(Uuid::from_u128(number)))
    }

    #[test]
    fn every_limit_gives_its_quota_at_once_and_one_more_when_it_said() {
        for limit in Shaping::ALL {
            let (limits, now) = (limits(), Instant::now());
            let quota = limit.quota(&settings());
            for left in (0..quota.limit().get()).rev() {
                let status = limits.take_at(*limit, user(1), 1, now).unwrap().unwrap();
                assert_eq!((status.policy, status.quota), (limit.name(), quota));
                assert_eq!(status.remaining, left);
            }
            let RateLimited(refused) = limits.take_at(*limit, user(1), 1, now).unwrap_err();
            assert_eq!(refused.remaining, 0, "{refused:?}");
            limits.take_at(*limit, user(2), 1, now).unwrap();
            let later = now + Duration::from_secs(refused.renews_in.into());
            limits.take_at(*limit, user(1), 1, later).unwrap();
        }
    }

    #[test]
    fn where_limits_are_turned_off_nothing_is_counted() {
        let limits = RateLimits::off();
        for _ in 0..1_000 {
            assert_eq!(limits.take(Shaping::Refresh, user(1)), Ok(None));
        }
    }
}
