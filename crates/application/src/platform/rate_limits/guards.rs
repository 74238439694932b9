//! Limits that guard secrets and mailboxes, in the store.

use std::fmt::Display;

use abu_domain::{
    LoginSessionId, UserId, named_enum,
    platform::{network::Network, text::EmailAddress},
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Quota, QuotaStatus, RateLimitSettings, RateLimited, RateLimits, whole_seconds};
use crate::{
    platform::ports::{Bucket, BucketKey, BucketRule, StoreError, WhenEmpty},
    store::{Reads, Writes},
};

/// Copies of their data that a user asks for.
const EXPORTS: (u32, u32) = (1, 86_400);
/// Mails to addresses that a logged-in user claims.
const CLAIMS: (u32, u32) = (10, AN_HOUR);

const AN_HOUR: u32 = 3_600;
const A_DAY: u32 = 86_400;

named_enum! {
    /// A limit in the store. Clients know it by its name.
    pub enum Guard {
        /// A failed login, by account and network.
        LogInAccount => "log-in-account",
        /// A failed login to an account that does not know the network, by network.
        LogInNetwork => "log-in-network",
        /// A failed login from a network that the account does not know, by account.
        LogInElsewhere => "log-in-elsewhere",
        /// A wrong password of a logged-in user, by session.
        PasswordCheck => "password-check",
        /// A wrong one-time password after the right password, by account.
        OneTimePassword => "one-time-password",
        /// A valid registration, by network.
        Register => "register",
        /// A mail that any client can request, by address.
        Recover => "recover",
        /// A notice without a link, to the owner of an address that is registered again, by address.
        RegisterNotice => "register-notice",
        /// An address for which such a mail is requested, by network.
        RecoverNetwork => "recover-network",
        /// Whether the network has requested a mail for the address already.
        RecoverSeen => "recover-seen",
        /// A mail to an address that a user claims, by user.
        ClaimedAddress => "claimed-address",
        /// A copy of a user's data, by user.
        Export => "export",
        /// A claim on a record of the register, by user.
        Claim => "claim",
        /// A claim code that is given, by user.
        ClaimCode => "claim-code",
        /// A claim code that is not good, by network.
        ClaimCodeNetwork => "claim-code-network",
        /// A claim code that a user asks for, by user.
        ClaimMailbox => "claim-mailbox",
        /// A message about a claim, by user.
        ClaimMessage => "claim-message",
        /// A profile of a member that a user looks at, by user.
        ProfileView => "profile-view",
        /// A change of what a claim says, by user.
        ClaimChange => "claim-change",
        /// A file as evidence of a claim, by user.
        ClaimEvidence => "claim-evidence",
    }
}

impl Guard {
    fn quota(self, settings: &RateLimitSettings) -> Quota {
        match self {
            Self::LogInAccount | Self::PasswordCheck => settings.log_in_account,
            Self::LogInNetwork => settings.log_in_network,
            Self::LogInElsewhere => settings.log_in_elsewhere,
            Self::OneTimePassword => settings.one_time_password,
            Self::Register => settings.register,
            Self::Recover | Self::RegisterNotice => settings.recover,
            Self::RecoverNetwork => settings.recover_network,
            Self::RecoverSeen => Quota::new(1, settings.recover_network.window()),
            Self::ClaimedAddress => Quota::new(CLAIMS.0, CLAIMS.1),
            Self::Export => Quota::new(EXPORTS.0, EXPORTS.1),
            Self::Claim => Quota::new(5, A_DAY),
            Self::ClaimCode => Quota::new(10, AN_HOUR),
            Self::ClaimCodeNetwork => Quota::new(100, AN_HOUR),
            Self::ClaimMailbox => Quota::new(3, A_DAY),
            Self::ClaimMessage => Quota::new(20, A_DAY),
            Self::ProfileView => Quota::new(300, A_DAY),
            Self::ClaimChange => Quota::new(50, A_DAY),
            Self::ClaimEvidence => Quota::new(30, AN_HOUR),
        }
    }

    fn rule(self, settings: &RateLimitSettings) -> BucketRule {
        let quota = self.quota(settings);
        let window = TimeDelta::seconds(quota.window().into());
        BucketRule {
            interval: window / i32::try_from(quota.limit().get()).unwrap_or(i32::MAX),
            window,
            when_empty: match self {
                Self::LogInElsewhere => WhenEmpty::Pause,
                Self::OneTimePassword => WhenEmpty::PauseLonger,
                _ => WhenEmpty::Refill,
            },
        }
    }
}

/// What a stored limit counts by.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    User(UserId),
    Session(LoginSessionId),
    Network(Network),
    Address(&'a EmailAddress),
}

/// One bucket of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardBucket {
    pub guard: Guard,
    key: BucketKey,
}

impl RateLimits {
    /// The bucket of these subjects together. Its key is a hash: the store holds no address or network.
    pub fn bucket(&self, guard: Guard, subjects: &[Subject<'_>]) -> GuardBucket {
        let mut hasher = Sha256::new_with_prefix(self.hash_key);
        let mut add = |tag: &str, value: &dyn Display| {
            hasher.update(format!("{tag} {value}\0"));
        };
        add("limit", &guard.name());
        for subject in subjects {
            match subject {
                Subject::User(user) => add("user", user),
                Subject::Session(session) => add("session", session),
                Subject::Network(network) => add("network", network),
                Subject::Address(address) => add("address", &address.as_str()),
            }
        }
        let mut half = [0; 16];
        half.copy_from_slice(&hasher.finalize()[..16]);
        GuardBucket {
            guard,
            key: BucketKey(Uuid::new_v8(half)),
        }
    }

    /// Refuses if one of the buckets is empty, and takes nothing.
    ///
    /// # Errors
    /// The emptiest bucket, or the store's failure.
    pub fn check<E>(
        &self,
        tx: &mut dyn Reads,
        buckets: &[GuardBucket],
        now: DateTime<Utc>,
    ) -> Result<(), E>
    where
        E: From<StoreError> + From<RateLimited>,
    {
        if !self.settings.enabled {
            return Ok(());
        }
        let keys: Vec<BucketKey> = buckets.iter().map(|bucket| bucket.key).collect();
        let stored = tx.buckets(&keys)?;
        let waits = stored.iter().filter_map(|(key, stored)| {
            let bucket = buckets.iter().find(|bucket| bucket.key == *key)?;
            let wait = wait(stored, &bucket.guard.rule(&self.settings), now)?;
            Some((bucket.guard, wait))
        });
        match waits.max_by_key(|(_, wait)| *wait) {
            Some((guard, wait)) => Err(self.refused(guard, wait).into()),
            None => Ok(()),
        }
    }

    /// Takes a token from each bucket that has one, and returns those.
    pub fn count(
        &self,
        tx: &mut dyn Writes,
        buckets: &[GuardBucket],
        now: DateTime<Utc>,
    ) -> Result<Vec<(GuardBucket, Bucket)>, StoreError> {
        if !self.settings.enabled {
            return Ok(Vec::new());
        }
        let asked: Vec<_> = buckets
            .iter()
            .map(|bucket| (bucket.key, bucket.guard.rule(&self.settings)))
            .collect();
        let taken = tx.take_tokens(&asked, now)?;
        let of = |key| buckets.iter().find(|bucket| bucket.key == key).copied();
        Ok(taken
            .into_iter()
            .filter_map(|(key, stored)| Some((of(key)?, stored)))
            .collect())
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The bucket is empty, or the store's failure.
    pub fn count_or_refuse<E>(
        &self,
        tx: &mut dyn Writes,
        bucket: GuardBucket,
        now: DateTime<Utc>,
    ) -> Result<(), E>
    where
        E: From<StoreError> + From<RateLimited>,
    {
        if !self.settings.enabled || !self.count(tx, &[bucket], now)?.is_empty() {
            return Ok(());
        }
        self.check::<E>(tx, &[bucket], now)?;
        // A concurrent transaction has taken the last token and is not committed yet.
        let interval = bucket.guard.rule(&self.settings).interval;
        Err(self.refused(bucket.guard, interval).into())
    }

    /// Whether a mail that any client can request may go to the address now. Counts it if so.
    pub fn allow_mail(
        &self,
        tx: &mut dyn Writes,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.allow(tx, Guard::Recover, address, now)
    }

    /// Whether a notice without a link may go to the address now. Counts it if so, apart from
    /// [`allow_mail`](Self::allow_mail): a stranger's registrations never use up the owner's links.
    pub fn allow_notice(
        &self,
        tx: &mut dyn Writes,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.allow(tx, Guard::RegisterNotice, address, now)
    }

    fn allow(
        &self,
        tx: &mut dyn Writes,
        guard: Guard,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let bucket = self.bucket(guard, &[Subject::Address(address)]);
        Ok(!self.settings.enabled || !self.count(tx, &[bucket], now)?.is_empty())
    }

    /// Counts the address for the network that requests a mail to it, once in the limit's time.
    ///
    /// # Errors
    /// The network has requested mails for too many addresses, or the store's failure.
    pub fn count_recovery<E>(
        &self,
        tx: &mut dyn Writes,
        network: Option<Network>,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<(), E>
    where
        E: From<StoreError> + From<RateLimited>,
    {
        let Some(network) = network.map(Subject::Network) else {
            return Ok(());
        };
        let seen = self.bucket(Guard::RecoverSeen, &[network, Subject::Address(address)]);
        if self.count(tx, &[seen], now)?.is_empty() {
            return Ok(());
        }
        let bucket = self.bucket(Guard::RecoverNetwork, &[network]);
        self.count_or_refuse(tx, bucket, now)
    }

    /// Forgets what the bucket counted.
    pub fn fill(&self, tx: &mut dyn Writes, bucket: GuardBucket) -> Result<(), StoreError> {
        if self.settings.enabled {
            tx.fill_bucket(bucket.key)?;
        }
        Ok(())
    }

    fn refused(&self, guard: Guard, wait: TimeDelta) -> RateLimited {
        RateLimited(QuotaStatus {
            policy: guard.name(),
            quota: guard.quota(&self.settings),
            remaining: 0,
            renews_in: whole_seconds(wait.to_std().unwrap_or_default()),
        })
    }
}

/// How long an empty bucket gives nothing; `None` for one with a token.
fn wait(bucket: &Bucket, rule: &BucketRule, now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = match bucket.is_paused {
        true => bucket.full_at - now,
        false => bucket.full_at.max(now) + rule.interval - (now + rule.window),
    };
    (wait > TimeDelta::zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{super::tests::settings, *};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_bucket_that_refills_waits_for_one_token_and_a_paused_one_for_all() {
        let rule = Guard::LogInAccount.rule(&settings());
        let bucket = |seconds, is_paused| Bucket {
            full_at: at(seconds),
            is_paused,
            taken: 1,
        };
        let waits = |bucket: Bucket| wait(&bucket, &rule, at(0)).map(|wait| wait.num_seconds());
        assert_eq!(waits(bucket(-5, false)), None);
        assert_eq!(waits(bucket(810, false)), None);
        assert_eq!(waits(bucket(811, false)), Some(1));
        assert_eq!(waits(bucket(900, false)), Some(90));
        assert_eq!(waits(bucket(900, true)), Some(900));
        assert_eq!(waits(bucket(0, true)), None);
    }

    #[test]
    fn a_bucket_is_known_by_a_keyed_hash_of_all_it_counts_by() {
        let email = |text| EmailAddress::parse(text).unwrap();
        let network = |text: &str| Subject::Network(Network::of(text.parse::<IpAddr>().unwrap()));
        let (limits, other) = (
            RateLimits::new(settings(), [1; 32]),
            RateLimits::new(settings(), [2; 32]),
        );
        let (amina, musa) = (email("amina@example.com"), email("musa@example.com"));
        let guard = Guard::LogInAccount;
        let bucket = limits.bucket(guard, &[Subject::Address(&amina), network("192.0.2.1")]);
        let same = email(" Amina@Example.com");
        let again = [Subject::Address(&same), network("192.0.2.9")];
        assert_eq!(limits.bucket(guard, &again), bucket);
        for different in [
            limits.bucket(guard, &[Subject::Address(&musa), network("192.0.2.1")]),
            limits.bucket(guard, &[Subject::Address(&amina), network("192.0.3.1")]),
            limits.bucket(guard, &[Subject::Address(&amina)]),
            limits.bucket(Guard::Recover, &again),
            other.bucket(guard, &again),
        ] {
            assert_ne!(different.key, bucket.key);
        }
    }
}
