//! Who types where, over all of a user's devices, as plain data.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use abu_application::platform::token_bucket::Rate;
use abu_domain::{RoomId, UserId};
use indexmap::IndexMap;

use crate::{bus::SessionAddress, rate_limit::rate, throttle::Throttle};

/// A user and a room: at most so many notices at once, and in this time.
const BURST: u32 = 4;
const PERIOD: Duration = Duration::from_secs(12);

/// A user types in a room while at least one of their sessions does.
#[derive(Debug)]
pub(crate) struct Typists {
    sessions: HashMap<(UserId, RoomId), Vec<SessionAddress>>,
    notices: Throttle<(UserId, RoomId), bool, SessionAddress>,
}

/// What the others in the room are to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypingNotice {
    pub(crate) user: UserId,
    pub(crate) room: RoomId,
    pub(crate) is_typing: bool,
    /// The session that typed last, which does not hear it.
    pub(crate) from: SessionAddress,
}

/// How many notices wait to be published before superseded ones are dropped.
const BACKLOG: usize = 4_096;

/// What sessions said of their typing, in order. Above [`BACKLOG`] it is compacted: the last state of each
/// session in each room stays. It then grows to twice what stayed before it is compacted again, so each notice
/// costs constant time on average.
#[derive(Debug, Default)]
pub(crate) struct TypingBacklog {
    notices: Vec<TypingNotice>,
    compact_at: usize,
}

impl TypingBacklog {
    pub(crate) fn push(&mut self, notice: TypingNotice) {
        if self.notices.len() >= self.compact_at.max(BACKLOG) {
            let key = |notice: &TypingNotice| (notice.user, notice.room, notice.from);
            let notices = self.notices.drain(..);
            let last: IndexMap<_, _> = notices.map(|last| (key(&last), last)).collect();
            self.notices.extend(last.into_values());
            self.compact_at = 2 * self.notices.len();
        }
        self.notices.push(notice);
    }

    pub(crate) fn take(&mut self) -> Vec<TypingNotice> {
        std::mem::take(self).notices
    }
}

impl Typists {
    /// Without limits, every change and every renewal is broadcast.
    pub(crate) fn new(is_limited: bool) -> Self {
        let limit: Option<Rate> = is_limited.then(|| rate(BURST, PERIOD));
        Self {
            sessions: HashMap::new(),
            notices: Throttle::new(limit),
        }
    }

    /// A session began to type, types on, or stopped.
    pub(crate) fn said(
        &mut self,
        change: TypingNotice,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> Option<TypingNotice> {
        let TypingNotice {
            user,
            room,
            is_typing,
            from,
        } = change;
        let key = (user, room);
        let sessions = self.sessions.entry(key).or_default();
        let typed = !sessions.is_empty();
        sessions.retain(|session| *session != from);
        if is_typing {
            sessions.push(from);
        }
        let types = !sessions.is_empty();
        if !types {
            self.sessions.remove(&key);
        }
        let is_sent = match (typed, types) {
            (true, true) => is_typing && self.notices.renew(key, true, from, now, allowed),
            (false, false) => false,
            _ => self.notices.change(key, typed, types, from, now, allowed),
        };
        is_sent.then_some(TypingNotice {
            is_typing: types,
            ..change
        })
    }

    /// The user sent a message to the room, which ends their typing there on all devices.
    pub(crate) fn sent(
        &mut self,
        user: UserId,
        room: RoomId,
        now: Instant,
        allowed: impl FnOnce() -> Result<(), Duration>,
    ) -> Option<TypingNotice> {
        let from = *self.sessions.remove(&(user, room))?.last()?;
        let key = (user, room);
        let is_sent = self.notices.change(key, true, false, from, now, allowed);
        is_sent.then_some(TypingNotice {
            user,
            room,
            is_typing: false,
            from,
        })
    }

    /// Whether no session types anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    pub(crate) fn has_due(&self, now: Instant) -> bool {
        self.notices.has_due(now)
    }

    /// What waited for its turn; see [`Throttle::due`].
    pub(crate) fn due(
        &mut self,
        now: Instant,
        timers: usize,
        allowed: impl Fn(UserId) -> Result<(), Duration>,
    ) -> Vec<TypingNotice> {
        let due = self.notices.due(now, timers, |(user, _), _| allowed(*user));
        due.into_iter()
            .map(|((user, room), is_typing, from)| TypingNotice {
                user,
                room,
                is_typing,
                from,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::registry::SessionKey;

    const SECOND: Duration = Duration::from_secs(1);

    struct Scene {
        typists: Typists,
        start: Instant,
    }

    fn session(worker: u32) -> SessionAddress {
        SessionAddress {
            worker,
            key: SessionKey::for_tests(1),
        }
    }

    impl Scene {
        fn new() -> Self {
            Self {
                typists: Typists::new(true),
                start: Instant::now(),
            }
        }

        fn notice(is_typing: bool, from: SessionAddress) -> TypingNotice {
            TypingNotice {
                user: UserId::new(Uuid::from_u128(1)),
                room: RoomId::new(Uuid::from_u128(2)),
                is_typing,
                from,
            }
        }

        fn says(&mut self, is_typing: bool, worker: u32, after: Duration) -> Option<bool> {
            let change = Self::notice(is_typing, session(worker));
            let told = self.typists.said(change, self.start + after, || Ok(()));
            told.map(|notice| notice.is_typing)
        }

        fn sends(&mut self, after: Duration) -> Option<bool> {
            let Self { typists, start } = self;
            let TypingNotice { user, room, .. } = Self::notice(true, session(1));
            let told = typists.sent(user, room, *start + after, || Ok(()));
            told.map(|notice| notice.is_typing)
        }

        fn due(&mut self, after: Duration) -> Vec<bool> {
            let due = self.typists.due(self.start + after, 9, |_| Ok(()));
            due.into_iter().map(|notice| notice.is_typing).collect()
        }
    }

    #[test]
    fn a_user_types_while_any_of_their_devices_does() {
        let mut scene = Scene::new();
        assert_eq!(scene.says(true, 1, Duration::ZERO), Some(true));
        assert_eq!(scene.says(true, 2, Duration::ZERO), Some(true), "a renewal");
        assert_eq!(scene.says(false, 1, Duration::ZERO), None);
        assert_eq!(scene.says(false, 2, Duration::ZERO), Some(false));
        assert_eq!(scene.says(false, 2, Duration::ZERO), None);
    }

    #[test]
    fn after_four_notices_one_comes_every_three_seconds_with_the_last_state() {
        let mut scene = Scene::new();
        for turn in 0..4 {
            let is_typing = turn % 2 == 0;
            assert_eq!(scene.says(is_typing, 1, Duration::ZERO), Some(is_typing));
        }
        for turn in 0..1_001 {
            assert_eq!(scene.says(turn % 2 == 0, 1, Duration::ZERO), None);
        }
        assert!(scene.due(3 * SECOND - SECOND / 10).is_empty());
        assert_eq!(scene.due(3 * SECOND), [true]);
        assert_eq!(scene.says(false, 1, 3 * SECOND), None);
        assert_eq!(scene.due(6 * SECOND), [false]);
    }

    #[test]
    fn a_message_ends_its_senders_typing_on_all_devices() {
        let mut scene = Scene::new();
        assert_eq!(scene.sends(Duration::ZERO), None, "no device typed");
        scene.says(true, 1, Duration::ZERO);
        scene.says(true, 2, Duration::ZERO);
        assert_eq!(scene.sends(Duration::ZERO), Some(false));
        assert!(scene.typists.is_empty());
        // The silence of the devices, which the sessions notice later, is no news.
        assert_eq!(scene.says(false, 1, 10 * SECOND), None);
        assert_eq!(scene.says(true, 1, 11 * SECOND), Some(true));
    }

    #[test]
    fn a_backlog_keeps_the_last_state_of_each_session_and_is_rarely_compacted() {
        let notice = |room: usize, is_typing| TypingNotice {
            room: RoomId::new(Uuid::from_u128(room as u128)),
            ..Scene::notice(is_typing, session(1))
        };
        let mut backlog = TypingBacklog::default();
        let mut compactions = 0;
        for room in 0..8 * BACKLOG {
            let before = backlog.compact_at;
            backlog.push(notice(room, true));
            compactions += usize::from(backlog.compact_at != before);
        }
        assert_eq!(compactions, 3, "at one, two and four times the bound");
        for _ in 0..16 * BACKLOG {
            backlog.push(notice(0, true));
            backlog.push(notice(0, false));
        }
        let taken = backlog.take();
        assert!(taken.len() <= 16 * BACKLOG, "{}", taken.len());
        let last = |room: usize| {
            let of_room = |said: &&TypingNotice| said.room == notice(room, true).room;
            taken.iter().rfind(of_room).map(|said| said.is_typing)
        };
        assert_eq!((last(0), last(1)), (Some(false), Some(true)));
        assert!(backlog.take().is_empty());
    }
}
