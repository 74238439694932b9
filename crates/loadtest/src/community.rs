//! Test data: the users, rooms and members of a measurement. Ids derive from numbers, so no lookup is needed.

use std::ops::Range;

use uuid::Uuid;

const USERS: u128 = 0x00000000_0000_4000_8000_000000000000;
const ROOMS: u128 = 0x00000000_0000_4000_9000_000000000000;

/// Rooms of one size, and users who are in one room each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Community {
    pub(crate) rooms: u32,
    /// Of each room.
    pub(crate) members: u32,
}

/// A member's place: the room, and the index among its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) room: u32,
    pub(crate) member: u32,
}

impl Community {
    pub(crate) fn users(self) -> u32 {
        self.rooms * self.members
    }

    pub(crate) fn user(self, place: Place) -> u32 {
        place.room * self.members + place.member
    }

    /// The members of every room with an index in `members`, round-robin over the rooms.
    pub(crate) fn places(self, members: Range<u32>) -> impl Iterator<Item = Place> {
        members.flat_map(move |member| (0..self.rooms).map(move |room| Place { room, member }))
    }
}

pub(crate) fn user_id(number: u32) -> Uuid {
    Uuid::from_u128(USERS + u128::from(number))
}

pub(crate) fn room_id(number: u32) -> Uuid {
    Uuid::from_u128(ROOMS + u128::from(number))
}

/// The number of the user with this id; `None` for an id of other origin.
pub(crate) fn user_number(id: &[u8]) -> Option<u32> {
    let id = Uuid::try_parse_ascii(id).ok()?.as_u128();
    id.checked_sub(USERS)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_has_a_number_and_an_id_of_their_own() {
        let community = Community {
            rooms: 3,
            members: 4,
        };
        let mut numbers: Vec<_> = community
            .places(0..4)
            .map(|place| community.user(place))
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..community.users()).collect::<Vec<_>>());
        for number in numbers {
            let id = user_id(number).to_string();
            assert_eq!(user_number(id.as_bytes()), Some(number));
        }
    }

    #[test]
    fn ids_are_the_ones_that_the_database_is_given() {
        assert_eq!(
            user_id(26).to_string(),
            "00000000-0000-4000-8000-00000000001a"
        );
        assert_eq!(
            room_id(0).to_string(),
            "00000000-0000-4000-9000-000000000000"
        );
        assert_eq!(user_number(room_id(0).to_string().as_bytes()), None);
    }
}
