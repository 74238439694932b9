//! Registry of one worker thread, without I/O: indexes users, rooms and sessions by each other.
//!
//! It is generic over the session handle, so tests need no sockets.

use std::collections::{HashMap, HashSet};

use abu_domain::{LoginSessionId, RoomId, UserId};
use indexmap::IndexSet;
use slab::Slab;

use abu_application::messaging::ports::RoomChatState;

use crate::{
    directory::{Snapshot, Version},
    engine::Slice,
    roster::{Rooms, are_disjoint},
};

/// A session of this worker. The serial tells it from a later session in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    slot: usize,
    serial: u64,
}

#[cfg(test)]
impl SessionKey {
    pub(crate) fn for_tests(serial: u64) -> Self {
        Self { slot: 0, serial }
    }
}

/// A room as a session of one of its members sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoomView {
    pub(crate) read_only: bool,
    /// The other person of the direct room cannot be written to.
    pub(crate) blocked: bool,
    /// How many members it has, connected or not.
    pub(crate) member_count: u32,
}

impl From<RoomChatState> for RoomView {
    fn from(state: RoomChatState) -> Self {
        Self {
            read_only: state.read_only,
            blocked: state.blocked,
            member_count: state.member_count,
        }
    }
}

/// The direction of a membership change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    In,
    Out,
}

/// Why a connecting user lost access before the session was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedMeanwhile {
    Suspended,
    LoggedOut,
}

#[derive(Debug)]
pub(crate) struct Registry<H> {
    sessions: Slab<Session<H>>,
    users: HashMap<UserId, User>,
    rooms: HashMap<RoomId, Room>,
    /// Where users whose change of presence waits still count as members; see [`roster`](crate::roster).
    shown_in: HashMap<UserId, Rooms>,
    next_serial: u64,
    /// Number of the current walk over several rooms; a session that carries it was met already.
    walk: u64,
}

#[derive(Debug)]
struct Session<H> {
    serial: u64,
    user: UserId,
    handle: H,
    met_in_walk: u64,
}

#[derive(Debug, Default)]
struct User {
    sessions: Vec<usize>,
    rooms: HashSet<RoomId>,
    /// Connections that wait for their snapshot.
    connecting: usize,
    /// What happened while one was waiting: its snapshot may be older.
    meanwhile: Vec<(Version, Meanwhile)>,
}

#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Room(RoomId, Option<RoomView>),
    Suspended,
    LoggedOut(LoginSessionId),
}

#[derive(Debug)]
struct Room {
    sessions: IndexSet<usize>,
    view: RoomView,
    /// When `view` was read.
    version: Version,
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self {
            sessions: Slab::new(),
            users: HashMap::new(),
            rooms: HashMap::new(),
            shown_in: HashMap::new(),
            next_serial: 1,
            walk: 0,
        }
    }
}

impl<H> Registry<H> {
    /// Notes that a connection of the user waits for its snapshot: what changes from now on is
    /// applied on top of it. Each call is followed by one of [`admit`](Self::admit) or
    /// [`give_up`](Self::give_up).
    pub(crate) fn expect(&mut self, user: UserId) {
        self.users.entry(user).or_default().connecting += 1;
    }

    /// The connection did not come about.
    pub(crate) fn give_up(&mut self, user: UserId) {
        if let Some(entry) = self.users.get_mut(&user) {
            entry.end_of_waiting();
        }
        self.forget_if_gone(user);
    }

    /// Takes a session in. `make` is handed the session's key.
    ///
    /// # Errors
    /// Where the user was suspended, or `log_in` ended, after the snapshot was read.
    pub(crate) fn admit(
        &mut self,
        user: UserId,
        log_in: LoginSessionId,
        snapshot: &Snapshot,
        make: impl FnOnce(SessionKey) -> H,
    ) -> Result<SessionKey, EndedMeanwhile> {
        let entry = self.users.entry(user).or_default();
        let later: Vec<_> = entry
            .meanwhile
            .iter()
            .filter(|(version, _)| *version > snapshot.version)
            .copied()
            .collect();
        entry.end_of_waiting();
        if let Some(ended) = later.iter().find_map(|(_, what)| what.ends(log_in)) {
            self.forget_if_gone(user);
            return Err(ended);
        }
        self.replace_rooms(user, snapshot);
        for (version, what) in later {
            if let Meanwhile::Room(room, view) = what {
                self.set_membership(user, room, view, version);
            }
        }
        Ok(self.insert(user, make))
    }

    fn insert(&mut self, user: UserId, make: impl FnOnce(SessionKey) -> H) -> SessionKey {
        let key = SessionKey {
            slot: self.sessions.vacant_key(),
            serial: self.next_serial,
        };
        self.next_serial += 1;
        self.sessions.insert(Session {
            serial: key.serial,
            user,
            handle: make(key),
            met_in_walk: 0,
        });
        let entry = self.users.entry(user).or_default();
        entry.sessions.push(key.slot);
        for room in &entry.rooms {
            if let Some(room) = self.rooms.get_mut(room) {
                room.sessions.insert(key.slot);
            }
        }
        key
    }

    /// Takes a session out; `None` where it is gone already.
    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<H> {
        self.session(key)?;
        let session = self.sessions.remove(key.slot);
        if let Some(entry) = self.users.get_mut(&session.user) {
            entry.sessions.retain(|slot| *slot != key.slot);
            for room in &entry.rooms {
                if let Some(room) = self.rooms.get_mut(room) {
                    room.sessions.swap_remove(&key.slot);
                }
            }
        }
        self.forget_if_gone(session.user);
        Some(session.handle)
    }

    /// The session's handle, if it is still there.
    pub(crate) fn session(&self, key: SessionKey) -> Option<&H> {
        self.sessions
            .get(key.slot)
            .filter(|session| session.serial == key.serial)
            .map(|session| &session.handle)
    }

    pub(crate) fn sessions_in(&self, slice: Slice) -> impl Iterator<Item = &H> {
        let sessions = self.sessions.iter();
        sessions
            .filter(move |(slot, _)| slice.holds(*slot))
            .map(|(_, session)| &session.handle)
    }

    pub(crate) fn sessions_of(&self, user: UserId) -> impl Iterator<Item = &H> {
        self.keyed_sessions_of(user).map(|(_, handle)| handle)
    }

    pub(crate) fn keyed_sessions_of(&self, user: UserId) -> impl Iterator<Item = (SessionKey, &H)> {
        self.users
            .get(&user)
            .into_iter()
            .flat_map(|entry| &entry.sessions)
            .map(|slot| self.keyed(*slot))
    }

    /// The room as the user sees it; `None` where they are not a member.
    pub(crate) fn room_of(&self, user: UserId, room: RoomId) -> Option<RoomView> {
        let entry = self.users.get(&user)?;
        entry.rooms.contains(&room).then_some(())?;
        self.rooms.get(&room).map(|room| room.view)
    }

    pub(crate) fn rooms_of(&self, user: UserId) -> Vec<RoomId> {
        self.users
            .get(&user)
            .map(|entry| entry.rooms.iter().copied().collect())
            .unwrap_or_default()
    }

    pub(crate) fn in_room(&self, room: RoomId) -> impl Iterator<Item = (SessionKey, &H)> {
        self.rooms
            .get(&room)
            .into_iter()
            .flat_map(|room| &room.sessions)
            .map(|slot| self.keyed(*slot))
    }

    /// The room's sessions except those of `user`.
    pub(crate) fn others_in_room(
        &self,
        room: RoomId,
        user: UserId,
    ) -> impl Iterator<Item = (SessionKey, &H)> {
        let is_other = move |(key, _): &(SessionKey, &H)| self.sessions[key.slot].user != user;
        self.in_room(room).filter(is_other)
    }

    /// For presence, the user counts as a member of these rooms; `None` for their own rooms again.
    pub(crate) fn show_in(&mut self, user: UserId, rooms: Option<&Rooms>) {
        match rooms {
            Some(rooms) => self.shown_in.insert(user, Rooms::clone(rooms)),
            None => self.shown_in.remove(&user),
        };
    }

    /// The sessions of all who see the presence of `user` by one of these ascending rooms, each once.
    pub(crate) fn sharing_a_room(&mut self, user: UserId, rooms: &[RoomId]) -> Vec<SessionKey> {
        self.walk += 1;
        let mut met = Vec::new();
        for (lagging, shown_in) in &self.shown_in {
            if *lagging != user && !are_disjoint(shown_in, rooms) {
                met.extend(self.keyed_sessions_of(*lagging).map(|(key, _)| key));
            }
        }
        let has_lagging = !self.shown_in.is_empty();
        for room in rooms {
            let Some(room) = self.rooms.get(room) else {
                continue;
            };
            for slot in &room.sessions {
                let session = &mut self.sessions[*slot];
                let is_lagging = has_lagging && self.shown_in.contains_key(&session.user);
                if session.met_in_walk != self.walk && session.user != user && !is_lagging {
                    session.met_in_walk = self.walk;
                    met.push(SessionKey {
                        slot: *slot,
                        serial: session.serial,
                    });
                }
            }
        }
        met
    }

    /// The user became a member of the room or stopped being one, as read at `version`. Returns which,
    /// where that is new to sessions of theirs.
    pub(crate) fn membership_changed(
        &mut self,
        user: UserId,
        room: RoomId,
        view: Option<RoomView>,
        version: Version,
    ) -> Option<Moved> {
        let entry = self.users.get_mut(&user)?;
        if entry.connecting > 0 {
            entry.meanwhile.push((version, Meanwhile::Room(room, view)));
        }
        if entry.sessions.is_empty() {
            return None;
        }
        let was_in = entry.rooms.contains(&room);
        self.set_membership(user, room, view, version);
        match (was_in, view.is_some()) {
            (false, true) => Some(Moved::In),
            (true, false) => Some(Moved::Out),
            _ => None,
        }
    }

    /// The room was archived or opened again, as read at `version`; true where that is new to
    /// sessions.
    pub(crate) fn room_changed(&mut self, room: RoomId, view: RoomView, version: Version) -> bool {
        self.rooms.get_mut(&room).is_some_and(|room| {
            let before = room.view.read_only;
            let blocked = room.view.blocked;
            room.see(RoomView { blocked, ..view }, version);
            room.view.read_only != before
        })
    }

    /// The other person of the user's direct room was suspended or activated, as read at `version`. The room is
    /// not new to the user by that.
    pub(crate) fn standing_changed(
        &mut self,
        user: UserId,
        room: RoomId,
        view: RoomView,
        version: Version,
    ) {
        let Some(entry) = self.users.get_mut(&user) else {
            return;
        };
        if entry.connecting > 0 {
            let view = Some(view);
            entry.meanwhile.push((version, Meanwhile::Room(room, view)));
        }
        if entry.rooms.contains(&room) {
            self.set_membership(user, room, Some(view), version);
        }
    }

    /// The room has so many members, as read at `version`.
    pub(crate) fn resized(&mut self, room: RoomId, member_count: u32, version: Version) {
        if let Some(room) = self.rooms.get_mut(&room) {
            let view = RoomView {
                member_count,
                ..room.view
            };
            room.see(view, version);
        }
    }

    /// The user was suspended, as read at `version`. Their sessions are the caller's to end.
    pub(crate) fn suspended(&mut self, user: UserId, version: Version) {
        if let Some(entry) = self.users.get_mut(&user)
            && entry.connecting > 0
        {
            entry.meanwhile.push((version, Meanwhile::Suspended));
        }
    }

    /// These log-ins of the user ended, as of `version`. The sessions that came of them are the
    /// caller's to end.
    pub(crate) fn logged_out(
        &mut self,
        user: UserId,
        log_ins: &[LoginSessionId],
        version: Version,
    ) {
        if let Some(entry) = self.users.get_mut(&user)
            && entry.connecting > 0
        {
            let ended = log_ins.iter().copied().map(Meanwhile::LoggedOut);
            entry.meanwhile.extend(ended.map(|what| (version, what)));
        }
    }

    fn keyed(&self, slot: usize) -> (SessionKey, &H) {
        let session = &self.sessions[slot];
        let key = SessionKey {
            slot,
            serial: session.serial,
        };
        (key, &session.handle)
    }

    fn replace_rooms(&mut self, user: UserId, snapshot: &Snapshot) {
        let new: HashSet<RoomId> = snapshot.rooms.iter().map(|room| room.room_id).collect();
        let gone: Vec<RoomId> = self
            .rooms_of(user)
            .into_iter()
            .filter(|room| !new.contains(room))
            .collect();
        for room in gone {
            self.set_membership(user, room, None, snapshot.version);
        }
        for room in &snapshot.rooms {
            let view = RoomView::from(*room);
            self.set_membership(user, room.room_id, Some(view), snapshot.version);
        }
    }

    fn set_membership(
        &mut self,
        user: UserId,
        room_id: RoomId,
        view: Option<RoomView>,
        version: Version,
    ) {
        let Some(entry) = self.users.get_mut(&user) else {
            return;
        };
        if let Some(view) = view {
            entry.rooms.insert(room_id);
            let room = self.rooms.entry(room_id).or_insert_with(|| Room {
                sessions: IndexSet::new(),
                view,
                version,
            });
            room.see(view, version);
            room.sessions.extend(&entry.sessions);
        } else if entry.rooms.remove(&room_id)
            && let Some(room) = self.rooms.get_mut(&room_id)
        {
            for slot in &entry.sessions {
                room.sessions.swap_remove(slot);
            }
            self.forget_if_empty(room_id);
        }
    }

    fn forget_if_gone(&mut self, user: UserId) {
        let Some(entry) = self.users.get(&user) else {
            return;
        };
        if !entry.sessions.is_empty() {
            return;
        }
        let rooms: Vec<RoomId> = entry.rooms.iter().copied().collect();
        if entry.connecting == 0 {
            self.users.remove(&user);
        } else if let Some(entry) = self.users.get_mut(&user) {
            // The connection under way brings a newer list.
            entry.rooms.clear();
        }
        for room in rooms {
            self.forget_if_empty(room);
        }
    }

    fn forget_if_empty(&mut self, room: RoomId) {
        if self.rooms.get(&room).is_some_and(|r| r.sessions.is_empty()) {
            self.rooms.remove(&room);
        }
    }
}

impl Meanwhile {
    /// Whether it keeps a connection of this log-in out.
    fn ends(self, log_in: LoginSessionId) -> Option<EndedMeanwhile> {
        match self {
            Self::Suspended => Some(EndedMeanwhile::Suspended),
            Self::LoggedOut(ended) if ended == log_in => Some(EndedMeanwhile::LoggedOut),
            Self::LoggedOut(_) | Self::Room(..) => None,
        }
    }
}

impl User {
    fn end_of_waiting(&mut self) {
        self.connecting = self.connecting.saturating_sub(1);
        if self.connecting == 0 {
            self.meanwhile.clear();
        }
    }
}

impl Room {
    fn see(&mut self, view: RoomView, version: Version) {
        if version >= self.version {
            self.view = view;
            self.version = version;
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
