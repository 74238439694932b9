use std::collections::{BTreeMap, BTreeSet, HashSet};

use abu_application::messaging::ports::RoomChatState;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn user(n: u8) -> UserId {
    UserId::new(Uuid::from_u128(u128::from(n) + 1))
}

fn room(n: u8) -> RoomId {
    RoomId::new(Uuid::from_u128(u128::from(n) + 1_000))
}

/// The log-in that all of a user's sessions come of, where a test does not care.
fn log_in(user: UserId) -> LoginSessionId {
    LoginSessionId::new(user.uuid())
}

const OPEN: RoomView = RoomView {
    read_only: false,
    blocked: false,
    member_count: 3,
};

/// What can happen, in any order.
#[derive(Clone, Debug)]
enum Step {
    /// A user asks to connect.
    Expect(u8),
    /// The directory reads their memberships.
    Read(usize),
    /// The connection comes about with what was read.
    Admit(usize),
    GiveUp(usize),
    Disconnect(usize),
    /// A membership is changed, and read again at once.
    Change {
        user: u8,
        room: u8,
        member: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_u8..4).prop_map(Step::Expect),
        3 => (0_usize..4).prop_map(Step::Read),
        3 => (0_usize..4).prop_map(Step::Admit),
        1 => (0_usize..4).prop_map(Step::GiveUp),
        1 => (0_usize..6).prop_map(Step::Disconnect),
        4 => (0_u8..4, 0_u8..4, any::<bool>())
            .prop_map(|(user, room, member)| Step::Change { user, room, member }),
    ];
    proptest::collection::vec(step, 1..80)
}

/// The same world, as naively as can be: who is in what, and who is connected.
#[derive(Default)]
struct Model {
    members: BTreeSet<(UserId, RoomId)>,
    version: Version,
    waiting: Vec<(UserId, Option<Snapshot>)>,
    sessions: BTreeMap<u64, (SessionKey, UserId)>,
    next_name: u64,
}

impl Model {
    fn read(&mut self, of: UserId) -> Snapshot {
        self.version += 1;
        Snapshot {
            version: self.version,
            rooms: self
                .members
                .iter()
                .filter(|(user, _)| *user == of)
                .map(|(_, room)| RoomChatState {
                    room_id: *room,
                    read_only: false,
                    blocked: false,
                    member_count: 3,
                })
                .collect(),
        }
    }

    fn sessions_in(&self, room: RoomId) -> BTreeSet<u64> {
        self.sessions
            .iter()
            .filter(|(_, (_, user))| self.members.contains(&(*user, room)))
            .map(|(name, _)| *name)
            .collect()
    }
}

fn apply(step: Step, model: &mut Model, registry: &mut Registry<u64>) {
    match step {
        Step::Expect(n) => {
            registry.expect(user(n));
            model.waiting.push((user(n), None));
        }
        Step::Read(index) => {
            if let Some((who, None)) = model.waiting.get(index).cloned() {
                model.waiting[index].1 = Some(model.read(who));
            }
        }
        Step::Admit(index) => {
            if let Some((who, Some(snapshot))) = model.waiting.get(index).cloned() {
                model.waiting.remove(index);
                let name = model.next_name;
                model.next_name += 1;
                let key = registry
                    .admit(who, log_in(who), &snapshot, |_| name)
                    .unwrap();
                model.sessions.insert(name, (key, who));
            }
        }
        Step::GiveUp(index) => {
            if index < model.waiting.len() {
                let (who, _) = model.waiting.remove(index);
                registry.give_up(who);
            }
        }
        Step::Disconnect(index) => {
            if let Some(name) = model.sessions.keys().nth(index).copied() {
                let (key, _) = model.sessions.remove(&name).unwrap();
                assert_eq!(registry.remove(key), Some(name));
                assert_eq!(registry.remove(key), None, "a session leaves once");
            }
        }
        Step::Change {
            user: n,
            room: r,
            member,
        } => {
            let pair = (user(n), room(r));
            let is_news = if member {
                model.members.insert(pair)
            } else {
                model.members.remove(&pair)
            };
            model.version += 1;
            let view = member.then_some(OPEN);
            let moved = registry.membership_changed(pair.0, pair.1, view, model.version);
            let is_connected = model.sessions.values().any(|(_, user)| *user == pair.0);
            let expected = match member {
                true => Moved::In,
                false => Moved::Out,
            };
            assert_eq!(
                moved,
                (is_news && is_connected).then_some(expected),
                "who is connected hears that they came in or are out, once"
            );
        }
    }
}

fn assert_same(model: &Model, registry: &mut Registry<u64>) {
    for r in 0..4 {
        let reached: Vec<u64> = registry.in_room(room(r)).map(|(_, name)| *name).collect();
        let unique: BTreeSet<u64> = reached.iter().copied().collect();
        assert_eq!(reached.len(), unique.len(), "no session is reached twice");
        assert_eq!(unique, model.sessions_in(room(r)), "who a room reaches");
    }
    for n in 0..4 {
        let who = user(n);
        if model.sessions.values().any(|(_, user)| *user == who) {
            for r in 0..4 {
                assert_eq!(
                    registry.room_of(who, room(r)).is_some(),
                    model.members.contains(&(who, room(r))),
                    "what a connected user is in"
                );
            }
        }
        let rooms = registry.rooms_of(who);
        let expected: BTreeSet<u64> = rooms
            .iter()
            .flat_map(|room| model.sessions_in(*room))
            .filter(|name| model.sessions[name].1 != who)
            .collect();
        let around: Vec<u64> = registry
            .sharing_a_room(who, &rooms)
            .into_iter()
            .map(|key| *registry.session(key).unwrap())
            .collect();
        assert_eq!(around.len(), expected.len(), "each co-member once");
        assert_eq!(around.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

proptest! {
    #[test]
    fn it_reaches_whom_a_naive_model_reaches_whatever_happens_in_whatever_order(steps in steps()) {
        let mut model = Model::default();
        let mut registry = Registry::default();
        for step in steps {
            apply(step, &mut model, &mut registry);
            assert_same(&model, &mut registry);
        }
        for (key, _) in std::mem::take(&mut model.sessions).into_values() {
            registry.remove(key);
        }
        for (who, _) in std::mem::take(&mut model.waiting) {
            registry.give_up(who);
        }
        prop_assert!(registry.users.is_empty() && registry.rooms.is_empty(), "nothing is left over");
    }
}

fn snapshot(version: Version, rooms: &[(u8, bool)]) -> Snapshot {
    Snapshot {
        version,
        rooms: rooms
            .iter()
            .map(|(n, read_only)| RoomChatState {
                room_id: room(*n),
                read_only: *read_only,
                blocked: false,
                member_count: 3,
            })
            .collect(),
    }
}

#[test]
fn who_is_suspended_while_connecting_does_not_get_in() {
    let mut registry = Registry::default();
    registry.expect(user(1));
    registry.suspended(user(1), 5);
    assert_eq!(
        registry.admit(user(1), log_in(user(1)), &snapshot(4, &[]), |_| ()),
        Err(EndedMeanwhile::Suspended)
    );
    registry.expect(user(1));
    assert!(
        registry
            .admit(user(1), log_in(user(1)), &snapshot(6, &[]), |_| ())
            .is_ok(),
        "but does when the look-up is newer: the account was activated again"
    );
}

#[test]
fn a_connection_of_a_log_in_that_ends_meanwhile_does_not_get_in_and_others_do() {
    let (phone, laptop) = (log_in(user(7)), log_in(user(8)));
    let mut registry = Registry::default();
    registry.expect(user(1));
    registry.expect(user(1));
    registry.logged_out(user(1), &[phone], 5);
    let older = snapshot(4, &[]);
    assert_eq!(
        registry.admit(user(1), phone, &older, |_| ()),
        Err(EndedMeanwhile::LoggedOut)
    );
    assert!(registry.admit(user(1), laptop, &older, |_| ()).is_ok());
}

#[test]
fn an_older_read_does_not_open_a_room_that_was_archived_since() {
    let mut registry = Registry::default();
    registry.expect(user(1));
    registry
        .admit(
            user(1),
            log_in(user(1)),
            &snapshot(1, &[(1, false)]),
            |_| (),
        )
        .unwrap();
    registry.expect(user(2));
    let archived = RoomView {
        read_only: true,
        ..OPEN
    };
    assert!(registry.room_changed(room(1), archived, 3));
    assert!(!registry.room_changed(room(1), archived, 4), "told already");
    assert!(!registry.room_changed(room(1), OPEN, 2), "older than that");
    registry
        .admit(
            user(2),
            log_in(user(2)),
            &snapshot(2, &[(1, false)]),
            |_| (),
        )
        .unwrap();
    for n in [1, 2] {
        assert!(registry.room_of(user(n), room(1)).unwrap().read_only);
    }
}

#[test]
fn a_suspension_while_its_partner_connects_blocks_their_room() {
    let blocked = RoomView {
        blocked: true,
        ..OPEN
    };
    let is_blocked =
        |registry: &Registry<()>, n| registry.room_of(user(n), room(1)).unwrap().blocked;
    let mut registry = Registry::default();
    registry.expect(user(1));
    registry.standing_changed(user(1), room(1), blocked, 5);
    let older = snapshot(4, &[(1, false)]);
    registry
        .admit(user(1), log_in(user(1)), &older, |_| ())
        .unwrap();
    assert!(is_blocked(&registry, 1));
    // Reopening the room changes nothing about that, and an older read neither.
    registry.room_changed(room(1), OPEN, 6);
    registry.standing_changed(user(1), room(1), OPEN, 3);
    assert!(is_blocked(&registry, 1));
    registry.standing_changed(user(1), room(1), OPEN, 7);
    assert!(!is_blocked(&registry, 1));
    registry.standing_changed(user(1), room(2), blocked, 8);
    assert!(
        registry.room_of(user(1), room(2)).is_none(),
        "its event is to come"
    );
}

#[test]
fn a_rooms_size_is_that_of_the_newest_read_and_no_news_to_its_sessions() {
    let mut registry = Registry::default();
    registry.expect(user(1));
    let rooms = snapshot(1, &[(1, false)]);
    registry
        .admit(user(1), log_in(user(1)), &rooms, |_| ())
        .unwrap();
    let size = |registry: &Registry<()>| registry.room_of(user(1), room(1)).unwrap().member_count;
    registry.resized(room(1), 201, 3);
    assert_eq!(size(&registry), 201);
    registry.resized(room(1), 5, 2);
    assert_eq!(size(&registry), 201, "an older read");
    let view = RoomView {
        member_count: 7,
        ..OPEN
    };
    assert!(!registry.room_changed(room(1), view, 4));
    assert_eq!(size(&registry), 7);
}

#[test]
fn a_key_does_not_open_the_session_that_took_its_slot() {
    let mut registry = Registry::default();
    registry.expect(user(1));
    let old = registry
        .admit(user(1), log_in(user(1)), &snapshot(1, &[]), |_| "old")
        .unwrap();
    registry.remove(old);
    registry.expect(user(2));
    let new = registry
        .admit(user(2), log_in(user(2)), &snapshot(1, &[]), |_| "new")
        .unwrap();
    assert_eq!(registry.session(old), None);
    assert_eq!(registry.session(new), Some(&"new"));
    assert_eq!(HashSet::from([old, new]).len(), 2);
}
