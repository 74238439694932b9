//! What the whole process must know of each connected user: how many sessions they have, how many of them have
//! joined, and with whom they share rooms.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use abu_domain::{RoomId, UserId};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    ChatSettings,
    roster::{Rooms, Roster, Shown},
};

/// All connected users.
///
/// One lock, held for a few instructions, or for those of one membership change; taken inside the bus's turn
/// for presence, and never while waiting for anything.
pub(crate) struct Users {
    people: Mutex<People>,
    max_sessions: usize,
    /// The number of slots, for [`Users::all_gone`].
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct People {
    slots: HashMap<UserId, Arc<Slot>>,
    roster: Roster,
}

struct Slot {
    sessions: AtomicUsize,
    joined: AtomicUsize,
}

/// A session's place; dropping it gives the place back.
pub(crate) struct SessionPlace {
    users: Arc<Users>,
    user: UserId,
    slot: Arc<Slot>,
}

impl Users {
    pub(crate) fn new(settings: &ChatSettings) -> Self {
        Self {
            people: Mutex::default(),
            max_sessions: settings.max_sessions_per_user,
            count: watch::channel(0).0,
        }
    }

    /// A place for one more session; `None` where the user has as many as allowed.
    pub(crate) fn take_place(self: &Arc<Self>, user: UserId) -> Option<SessionPlace> {
        let mut people = self.people.lock();
        let slot = people.slot(user);
        // All counters change under the lock of the map; they are atomic only to be shared.
        if slot.sessions.load(Ordering::Relaxed) >= self.max_sessions {
            return None;
        }
        slot.sessions.fetch_add(1, Ordering::Relaxed);
        self.count.send_replace(people.slots.len());
        Some(SessionPlace {
            users: Arc::clone(self),
            user,
            slot,
        })
    }

    /// Counts one more joined session; true for the user's first. It may have ended meanwhile: then its
    /// [`leave`](Self::leave) is still to come, and counts it out again.
    pub(crate) fn join(&self, user: UserId) -> bool {
        let mut people = self.people.lock();
        let slot = people.slot(user);
        self.count.send_replace(people.slots.len());
        let is_first = slot.joined.fetch_add(1, Ordering::Relaxed) == 0;
        if is_first {
            people.roster.set_joined(user, true);
        }
        is_first
    }

    /// Counts a joined session out; true for the user's last.
    pub(crate) fn leave(&self, user: UserId) -> bool {
        let mut people = self.people.lock();
        let Some(slot) = people.slots.get(&user) else {
            return false;
        };
        let was_last = slot.joined.fetch_sub(1, Ordering::Relaxed) == 1;
        if was_last {
            people.roster.set_joined(user, false);
        }
        self.forget_if_gone(&mut people, user);
        was_last
    }

    /// Which of `users` have a joined session.
    pub(crate) fn online(&self, users: &[UserId]) -> Vec<bool> {
        let people = self.people.lock();
        users
            .iter()
            .map(|user| {
                people
                    .slots
                    .get(user)
                    .is_some_and(|slot| slot.joined.load(Ordering::Relaxed) > 0)
            })
            .collect()
    }

    /// Notes the rooms of a user who is connecting. Returns those in which the user's membership is not what
    /// was known.
    pub(crate) fn enter(&self, user: UserId, rooms: impl Iterator<Item = RoomId>) -> Vec<RoomId> {
        let mut people = self.people.lock();
        match people.slots.contains_key(&user) {
            true => people.roster.enter(user, rooms),
            // The connection was given up meanwhile.
            false => Vec::new(),
        }
    }

    /// Notes whether the user is a member of the room; true where that is new.
    pub(crate) fn set_member(&self, user: UserId, room: RoomId, is_member: bool) -> bool {
        self.people.lock().roster.set_member(user, room, is_member)
    }

    /// See [`Roster::changes`].
    pub(crate) fn changes(&self, user: UserId) -> Vec<Shown> {
        self.people.lock().roster.changes(user)
    }

    /// See [`Roster::settle`].
    pub(crate) fn settle(&self, user: UserId) {
        let mut people = self.people.lock();
        people.roster.settle(user);
        self.forget_if_gone(&mut people, user);
    }

    /// See [`Roster::lagging`].
    pub(crate) fn lagging(&self, user: UserId) -> Option<Rooms> {
        self.people.lock().roster.lagging(user)
    }

    /// Ends when no session is left, and every one that had joined was counted out.
    pub(crate) async fn all_gone(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// A slot stays while a session is open, or joined and not yet counted out.
    fn forget_if_gone(&self, people: &mut People, user: UserId) {
        let is_open = people.slots.get(&user).is_some_and(|slot| {
            slot.sessions.load(Ordering::Relaxed) > 0 || slot.joined.load(Ordering::Relaxed) > 0
        });
        if !is_open {
            people.roster.forget(user);
            people.slots.remove(&user);
            self.count.send_replace(people.slots.len());
        }
    }
}

impl People {
    fn slot(&mut self, user: UserId) -> Arc<Slot> {
        let slot = self.slots.entry(user).or_insert_with(|| {
            Arc::new(Slot {
                sessions: AtomicUsize::new(0),
                joined: AtomicUsize::new(0),
            })
        });
        Arc::clone(slot)
    }
}

impl Drop for SessionPlace {
    fn drop(&mut self) {
        let mut people = self.users.people.lock();
        self.slot.sessions.fetch_sub(1, Ordering::Relaxed);
        self.users.forget_if_gone(&mut people, self.user);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_has_at_most_so_many_sessions_and_gets_places_back() {
        let users = Arc::new(Users::new(&ChatSettings {
            max_sessions_per_user: 2,
            ..ChatSettings::default()
        }));
        let user = UserId::new(Uuid::from_u128(1));
        let first = users.take_place(user).unwrap();
        let _second = users.take_place(user).unwrap();
        assert!(users.take_place(user).is_none());
        drop(first);
        assert!(users.take_place(user).is_some());
    }

    #[test]
    fn only_the_first_to_join_and_the_last_to_leave_count() {
        let users = Arc::new(Users::new(&ChatSettings::default()));
        let user = UserId::new(Uuid::from_u128(1));
        let _one = users.take_place(user).unwrap();
        let two = users.take_place(user).unwrap();
        assert!(users.join(user));
        assert!(!users.join(user));
        drop(two);
        assert!(!users.leave(user));
        assert_eq!(users.online(&[user]), [true]);
        assert!(users.leave(user));
        assert_eq!(users.online(&[user]), [false]);
    }

    #[test]
    fn a_session_that_ended_before_it_was_counted_in_does_not_count_against_the_next() {
        let users = Arc::new(Users::new(&ChatSettings::default()));
        let user = UserId::new(Uuid::from_u128(1));
        drop(users.take_place(user).unwrap());
        assert!(users.join(user));
        let _next = users.take_place(user).unwrap();
        assert!(users.leave(user));
        assert_eq!(users.online(&[user]), [false]);
        assert!(users.join(user));
        assert_eq!(users.online(&[user]), [true]);
    }

    #[test]
    fn a_user_whose_sessions_are_gone_is_forgotten_whichever_is_counted_out_first() {
        let users = Arc::new(Users::new(&ChatSettings::default()));
        let user = UserId::new(Uuid::from_u128(1));
        for leave_first in [true, false] {
            let place = users.take_place(user).unwrap();
            users.join(user);
            if leave_first {
                users.leave(user);
                drop(place);
            } else {
                drop(place);
                users.leave(user);
            }
            assert!(users.people.lock().slots.is_empty());
        }
    }
}
