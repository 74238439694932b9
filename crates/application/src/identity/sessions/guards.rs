//! Brute-force protection of logins.
//!
//! Failures count by account and network, so a stranger elsewhere cannot lock out an owner. Those from
//! networks that the account does not know also count by network, and by account for the day.

use std::sync::Arc;

use abu_domain::{UserId, platform::text::EmailAddress};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Sessions;
use crate::{
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        ports::StoreError,
        rate_limits::{Guard, GuardBucket, RateLimits, Subject},
    },
    store::Reads,
};

/// The buckets that count the failures of one login.
#[derive(Clone, Debug)]
pub(super) struct LogInGuards {
    account: Option<UserId>,
    buckets: Vec<GuardBucket>,
}

impl LogInGuards {
    /// Addresses without an account are counted like accounts that do not know the network. Once the figure
    /// of a network is spent, an answer other than 429 reveals an account that knows it.
    pub(super) fn of(
        limits: &RateLimits,
        tx: &mut dyn Reads,
        account: Option<UserId>,
        email: &EmailAddress,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let Some(network) = origin.network() else {
            return Ok(Self {
                account,
                buckets: Vec::new(),
            });
        };
        let subject = account.map_or(Subject::Address(email), Subject::User);
        let here = Subject::Network(network);
        let mut buckets = vec![limits.bucket(Guard::LogInAccount, &[subject, here])];
        // Queried for unknown accounts too, so that both cases take the same time.
        let user = account.unwrap_or(UserId::new(Uuid::nil()));
        if !tx.knows_network(user, network, now)? {
            buckets.push(limits.bucket(Guard::LogInNetwork, &[here]));
            buckets.push(limits.bucket(Guard::LogInElsewhere, &[subject]));
        }
        Ok(Self { account, buckets })
    }

    pub(super) fn buckets(&self) -> &[GuardBucket] {
        &self.buckets
    }
}

impl Sessions {
    /// Counts a failed login. Audits the one after which only known networks may try until the next day.
    pub(super) async fn count_failure(
        &self,
        guards: LogInGuards,
        origin: Origin,
    ) -> Result<(), StoreError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        let limits = Arc::clone(&self.context.limits);
        self.context
            .database
            .transaction(move |tx| {
                let taken = limits.count(tx, &guards.buckets, now)?;
                let locked = taken.iter().any(|(bucket, stored)| {
                    bucket.guard == Guard::LogInElsewhere && stored.is_paused
                });
                let Some(user) = guards.account.filter(|_| locked) else {
                    return Ok(());
                };
                Entry::new(Actor::Anonymous, Action::LogInLock)
                    .from(&origin)
                    .on(Target::user(user))
                    .write(tx, entry_id, now)
            })
            .await
    }
}
