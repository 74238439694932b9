//! Queue of presence changes that await their broadcast, one per user.

use std::collections::{HashMap, VecDeque};

use abu_domain::UserId;

/// Joins and leaves of one worker's sessions, in the order of each user's first. The queue has one entry
/// per user, in which a join and a leave before the broadcast cancel out. So the users bound its size.
#[derive(Debug, Default)]
pub(crate) struct PresenceQueue {
    order: VecDeque<UserId>,
    /// Sessions that joined, less those that left.
    waiting: HashMap<UserId, i32>,
}

/// The net change of a user's joined sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presence {
    pub(crate) user: UserId,
    /// Sessions that joined, less those that left.
    pub(crate) joined: i32,
}

impl PresenceQueue {
    /// Notes that a session of the user joined.
    pub(crate) fn join(&mut self, user: UserId) {
        self.note(user, 1);
    }

    /// Notes that a session of the user left.
    pub(crate) fn leave(&mut self, user: UserId) {
        self.note(user, -1);
    }

    fn note(&mut self, user: UserId, joined: i32) {
        let order = &mut self.order;
        let waiting = self.waiting.entry(user).or_insert_with(|| {
            order.push_back(user);
            0
        });
        *waiting += joined;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Takes the first users out, so many at most.
    pub(crate) fn take(&mut self, users: usize) -> Vec<Presence> {
        let first = self.order.drain(..users.min(self.order.len()));
        first
            .filter_map(|user| {
                let joined = self.waiting.remove(&user)?;
                Some(Presence { user, joined })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn presence(number: u128, joined: i32) -> Presence {
        Presence {
            user: user(number),
            joined,
        }
    }

    #[test]
    fn users_come_out_in_order_and_so_many_at_a_time() {
        let mut queue = PresenceQueue::default();
        for number in 1..=3 {
            queue.join(user(number));
        }
        assert_eq!(queue.take(2), [presence(1, 1), presence(2, 1)]);
        assert_eq!(queue.take(2), [presence(3, 1)]);
        assert!(queue.is_empty());
        assert_eq!(queue.take(2), []);
    }

    #[test]
    fn a_user_is_in_it_once_with_all_their_sessions() {
        let mut queue = PresenceQueue::default();
        queue.join(user(1));
        queue.join(user(1));
        queue.leave(user(2));
        assert_eq!(queue.take(9), [presence(1, 2), presence(2, -1)]);
    }

    #[test]
    fn joins_and_leaves_that_cancel_out_queue_one_empty_entry() {
        let mut queue = PresenceQueue::default();
        for _ in 0..1_000 {
            queue.join(user(1));
            queue.leave(user(1));
        }
        assert_eq!(queue.order.len(), 1);
        assert_eq!(queue.take(9), [presence(1, 0)]);
    }
}
