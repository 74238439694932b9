//! Delivery verification: every session gets every message of its room once, in one total order.
//!
//! The first session to receive a room's next message fixes its place. Every other session must receive the same
//! message at that place, so each delivery is checked on arrival.

use crate::stamp::Stamp;

/// Counts of faults; a correct run has only zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Faults {
    /// Deliveries that never arrived, or that a session skipped.
    pub(crate) missing: u64,
    /// Deliveries that arrived again, or after later messages.
    pub(crate) repeated: u64,
    /// Places at which two sessions got different messages.
    pub(crate) disordered: u64,
    /// Deliveries to a session of another room, or from an unknown sender.
    pub(crate) stray: u64,
}

impl Faults {
    pub(crate) fn total(&self) -> u64 {
        self.missing + self.repeated + self.disordered + self.stray
    }
}

/// One message at its place.
struct Entry {
    key: u64,
    due: u64,
    /// The number of sessions that received it.
    seen: u32,
}

/// The messages of one room, in delivery order.
pub(crate) struct RoomLog {
    room: u32,
    /// The number of sessions that must receive each message.
    sessions: u32,
    entries: Vec<Entry>,
    /// The count of each sender's next message.
    next: Vec<u32>,
    faults: Faults,
}

/// The number of messages that one session has received or skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position(u32);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Whether every session of the room has received the message now.
    pub(crate) complete: bool,
}

impl RoomLog {
    /// A room of `sessions`, of which the first `senders` send.
    pub(crate) fn new(room: u32, sessions: u32, senders: u32) -> Self {
        Self {
            room,
            sessions,
            entries: Vec::new(),
            next: vec![0; senders as usize],
            faults: Faults::default(),
        }
    }

    /// Records the delivery of `stamp` to the session at `position`; `None` for a faulty one.
    #[inline]
    pub(crate) fn deliver(&mut self, position: &mut Position, stamp: &Stamp) -> Option<Delivery> {
        let key = u64::from(stamp.sender) << 32 | u64::from(stamp.count);
        let place = position.0 as usize;
        if stamp.room != self.room {
            self.faults.stray += 1;
            return None;
        }
        if place == self.entries.len() {
            self.append(key, stamp)?;
        } else if self.entries[place].key != key {
            return self.out_of_place(position, key);
        }
        position.0 += 1;
        let entry = &mut self.entries[place];
        entry.seen += 1;
        Some(Delivery {
            complete: entry.seen == self.sessions,
        })
    }

    /// The first session to receive a message fixes its place. Messages of one sender must keep their order.
    fn append(&mut self, key: u64, stamp: &Stamp) -> Option<()> {
        let Some(next) = self.next.get_mut(stamp.sender as usize) else {
            self.faults.stray += 1;
            return None;
        };
        if stamp.count < *next {
            self.faults.repeated += 1;
            return None;
        }
        self.faults.disordered += u64::from(stamp.count - *next);
        *next = stamp.count + 1;
        self.entries.push(Entry {
            key,
            due: stamp.due,
            seen: 0,
        });
        Some(())
    }

    /// Resynchronizes after an order fault, so that one fault counts once.
    #[cold]
    fn out_of_place(&mut self, position: &mut Position, key: u64) -> Option<Delivery> {
        let place = position.0 as usize;
        self.faults.disordered += 1;
        match self.entries[place..]
            .iter()
            .position(|entry| entry.key == key)
        {
            Some(passed_over) => {
                self.faults.missing += passed_over as u64;
                position.0 += passed_over as u32 + 1;
            }
            None => self.faults.repeated += 1,
        }
        None
    }

    /// The number of messages that at least one session has received.
    pub(crate) fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// The number of messages due in `window` that every session has received.
    pub(crate) fn complete_in(&self, window: &std::ops::Range<u64>) -> u64 {
        let complete = |entry: &&Entry| entry.seen >= self.sessions && window.contains(&entry.due);
        self.entries.iter().filter(complete).count() as u64
    }

    /// The faults so far, plus the deliveries missing at the end: each session at `positions` should have received
    /// `sent` messages.
    pub(crate) fn finish(&self, sent: u32, positions: impl Iterator<Item = Position>) -> Faults {
        let behind: u64 = positions
            .map(|position| u64::from(sent.saturating_sub(position.0)))
            .sum();
        Faults {
            missing: self.faults.missing + behind,
            ..self.faults
        }
    }
}

impl Position {
    /// The number of messages received or skipped.
    pub(crate) fn seen(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: usize = 3;

    struct Room {
        log: RoomLog,
        positions: [Position; SESSIONS],
    }

    impl Room {
        fn new() -> Self {
            Self {
                log: RoomLog::new(4, SESSIONS as u32, 2),
                positions: Default::default(),
            }
        }

        /// Delivers these messages, given by sender and count, to `session`.
        fn gets(&mut self, session: usize, messages: &[(u32, u32)]) -> &mut Self {
            for &(sender, count) in messages {
                let stamp = stamp(4, sender, count);
                self.log.deliver(&mut self.positions[session], &stamp);
            }
            self
        }

        fn faults(&self, sent: u32) -> Faults {
            self.log.finish(sent, self.positions.iter().copied())
        }
    }

    fn stamp(room: u32, sender: u32, count: u32) -> Stamp {
        Stamp {
            room,
            sender,
            count,
            due: 0,
        }
    }

    const ALL: [(u32, u32); 4] = [(0, 0), (1, 0), (1, 1), (0, 1)];

    #[test]
    fn one_order_seen_by_all_has_no_fault() {
        let mut room = Room::new();
        room.gets(2, &ALL[..3])
            .gets(0, &ALL)
            .gets(1, &ALL)
            .gets(2, &ALL[3..]);
        assert_eq!(room.faults(4), Faults::default());
        assert_eq!(room.log.complete_in(&(0..1)), 4);
    }

    #[test]
    fn the_last_session_to_see_a_message_completes_it() {
        let mut room = Room::new();
        let complete = |room: &mut Room, session: usize| {
            let delivery = room
                .log
                .deliver(&mut room.positions[session], &stamp(4, 0, 0));
            delivery.unwrap().complete
        };
        assert!(!complete(&mut room, 0));
        assert!(!complete(&mut room, 1));
        assert!(complete(&mut room, 2));
    }

    #[test]
    fn a_delivery_missing_at_the_end_is_counted() {
        let mut room = Room::new();
        room.gets(0, &ALL).gets(1, &ALL[..3]).gets(2, &ALL);
        let expected = Faults {
            missing: 1,
            ..Faults::default()
        };
        assert_eq!(room.faults(4), expected);
    }

    #[test]
    fn a_delivery_missing_in_the_middle_is_counted() {
        let mut room = Room::new();
        room.gets(0, &ALL)
            .gets(1, &ALL)
            .gets(2, &[ALL[0], ALL[2], ALL[3]]);
        let faults = room.faults(4);
        assert_eq!((faults.missing, faults.disordered), (1, 1));
    }

    #[test]
    fn a_message_delivered_to_no_session_is_missing_for_all() {
        let mut room = Room::new();
        room.gets(0, &ALL).gets(1, &ALL).gets(2, &ALL);
        assert_eq!(room.faults(5).missing, SESSIONS as u64);
    }

    #[test]
    fn a_delivery_that_comes_twice_is_counted() {
        let twice = [ALL[0], ALL[1], ALL[1], ALL[2], ALL[3]];
        let mut room = Room::new();
        room.gets(0, &ALL).gets(1, &ALL).gets(2, &twice);
        assert_eq!(room.faults(4).repeated, 1);
        let mut room = Room::new();
        room.gets(0, &twice).gets(1, &ALL).gets(2, &ALL);
        assert_eq!(
            room.faults(4).repeated,
            1,
            "also for the first session to receive it"
        );
    }

    #[test]
    fn two_orders_in_one_room_are_counted() {
        let other = [ALL[1], ALL[0], ALL[2], ALL[3]];
        let mut room = Room::new();
        room.gets(0, &ALL).gets(1, &other).gets(2, &ALL);
        assert_ne!(room.faults(4).disordered, 0);
    }

    #[test]
    fn reordered_messages_of_one_sender_are_counted_even_if_sessions_agree() {
        let turned = [(1, 1), (1, 0)];
        let mut room = Room::new();
        room.gets(0, &turned).gets(1, &turned).gets(2, &turned);
        assert_ne!(room.faults(2).total(), 0);
    }

    #[test]
    fn messages_of_another_room_or_an_unknown_sender_are_stray() {
        let mut room = Room::new();
        room.log.deliver(&mut room.positions[0], &stamp(5, 0, 0));
        room.gets(0, &[(2, 0)]);
        assert_eq!(room.faults(0).stray, 2);
    }
}
