//! Groups and direct rooms.

use abu_application::{
    messaging::ports::{NewRoom, ReadMark},
    platform::ports::{Ids, StoreError},
    store::Writes,
};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        room::{DirectPair, RoomKind, RoomRole},
        text::RoomName,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

use super::people::People;

/// How long ago the rooms were made: before their first messages.
const AGE: TimeDelta = TimeDelta::days(8);

pub(super) struct DemoRoom {
    pub(super) id: RoomId,
    pub(super) kind: RoomKind,
    /// The owner first, then a moderator.
    pub(super) members: Vec<UserId>,
    /// How many messages its conversation has.
    pub(super) messages: usize,
    name: Option<&'static str>,
    /// How many of them the first person has not read.
    unread: i64,
    is_archived: bool,
}

pub(super) struct DemoRooms {
    pub(super) rooms: Vec<DemoRoom>,
    first_person: UserId,
    created_at: DateTime<Utc>,
}

impl DemoRooms {
    pub(super) fn new(people: &People, ids: &dyn Ids, now: DateTime<Utc>) -> Self {
        let group = |name, members, messages, unread| DemoRoom {
            id: RoomId::new(ids.random()),
            kind: RoomKind::Group,
            name: Some(name),
            members: people.ids(members),
            messages,
            unread,
            is_archived: false,
        };
        let mut rooms = vec![
            group("Set of 2010", (0..45).collect::<Vec<_>>(), 180, 12),
            group(
                "Faculty of Engineering",
                (0..60).step_by(2).collect(),
                90,
                3,
            ),
            group("Kaduna branch", (0..60).step_by(3).collect(), 60, 0),
            group("Mentors", vec![5, 0, 7, 11, 13, 17, 19, 23], 40, 0),
        ];
        rooms.push(DemoRoom {
            is_archived: true,
            ..group("Reunion 2024", (0..20).collect(), 30, 0)
        });
        rooms.extend((1..9).map(|other| DemoRoom {
            id: RoomId::new(ids.random()),
            kind: RoomKind::Direct,
            name: None,
            members: people.ids([other, 0]),
            messages: 6 + 2 * other,
            unread: i64::from(other % 3 == 0),
            is_archived: false,
        }));
        Self {
            rooms,
            first_person: people.id(0),
            created_at: now - AGE,
        }
    }

    pub(super) fn insert(&self, tx: &mut dyn Writes) -> Result<(), StoreError> {
        for room in &self.rooms {
            let [owner, second, ..] = room.members[..] else {
                continue;
            };
            tx.insert_room(&NewRoom {
                id: room.id,
                kind: room.kind,
                name: room.name.and_then(|name| RoomName::parse(name).ok()),
                pair: match room.kind {
                    RoomKind::Direct => DirectPair::new(owner, second),
                    RoomKind::Group => None,
                },
                created_by: owner,
                created_at: self.created_at,
            })?;
            let (owner_role, second_role) = match room.kind {
                RoomKind::Direct => (RoomRole::Member, RoomRole::Member),
                RoomKind::Group => (RoomRole::Owner, RoomRole::Moderator),
            };
            tx.add_members(room.id, &[owner], owner_role, self.created_at)?;
            tx.add_members(room.id, &[second], second_role, self.created_at)?;
            tx.add_members(
                room.id,
                &room.members[2..],
                RoomRole::Member,
                self.created_at,
            )?;
        }
        Ok(())
    }

    /// Marks what is read and archives what is over.
    pub(super) fn finish(&self, tx: &mut dyn Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
        let marks: Vec<ReadMark> = self
            .rooms
            .iter()
            .flat_map(|room| self.marks(room))
            .collect();
        tx.mark_read(&marks)?;
        for room in self.rooms.iter().filter(|room| room.is_archived) {
            tx.set_archived(room.id, Some(now), now)?;
        }
        Ok(())
    }

    fn marks(&self, room: &DemoRoom) -> impl Iterator<Item = ReadMark> {
        let newest = i64::try_from(room.messages).unwrap_or(i64::MAX);
        let mark = move |user_id: &UserId| {
            let unread = match *user_id == self.first_person {
                true => room.unread,
                false => 0,
            };
            ReadMark {
                room_id: room.id,
                user_id: *user_id,
                seq: newest - unread,
                wrote: true,
            }
        };
        room.members.iter().map(mark)
    }
}
