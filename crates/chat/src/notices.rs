//! What others hear of a user besides messages, bounded by the number of listeners.
//!
//! Each delivery of a notice costs its author a token. While the author's bucket is empty, typing, presence, read
//! marks and changes of rooms wait, and the last state wins. Reactions cannot be merged: their numbers have no
//! gaps, and a client answers a gap with a `sync-request`. They are written later, many at once
//! ([`is_over`](Notices::is_over)).
//!
//! The workers charge for a notice once they have delivered it, so the notices that are due at one time may put
//! their author into debt.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use abu_application::platform::keyed_buckets::KeyedBuckets;
use abu_domain::{RoomId, UserId};
use parking_lot::Mutex;

use crate::{
    ChatSettings,
    bus::Instruction,
    frame::SharedPacket,
    rate_limit::rate,
    throttle::{Throttle, Turns},
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
    /// By whom each was caused. What it shows to whom is in the [roster](crate::roster) when its turn comes.
    presence: Mutex<Turns<UserId, UserId>>,
    rooms: Mutex<Turns<RoomFact, Arc<SharedPacket>>>,
    read_marks: Mutex<Throttle<(UserId, RoomId), i64, ()>>,
}

/// A notice whose turn has come.
#[derive(Debug)]
pub(crate) enum Due {
    Typing(TypingNotice),
    Presence {
        user: UserId,
        by: UserId,
    },
    Room(RoomFact, Arc<SharedPacket>),
    ReadMark {
        user: UserId,
        room: RoomId,
        last_read_seq: i64,
    },
}

/// What a change of a room is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RoomFact {
    Name(RoomId),
    /// Whether the user is a member.
    Member(RoomId, UserId),
    Role(RoomId, UserId),
}

impl RoomFact {
    pub(crate) fn instruction(self, packet: Arc<SharedPacket>) -> Instruction {
        match self {
            Self::Name(room) | Self::Role(room, _) => Instruction::InRoom {
                room,
                requester: None,
                packet,
            },
            Self::Member(room, user) => Instruction::ToOthers { room, user, packet },
        }
    }
}

impl Notices {
    pub(crate) fn new(settings: &ChatSettings) -> Self {
        let is_limited = settings.rate_limits_enabled;
        let minute = Duration::from_secs(60);
        Self {
            listeners: is_limited
                .then(|| KeyedBuckets::new(rate(settings.notices_per_minute, minute))),
            typing: Mutex::new(Typists::new(is_limited)),
            presence: Mutex::new(Turns::new(
                is_limited.then(|| rate(PRESENCE_CHANGES, PRESENCE_PERIOD)),
            )),
            rooms: Mutex::new(Turns::new(None)),
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

    fn check_author(&self, packet: &SharedPacket, now: Instant) -> Result<(), Duration> {
        packet
            .author()
            .map_or(Ok(()), |author| self.check(author, now))
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

    /// The user came or went, or others share a room with them, which `by` caused: whether to broadcast that
    /// now. A change without a listener takes no turn.
    pub(crate) fn presence(
        &self,
        user: UserId,
        by: UserId,
        is_visible: bool,
        now: Instant,
    ) -> bool {
        let mut presence = self.presence.lock();
        if !is_visible && !presence.is_waiting(&user) {
            return true;
        }
        presence.take(user, by, now, || self.check(by, now))
    }

    /// A room changed: whether to broadcast that now. Of several changes of one fact that wait, the last is
    /// broadcast.
    pub(crate) fn room(&self, fact: RoomFact, packet: &Arc<SharedPacket>, now: Instant) -> bool {
        let allowed = || self.check_author(packet, now);
        self.rooms
            .lock()
            .take(fact, Arc::clone(packet), now, allowed)
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
            || self.rooms.lock().has_due(now)
            || self.read_marks.lock().has_due(now)
    }

    /// What waited and can be broadcast now.
    pub(crate) fn due(&self, now: Instant) -> Vec<Due> {
        let check = |user| self.check(user, now);
        let typing = self.typing.lock().due(now, TIMERS_AT_ONCE, check);
        let presence: Vec<_> = {
            let mut presence = self.presence.lock();
            let due = presence.due(now, TIMERS_AT_ONCE, |_, by| check(*by));
            due.map(|(user, by)| Due::Presence { user, by }).collect()
        };
        let rooms: Vec<_> = {
            let mut rooms = self.rooms.lock();
            let check = |_: &RoomFact, packet: &Arc<SharedPacket>| self.check_author(packet, now);
            let due = rooms.due(now, TIMERS_AT_ONCE, check);
            due.map(|(fact, packet)| Due::Room(fact, packet)).collect()
        };
        let read_marks = self
            .read_marks
            .lock()
            .due(now, TIMERS_AT_ONCE, |(user, _), ()| check(*user));
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
            .chain(rooms)
            .chain(read_marks)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use abu_chat_protocol::server::{RoomChange, RoomNotify};
    use uuid::Uuid;

    use super::*;
    use crate::instructions::heard_of;

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
        assert!(notices.due(now).is_empty());
        let later = now + SECOND;
        let due = notices.due(later);
        assert!(
            matches!(
                due[..],
                [Due::ReadMark {
                    last_read_seq: 99,
                    ..
                }]
            ),
            "{due:?}"
        );
        assert!(notices.read_mark(user(1), room(), 100, later));
    }

    #[test]
    fn a_seventh_change_of_presence_in_a_minute_waits_ten_seconds() {
        let (notices, now) = (notices(), Instant::now());
        let change = |is_visible| notices.presence(user(1), user(2), is_visible, now);
        for _ in 0..6 {
            assert!(change(true));
            assert!(change(false), "a change without a listener takes no turn");
        }
        assert!(!change(true));
        assert!(!change(false), "it follows what waits");
        assert!(!notices.has_due(now + 9 * SECOND));
        let due = notices.due(now + 10 * SECOND);
        assert!(
            matches!(due[..], [Due::Presence { user: who, by }] if (who, by) == (user(1), user(2))),
            "{due:?}"
        );
    }

    #[test]
    fn changes_of_a_room_above_the_budget_are_merged_to_the_last() {
        let (notices, now) = (notices(), Instant::now());
        let renamed = |by, name: &str| {
            let packet = RoomNotify::new(room().uuid(), RoomChange::Renamed).named(name);
            heard_of(user(by), packet)
        };
        let name = RoomFact::Name(room());
        assert!(notices.room(name, &renamed(1, "first"), now));
        notices.charge(user(1), 20_000, now);
        let last = renamed(1, "last");
        for packet in [renamed(1, "second"), renamed(1, "third"), last.clone()] {
            assert!(!notices.room(name, &packet, now));
        }
        let role = RoomFact::Role(room(), user(1));
        assert!(!notices.room(role, &renamed(1, "another fact"), now));
        let due = notices.due(now + SECOND);
        let is_last = |due: &Due| matches!(due, Due::Room(fact, packet) if *fact == name && Arc::ptr_eq(packet, &last));
        assert_eq!(due.len(), 2, "{due:?}");
        assert_eq!(due.iter().filter(|due| is_last(due)).count(), 1, "{due:?}");
        // Another user's change is newer than the one that waits, which is lost.
        notices.charge(user(1), 40_000, now + SECOND);
        assert!(!notices.room(name, &renamed(1, "fourth"), now + SECOND));
        assert!(notices.room(name, &renamed(2, "fifth"), now + SECOND));
        assert!(notices.due(now + 600 * SECOND).is_empty());
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
            assert!(notices.presence(user(1), user(1), true, now));
            assert!(notices.read_mark(user(1), room(), turn, now));
        }
    }
}
