//! Revocation by polling: sessions that another process ended, such as `abu-admin`.

use std::collections::{BTreeMap, HashSet};

use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::{events::IdentityEvent, ports::EndedSession},
    platform::ports::{Publish, StoreError},
    store::Store,
};

/// Overlap of two polls. A row carries the start time of its transaction, but is visible only after
/// the commit. The store cancels longer transactions.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(2);

/// Sessions per poll.
const MOST: u32 = 10_000;

/// Polls for sessions that any process has ended, and publishes their end in this process.
#[derive(Debug, Default)]
pub struct EndedElsewhere {
    /// Sessions whose end is published already and that the next poll reads again.
    published: HashSet<LoginSessionId>,
    /// Time of the last successful poll.
    seen_until: Option<DateTime<Utc>>,
}

impl EndedElsewhere {
    /// Polls once by one query. Blocks. After an error the next poll covers the time of this one
    /// too.
    pub fn look(
        &mut self,
        store: &dyn Store,
        events: &dyn Publish<IdentityEvent>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let from = self.seen_until.map_or(now, |seen| seen.min(now)) - LOOK_BACK;
        let ended = store.read(|tx| tx.sessions_ended_after(from, MOST))?;
        let mut by_user: BTreeMap<UserId, Vec<&EndedSession>> = BTreeMap::new();
        for session in ended.iter().filter(|one| !self.published.contains(&one.id)) {
            by_user.entry(session.user_id).or_default().push(session);
        }
        for (user, sessions) in by_user {
            // Suspension first, so that its close code wins. Both apply without an await.
            if sessions.iter().any(|session| session.by_suspension) {
                drop(events.publish(IdentityEvent::AccountSuspended { user }));
            }
            let sessions = sessions.iter().map(|session| session.id).collect();
            drop(events.publish(IdentityEvent::SessionsRevoked { user, sessions }));
        }
        self.published = ended.into_iter().map(|session| session.id).collect();
        self.seen_until = Some(now);
        Ok(())
    }
}
