//! The registry, for its benchmark.

use abu_application::messaging::ports::RoomChatState;
use abu_domain::{LoginSessionId, RoomId, UserId};

use crate::{directory::Snapshot, registry::Registry};

/// A worker's registry whose sessions are plain numbers.
#[derive(Default)]
pub struct BenchedRegistry(Registry<u64>);

impl BenchedRegistry {
    pub fn admit(&mut self, user: UserId, rooms: &[RoomId], session: u64) {
        let rooms = rooms
            .iter()
            .map(|room| RoomChatState {
                room_id: *room,
                read_only: false,
                blocked: false,
                member_count: 1,
            })
            .collect();
        self.0.expect(user);
        let log_in = LoginSessionId::new(user.uuid());
        let snapshot = Snapshot { version: 1, rooms };
        // The benchmark suspends no user and ends no login.
        let _ = self.0.admit(user, log_in, &snapshot, |_| session);
    }

    /// Visits whom a message in the room reaches.
    pub fn visit_room(&self, room: RoomId) -> u64 {
        self.0.in_room(room).map(|(_, session)| *session).sum()
    }

    /// Finds whom a user's coming concerns.
    pub fn sharing_a_room(&mut self, user: UserId, rooms: &[RoomId]) -> usize {
        self.0.sharing_a_room(user, rooms).len()
    }

    pub fn is_member(&self, user: UserId, room: RoomId) -> bool {
        self.0.room_of(user, room).is_some()
    }
}
