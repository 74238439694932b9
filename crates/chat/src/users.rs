//! What the whole process must know of each connected user: how many sessions they have, and how many of
//! them have joined.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use abu_domain::UserId;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::ChatSettings;

/// All connected users.
///
/// One lock, held for a few instructions; taken inside the bus's turn for presence, and never while
/// waiting for anything.
pub(crate) struct Users {
    slots: Mutex<HashMap<UserId, Arc<Slot>>>,
    max_sessions: usize,
    /// The number of slots, for [`Users::all_gone`].
    count: watch::Sender<usize>,
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
            slots: Mutex::new(HashMap::new()),
            max_sessions: settings.max_sessions_per_user,
            count: watch::channel(0).0,
        }
    }

    /// A place for one more session; `None` where the user has as many as allowed.
    pub(crate) fn take_place(self: &Arc<Self>, user: UserId) -> Option<SessionPlace> {
        let mut slots = self.slots.lock();
        let slot = slot(&mut slots, user);
        // All counters change under the lock of the map; they are atomic only to be shared.
        if slot.sessions.load(Ordering::Relaxed) >= self.max_sessions {
            return None;
        }
        slot.sessions.fetch_add(1, Ordering::Relaxed);
        self.count.send_replace(slots.len());
        Some(SessionPlace {
            users: Arc::clone(self),
            user,
            slot,
        })
    }

    /// Counts one more joined session; true for the user's first. It may have ended meanwhile: then its
    /// [`leave`](Self::leave) is still to come, and counts it out again.
    pub(crate) fn join(&self, user: UserId) -> bool {
        let mut slots = self.slots.lock();
        let slot = slot(&mut slots, user);
        self.count.send_replace(slots.len());
        slot.joined.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Counts a joined session out; true for the user's last.
    pub(crate) fn leave(&self, user: UserId) -> bool {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.get(&user) else {
            return false;
        };
        let was_last = slot.joined.fetch_sub(1, Ordering::Relaxed) == 1;
        self.forget_if_gone(&mut slots, user);
        was_last
    }

    /// Which of `users` have a joined session.
    pub(crate) fn online(&self, users: &[UserId]) -> Vec<bool> {
        let slots = self.slots.lock();
        users
            .iter()
            .map(|user| {
                slots
                    .get(user)
                    .is_some_and(|slot| slot.joined.load(Ordering::Relaxed) > 0)
            })
            .collect()
    }

    /// Ends when no session is left, and every one that had joined was counted out.
    pub(crate) async fn all_gone(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// A slot stays while a session is open, or joined and not yet counted out.
    fn forget_if_gone(&self, slots: &mut HashMap<UserId, Arc<Slot>>, user: UserId) {
        let gone = slots.get(&user).is_some_and(|slot| {
            slot.sessions.load(Ordering::Relaxed) == 0 && slot.joined.load(Ordering::Relaxed) == 0
        });
        if gone {
            slots.remove(&user);
            self.count.send_replace(slots.len());
        }
    }
}

fn slot(slots: &mut HashMap<UserId, Arc<Slot>>, user: UserId) -> Arc<Slot> {
    let slot = slots.entry(user).or_insert_with(|| {
        Arc::new(Slot {
            sessions: AtomicUsize::new(0),
            joined: AtomicUsize::new(0),
        })
    });
    Arc::clone(slot)
}

impl Drop for SessionPlace {
    fn drop(&mut self) {
        let mut slots = self.users.slots.lock();
        self.slot.sessions.fetch_sub(1, Ordering::Relaxed);
        self.users.forget_if_gone(&mut slots, self.user);
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
            assert!(users.slots.lock().is_empty());
        }
    }
}
