//! What others hear of a user besides messages, bounded by the number of listeners.
//!
//! Each delivery of a notice costs its author a token. While the author's bucket is empty, typing, presence and
//! read marks wait, and the last state wins; reactions and changes of rooms, of which none may be lost, are
//! written later and together ([`is_over`](Notices::is_over)).
//!
//! The workers charge for a notice once they have delivered it, so the notices that are due at one time may put
//! their author into debt.

use std::time::{Duration, Instant};

use abu_application::platform::keyed_buckets::KeyedBuckets;
use abu_domain::{RoomId, UserId};
use parking_lot::Mutex;

use crate::{
    ChatSettings,
    rate_limit::rate,
    throttle::Throttle,
    typing::{TypingNotice, Typists},
};

/// So many changes of a user's presence at once, and in this time.
const PRESENCE_CHANGES: u32 = 6;
const PRESENCE_PERIOD: Duration = Duration::from_secs(60);

/// How many timers one step of the workers' clocks handles.
const TIMERS_AT_ONCE: usize = 128;

pub(crate) struct Notices {
    /// `None` where limits are off.
    listeners: Option<KeyedBuckets<UserId>>,
    typing: Mutex<Typists>,
    presence: Mutex<Throttle<UserId, bool, Vec<RoomId>>>,
    read_marks: Mutex<Throttle<(UserId, RoomId), i64, ()>>,
}

/// A notice whose turn has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Typing(TypingNotice),
    Presence {
        user: UserId,
        rooms: Vec<RoomId>,
        is_online: bool,
    },
    ReadMark {
        user: UserId,
        room: RoomId,
        last_read_seq: i64,
    },
}

impl Notices {
    pub(crate) fn new(settings: &ChatSettings) -> Self {
        let is_limited = settings.rate_limits_enabled;
        let minute = Duration::from_secs(60);
        Self {
            listeners: is_limited
                .then(|| KeyedBuckets::new(rate(settings.notices_per_minute, minute))),
            typing: Mutex::new(Typists::new(is_limited)),
            presence: Mutex::new(Throttle::new(
                is_limited.then(|| rate(PRESENCE_CHANGES, PRESENCE_PERIOD)),
            )),
            read_marks: Mutex::new(Throttle::new(None)),
        }
    }

    /// So many sessions of others heard of the user.
    pub(crate) fn charge(&self, user: UserId, listeners: usize, now: Instant) {
        if let Some(buckets) = &self.listeners
            && listeners > 0
        {
            let listeners = u32::try_from(listeners).unwrap_or(u32::MAX);
            buckets.charge(user, listeners, now);
        }
    }

    /// Whether the user has used their listeners up.
    pub(crate) fn is_over(&self, user: UserId, now: Instant) -> bool {
        self.check(user, now).is_err()
    }

    fn check(&self, user: UserId, now: Instant) -> Result<(), Duration> {
        match &self.listeners {
            Some(buckets) => buckets.check(&user, now),
            None => Ok(()),
        }
    }

    /// A session began to type, types on, or stopped: what to broadcast now.
    pub(crate) fn typing(&self, change: TypingNotice, now: Instant) -> Option<TypingNotice> {
        let mut typing = self.typing.lock();
        typing.said(change, now, || self.check(change.user, now))
    }

    pub(crate) fn has_typing_users(&self) -> bool {
        !self.typing.lock().is_empty()
    }

    /// The user sent a message to the room: what to broadcast of their typing now.
    pub(crate) fn sent(&self, user: UserId, room: RoomId, now: Instant) -> Option<TypingNotice> {
        let mut typing = self.typing.lock();
        typing.sent(user, room, now, || self.check(user, now))
    }

    /// The user came or went: whether to broadcast that now.
    pub(crate) fn presence(
        &self,
        user: UserId,
        rooms: Vec<RoomId>,
        is_online: bool,
        now: Instant,
    ) -> bool {
        let mut presence = self.presence.lock();
        let allowed = || self.check(user, now);
        presence.change(user, !is_online, is_online, rooms, now, allowed)
    }

    /// The user's read mark moved: whether to broadcast that now.
    pub(crate) fn read_mark(
        &self,
        user: UserId,
        room: RoomId,
        last_read_seq: i64,
        now: Instant,
    ) -> bool {
        let mut read_marks = self.read_marks.lock();
        let key = (user, room);
        if !read_marks.is_waiting(&key) && self.check(user, now).is_ok() {
            return true;
        }
        let before = last_read_seq - 1;
        let allowed = || self.check(user, now);
        read_marks.change(key, before, last_read_seq, (), now, allowed)
    }

    pub(crate) fn has_due(&self, now: Instant) -> bool {
        self.typing.lock().has_due(now)
            || self.presence.lock().has_due(now)
            || self.read_marks.lock().has_due(now)
    }

    /// What waited and can be broadcast now.
    pub(crate) fn due(&self, now: Instant) -> Vec<Due> {
        let check = |user| self.check(user, now);
        let typing = self.typing.lock().due(now, TIMERS_AT_ONCE, check);
        let presence = self
            .presence
            .lock()
            .due(now, TIMERS_AT_ONCE, |user| check(*user));
        let read_marks = self
            .read_marks
            .lock()
            .due(now, TIMERS_AT_ONCE, |(user, _)| check(*user));
        let presence = presence
            .into_iter()
            .map(|(user, is_online, rooms)| Due::Presence {
                user,
                rooms,
                is_online,
            });
        let read_marks = read_marks
            .into_iter()
            .map(|((user, room), last_read_seq, ())| Due::ReadMark {
                user,
                room,
                last_read_seq,
            });
        typing
            .into_iter()
            .map(Due::Typing)
            .chain(presence)
            .chain(read_marks)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn notices() -> Notices {
        Notices::new(&ChatSettings::default())
    }

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn room() -> RoomId {
        RoomId::new(Uuid::from_u128(7))
    }

    #[test]
    fn who_used_up_their_listeners_is_heard_later_with_the_last_state() {
        let (notices, now) = (notices(), Instant::now());
        assert!(notices.read_mark(user(1), room(), 1, now));
        notices.charge(user(1), 20_000, now);
        for seq in 2..100 {
            assert!(!notices.read_mark(user(1), room(), seq, now));
        }
        assert!(notices.is_over(user(1), now) && !notices.is_over(user(2), now));
        assert!(notices.read_mark(user(2), room(), 1, now), "others go on");
        assert_eq!(notices.due(now), []);
        let later = now + SECOND;
        let last = Due::ReadMark {
            user: user(1),
            room: room(),
            last_read_seq: 99,
        };
        assert_eq!(notices.due(later), [last]);
        assert!(notices.read_mark(user(1), room(), 100, later));
    }

    #[test]
    fn a_seventh_change_of_presence_in_a_minute_waits_ten_seconds() {
        let (notices, now) = (notices(), Instant::now());
        let change = |is_online| notices.presence(user(1), vec![room()], is_online, now);
        for turn in 0..6 {
            assert!(change(turn % 2 == 0));
        }
        assert!(!change(true));
        assert!(!notices.has_due(now + 9 * SECOND));
        let due = Due::Presence {
            user: user(1),
            rooms: vec![room()],
            is_online: true,
        };
        assert_eq!(notices.due(now + 10 * SECOND), [due]);
    }

    #[test]
    fn nothing_waits_where_limits_are_off() {
        let notices = Notices::new(&ChatSettings {
            rate_limits_enabled: false,
            ..ChatSettings::default()
        });
        let now = Instant::now();
        for turn in 0..1_000 {
            notices.charge(user(1), 1_000_000, now);
            assert!(notices.presence(user(1), Vec::new(), turn % 2 == 0, now));
            assert!(notices.read_mark(user(1), room(), turn, now));
        }
    }
}
