//! Sessions that another program ended: `abu-admin`, beside a server that runs.

use std::collections::{BTreeMap, HashSet};

use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    identity::{events::IdentityEvent, ports::EndedSession},
    platform::ports::{Publish, StoreError},
    store::Store,
};

/// How far back each look goes. A transaction notes the time at which it began, and is seen once it is
/// committed; the store gives up what takes longer than this.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(2);

/// The most that one look takes in.
const MOST: u32 = 10_000;

/// Sees which sessions ended since the last look, by whichever program, and publishes them in this process.
#[derive(Debug, Default)]
pub struct EndedElsewhere {
    /// Those that were published and that the next look sees again.
    published: HashSet<LoginSessionId>,
    /// When the last look was that did not fail.
    seen_until: Option<DateTime<Utc>>,
}

impl EndedElsewhere {
    /// Looks once: one query. Blocks.
    ///
    /// # Errors
    /// [`StoreError`]; the next look then sees what this one did not.
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
            // First: a suspended account's connections end for the suspension, not for the log-in.
            // Subscribers apply both whether or not this awaits it.
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
