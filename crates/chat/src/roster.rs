//! Co-membership of connected users, as plain data: who sees whom online.
//!
//! A user sees another one online while that one is joined and shares a room with them. Each user has a standing
//! (joined or not, and in which rooms), as it is and as it was broadcast. The two differ while a rate-limited
//! change waits. The views of all users follow from the broadcast standings alone, so each change of one yields
//! exactly the pairs of users whose view changes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use abu_domain::{RoomId, UserId};

/// Ids of rooms in ascending order: two of them are compared without a hash of each id.
pub(crate) type Rooms = Arc<[RoomId]>;

/// Users with a session, or with a change that waits.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    users: HashMap<UserId, Entry>,
    /// The users that were broadcast to be in each room.
    rooms: HashMap<RoomId, HashSet<UserId>>,
}

#[derive(Debug)]
struct Entry {
    broadcast: Standing,
    actual: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    joined: bool,
    rooms: Rooms,
}

/// A change of what users see of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All who share one of the rooms with the user see this of them.
    Around {
        user: UserId,
        rooms: Rooms,
        is_online: bool,
    },
    /// `listener` sees this of the user.
    To {
        user: UserId,
        listener: UserId,
        is_online: bool,
    },
}

impl Roster {
    /// Enters a connecting user with their rooms. For a user who is entered already, returns the rooms in which
    /// their membership differs from what is known.
    pub(crate) fn enter(
        &mut self,
        user: UserId,
        rooms: impl Iterator<Item = RoomId>,
    ) -> Vec<RoomId> {
        let rooms = sorted(rooms);
        if let Some(entry) = self.users.get(&user) {
            let mut differing = without(&rooms, &entry.actual.rooms);
            differing.extend(without(&entry.actual.rooms, &rooms));
            return differing;
        }
        for room in rooms.iter() {
            self.rooms.entry(*room).or_default().insert(user);
        }
        let standing = Standing {
            joined: false,
            rooms,
        };
        let entry = Entry {
            broadcast: standing.clone(),
            actual: standing,
        };
        self.users.insert(user, entry);
        Vec::new()
    }

    pub(crate) fn set_joined(&mut self, user: UserId, joined: bool) {
        if let Some(entry) = self.users.get_mut(&user) {
            entry.actual.joined = joined;
        }
    }

    /// Returns whether that is new. Users without a connection are unknown.
    pub(crate) fn set_member(&mut self, user: UserId, room: RoomId, is_member: bool) -> bool {
        let Some(entry) = self.users.get_mut(&user) else {
            return false;
        };
        let rooms = &entry.actual.rooms;
        let changed: Rooms = match (rooms.binary_search(&room), is_member) {
            (Ok(_), true) | (Err(_), false) => return false,
            (Ok(_), false) => rooms.iter().copied().filter(|id| *id != room).collect(),
            (Err(place), true) => {
                let (before, after) = rooms.split_at(place);
                before.iter().chain([&room]).chain(after).copied().collect()
            }
        };
        entry.actual.rooms = changed;
        true
    }

    /// What a broadcast of the user's standing changes.
    pub(crate) fn changes(&self, user: UserId) -> Vec<Shown> {
        let mut shown = Vec::new();
        let Some(Entry { broadcast, actual }) = self.users.get(&user) else {
            return shown;
        };
        let around = |rooms: &Rooms, is_online| Shown::Around {
            user,
            rooms: Arc::clone(rooms),
            is_online,
        };
        if broadcast.joined && !actual.joined {
            shown.push(around(&broadcast.rooms, false));
        }
        let left = without(&broadcast.rooms, &actual.rooms);
        let entered = without(&actual.rooms, &broadcast.rooms);
        let parted = self.who_share(user, &left, &actual.rooms);
        let met = self.who_share(user, &entered, &broadcast.rooms);
        let is_shown = broadcast.joined && actual.joined;
        for (others, is_online) in [(parted, false), (met, true)] {
            for other in others {
                if is_shown {
                    shown.push(Shown::To {
                        user,
                        listener: other,
                        is_online,
                    });
                }
                if self.users[&other].broadcast.joined {
                    shown.push(Shown::To {
                        user: other,
                        listener: user,
                        is_online,
                    });
                }
            }
        }
        if !broadcast.joined && actual.joined {
            shown.push(around(&actual.rooms, true));
        }
        shown
    }

    /// The user's standing was broadcast as it is.
    pub(crate) fn settle(&mut self, user: UserId) {
        let Some(Entry { broadcast, actual }) = self.users.get_mut(&user) else {
            return;
        };
        let before = std::mem::replace(broadcast, actual.clone());
        let now = Arc::clone(&actual.rooms);
        for room in without(&before.rooms, &now) {
            self.take_out(user, room);
        }
        for room in without(&now, &before.rooms) {
            self.rooms.entry(room).or_default().insert(user);
        }
    }

    /// The rooms that were broadcast, where these are not the user's rooms now.
    pub(crate) fn lagging(&self, user: UserId) -> Option<Rooms> {
        let Entry { broadcast, actual } = self.users.get(&user)?;
        (broadcast.rooms != actual.rooms).then(|| Arc::clone(&broadcast.rooms))
    }

    /// Forgets a user without sessions, unless a change of theirs waits.
    pub(crate) fn forget(&mut self, user: UserId) {
        if let Some(entry) = self.users.get(&user)
            && entry.broadcast == entry.actual
        {
            let rooms = Arc::clone(&entry.actual.rooms);
            self.users.remove(&user);
            for room in rooms.iter() {
                self.take_out(user, *room);
            }
        }
    }

    fn take_out(&mut self, user: UserId, room: RoomId) {
        if let Some(users) = self.rooms.get_mut(&room) {
            users.remove(&user);
            if users.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }

    /// The other users in `rooms` who are in none of `elsewhere`, each once.
    fn who_share(&self, user: UserId, rooms: &[RoomId], elsewhere: &[RoomId]) -> Vec<UserId> {
        let members = rooms.iter().filter_map(|room| self.rooms.get(room));
        let mut others: Vec<UserId> = members
            .flatten()
            .copied()
            .filter(|other| *other != user)
            .filter(|other| are_disjoint(&self.users[other].broadcast.rooms, elsewhere))
            .collect();
        if rooms.len() > 1 {
            others.sort_unstable();
            others.dedup();
        }
        others
    }
}

/// Notices for single listeners, grouped by what they say: of several about one user to one listener, the last
/// counts.
pub(crate) fn by_notice(shown: Vec<Shown>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut pairs = Pairs::default();
    for change in shown {
        match change {
            Shown::To {
                user,
                listener,
                is_online,
            } => pairs.add(user, listener, is_online),
            Shown::Around {
                user,
                rooms,
                is_online,
            } => {
                notices.extend(std::mem::take(&mut pairs).notices());
                notices.push(Notice {
                    user,
                    is_online,
                    to: Listeners::Around(rooms),
                });
            }
        }
    }
    notices.extend(pairs.notices());
    notices
}

/// That a user is online or not, and to whom to send it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) user: UserId,
    pub(crate) is_online: bool,
    pub(crate) to: Listeners,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Listeners {
    /// Who shares one of these rooms with the user.
    Around(Rooms),
    Users(Vec<UserId>),
}

#[derive(Default)]
struct Pairs(indexmap::IndexMap<UserId, HashMap<UserId, bool>>);

impl Pairs {
    fn add(&mut self, user: UserId, listener: UserId, is_online: bool) {
        let listeners = self.0.entry(user).or_default();
        listeners.insert(listener, is_online);
    }

    fn notices(self) -> impl Iterator<Item = Notice> {
        self.0.into_iter().flat_map(|(user, listeners)| {
            [false, true].into_iter().filter_map(move |is_online| {
                let of_this =
                    |(listener, said): (&UserId, &bool)| (*said == is_online).then_some(*listener);
                let users: Vec<UserId> = listeners.iter().filter_map(of_this).collect();
                (!users.is_empty()).then_some(Notice {
                    user,
                    is_online,
                    to: Listeners::Users(users),
                })
            })
        })
    }
}

pub(crate) fn sorted(rooms: impl Iterator<Item = RoomId>) -> Rooms {
    let mut rooms: Vec<RoomId> = rooms.collect();
    rooms.sort_unstable();
    rooms.dedup();
    rooms.into()
}

/// The first without the second.
fn without(rooms: &Rooms, others: &Rooms) -> Vec<RoomId> {
    if Arc::ptr_eq(rooms, others) {
        return Vec::new();
    }
    let is_other = |room: &&RoomId| others.binary_search(room).is_ok();
    rooms
        .iter()
        .filter(|room| !is_other(room))
        .copied()
        .collect()
}

/// Whether two ascending lists have no element in common.
pub(crate) fn are_disjoint(one: &[RoomId], other: &[RoomId]) -> bool {
    let (few, many) = match one.len() <= other.len() {
        true => (one, other),
        false => (other, one),
    };
    let mut rest = many;
    for room in few {
        match rest.binary_search(room) {
            Ok(_) => return false,
            Err(place) => rest = &rest[place..],
        }
    }
    true
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
