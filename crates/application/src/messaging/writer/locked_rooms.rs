//! Rooms whose lock another transaction holds: their messages wait apart from those of all other rooms.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use abu_domain::RoomId;

use super::Submission;
use crate::messaging::ports::LockWait;

const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The rooms of the batches that met a lock. Each is tried alone; a room that is not locked leaves at its
/// first try.
#[derive(Default)]
pub(super) struct LockedRooms {
    rooms: HashMap<RoomId, Rest>,
    /// The last batch was of such a room: those of all others go first.
    tried: bool,
}

#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

impl Rest {
    /// Its messages were refused, and no others came.
    fn is_abandoned(&self, now: Instant) -> bool {
        now > self.until + 2 * LONGEST_REST
    }
}

impl LockedRooms {
    /// Notes that one of the rooms is locked. Each failed try of one room doubles the rest before the next.
    pub(super) fn lock(&mut self, rooms: impl Iterator<Item = RoomId>, now: Instant) {
        for room in rooms {
            let rest = self.rooms.entry(room).or_insert(Rest {
                until: now,
                length: Duration::ZERO,
            });
            if rest.until <= now {
                rest.until = now + rest.length;
                rest.length = (rest.length * 2).clamp(FIRST_REST, LONGEST_REST);
            }
        }
        self.rooms.retain(|_, rest| !rest.is_abandoned(now));
    }

    /// Whether messages still come for a locked room.
    pub(super) fn is_any(&self, now: Instant) -> bool {
        self.rooms.values().any(|rest| !rest.is_abandoned(now))
    }

    pub(super) fn unlock(&mut self, rooms: impl Iterator<Item = RoomId>) {
        if !self.rooms.is_empty() {
            rooms.for_each(|room| {
                self.rooms.remove(&room);
            });
        }
    }

    /// Takes the next batch out of the queue: all that waits for one locked room, or at most `max` of what
    /// waits for all other rooms. Where only locked rooms rest, the error says until when.
    pub(super) fn take(
        &mut self,
        waiting: &mut VecDeque<Submission>,
        max: usize,
        now: Instant,
    ) -> Result<(Vec<Submission>, LockWait), Instant> {
        if self.rooms.is_empty() {
            let count = waiting.len().min(max);
            return Ok((waiting.drain(..count).collect(), LockWait::Usual));
        }
        let is_locked = |submission: &Submission| self.rooms.contains_key(&submission.write.room());
        let has_others = !waiting.iter().all(is_locked);
        let room = match has_others && self.tried {
            true => None,
            false => self.rested(waiting, now),
        };
        self.tried = room.is_some();
        match room {
            Some(room) => {
                let of_room = |submission: &Submission| submission.write.room() == room;
                Ok((take_matching(waiting, max, of_room), LockWait::Short))
            }
            None if has_others => {
                let rooms = &self.rooms;
                let of_others =
                    |submission: &Submission| !rooms.contains_key(&submission.write.room());
                Ok((take_matching(waiting, max, of_others), LockWait::Usual))
            }
            None => Err(self.next_end(waiting, now)),
        }
    }

    /// The first locked room in the queue that may be tried again.
    fn rested(&self, waiting: &VecDeque<Submission>, now: Instant) -> Option<RoomId> {
        let mut rooms = waiting.iter().map(|submission| submission.write.room());
        rooms.find(|room| self.rooms.get(room).is_some_and(|rest| rest.until <= now))
    }

    fn next_end(&self, waiting: &VecDeque<Submission>, now: Instant) -> Instant {
        let rests = waiting
            .iter()
            .filter_map(|submission| self.rooms.get(&submission.write.room()));
        rests.map(|rest| rest.until).min().unwrap_or(now)
    }
}

/// Takes the first `max` that match; the others keep their order.
fn take_matching(
    waiting: &mut VecDeque<Submission>,
    max: usize,
    matches: impl Fn(&Submission) -> bool,
) -> Vec<Submission> {
    let mut taken = Vec::new();
    let mut left = VecDeque::with_capacity(waiting.len());
    for submission in waiting.drain(..) {
        match taken.len() < max && matches(&submission) {
            true => taken.push(submission),
            false => left.push_back(submission),
        }
    }
    *waiting = left;
    taken
}
