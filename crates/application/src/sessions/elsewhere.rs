//! Sessions that another program ended: `abu-admin`, beside a server that runs.

use std::collections::{BTreeMap, HashSet};

use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::{EndedSession, LiveChat, Store, StoreError};

/// How far back each look goes. A transaction notes the time at which it began, and is seen once it is
/// committed; the store gives up what takes longer than this.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(2);

/// The most that one look takes in.
const MOST: u32 = 10_000;

/// Sees which sessions ended since the last look, whoever ended them, and has their connections to the
/// chat of this process closed.
#[derive(Debug, Default)]
pub struct EndedElsewhere {
    /// Those that the chat was told of and that the next look sees again.
    told: HashSet<LoginSessionId>,
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
        live_chat: &dyn LiveChat,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let from = self.seen_until.map_or(now, |seen| seen.min(now)) - LOOK_BACK;
        let ended = store.read(|tx| tx.sessions_ended_after(from, MOST))?;
        let mut by_user: BTreeMap<UserId, Vec<&EndedSession>> = BTreeMap::new();
        for session in ended.iter().filter(|one| !self.told.contains(&one.id)) {
            by_user.entry(session.user_id).or_default().push(session);
        }
        for (user, sessions) in by_user {
            // First: who is suspended is told that, and not that a log-in ended. Nobody waits for
            // either to be applied; it is in any case.
            if sessions.iter().any(|session| session.by_suspension) {
                drop(live_chat.account_suspended(user));
            }
            let ids: Vec<LoginSessionId> = sessions.iter().map(|session| session.id).collect();
            drop(live_chat.sessions_ended(user, &ids));
        }
        self.told = ended.into_iter().map(|session| session.id).collect();
        self.seen_until = Some(now);
        Ok(())
    }
}
