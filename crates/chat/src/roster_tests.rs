use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn user(number: u8) -> UserId {
    UserId::new(Uuid::from_u128(u128::from(number) + 1))
}

fn room(number: u8) -> RoomId {
    RoomId::new(Uuid::from_u128(u128::from(number) + 1_000))
}

#[derive(Clone, Debug)]
enum Step {
    Joined(u8, bool),
    Member(u8, u8, bool),
    /// The turn of a user whose change waited.
    Due(u8),
}

/// Steps, each with whether the rate limit refuses its broadcast.
fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let step = prop_oneof![
        (0_u8..5, any::<bool>()).prop_map(|(user, joined)| Step::Joined(user, joined)),
        (0_u8..5, 0_u8..4, any::<bool>())
            .prop_map(|(user, room, is_member)| Step::Member(user, room, is_member)),
        (0_u8..5).prop_map(Step::Due),
    ];
    proptest::collection::vec((step, any::<bool>()), 1..80)
}

/// The same world, as naively as can be.
#[derive(Clone, Default, PartialEq, Debug)]
struct World {
    joined: BTreeSet<UserId>,
    members: BTreeSet<(UserId, RoomId)>,
}

impl World {
    fn shares(&self, one: UserId, other: UserId) -> bool {
        self.members
            .iter()
            .any(|(user, room)| *user == one && self.members.contains(&(other, *room)))
    }

    /// Who sees whom online.
    fn views(&self) -> BTreeSet<(UserId, UserId)> {
        let users = || (0..5).map(user);
        users()
            .flat_map(|viewer| users().map(move |seen| (viewer, seen)))
            .filter(|(viewer, seen)| viewer != seen && self.joined.contains(seen))
            .filter(|(viewer, seen)| self.shares(*viewer, *seen))
            .collect()
    }

    /// Takes over what is so of one user.
    fn settle(&mut self, who: UserId, actual: &Self) {
        self.members.retain(|(user, _)| *user != who);
        let memberships = actual.members.iter().filter(|(user, _)| *user == who);
        self.members.extend(memberships);
        match actual.joined.contains(&who) {
            true => self.joined.insert(who),
            false => self.joined.remove(&who),
        };
    }
}

struct Scene {
    roster: Roster,
    actual: World,
    broadcast: World,
    views: BTreeSet<(UserId, UserId)>,
}

impl Scene {
    fn new() -> Self {
        let mut roster = Roster::default();
        for number in 0..5 {
            assert!(roster.enter(user(number), std::iter::empty()).is_empty());
        }
        Self {
            roster,
            actual: World::default(),
            broadcast: World::default(),
            views: BTreeSet::new(),
        }
    }

    fn see(&mut self, viewer: UserId, seen: UserId, is_online: bool) {
        let pair = (viewer, seen);
        let is_news = match is_online {
            true => self.views.insert(pair),
            false => self.views.remove(&pair),
        };
        assert!(is_news, "{viewer} knows that of {seen} already");
    }

    fn broadcast(&mut self, who: UserId) {
        for notice in by_notice(self.roster.changes(who)) {
            assert!(notice.user == who || notice.to == Listeners::Users(vec![who]));
            match notice.to {
                Listeners::Users(listeners) => {
                    for listener in listeners {
                        self.see(listener, notice.user, notice.is_online);
                    }
                }
                Listeners::Around(rooms) => {
                    let in_rooms = |(_, room): &&(UserId, RoomId)| rooms.contains(room);
                    let around: BTreeSet<UserId> = self
                        .broadcast
                        .members
                        .iter()
                        .filter(in_rooms)
                        .map(|(user, _)| *user)
                        .filter(|other| *other != who)
                        .collect();
                    for listener in around {
                        self.see(listener, who, notice.is_online);
                    }
                }
            }
        }
        self.roster.settle(who);
        let actual = self.actual.clone();
        self.broadcast.settle(who, &actual);
        assert_eq!(self.views, self.broadcast.views());
        assert_eq!(self.roster.lagging(who), None);
    }
}

proptest! {
    #[test]
    fn each_view_is_the_truth_once_every_change_had_its_turn(steps in steps()) {
        let mut scene = Scene::new();
        for (step, is_refused) in steps {
            let who = match step {
                Step::Joined(number, joined) => {
                    scene.roster.set_joined(user(number), joined);
                    match joined {
                        true => scene.actual.joined.insert(user(number)),
                        false => scene.actual.joined.remove(&user(number)),
                    };
                    user(number)
                }
                Step::Member(number, of, is_member) => {
                    let is_news = scene.roster.set_member(user(number), room(of), is_member);
                    let pair = (user(number), room(of));
                    let expected = match is_member {
                        true => scene.actual.members.insert(pair),
                        false => scene.actual.members.remove(&pair),
                    };
                    prop_assert_eq!(is_news, expected);
                    user(number)
                }
                Step::Due(number) => user(number),
            };
            if !is_refused {
                scene.broadcast(who);
            }
        }
        for number in 0..5 {
            scene.broadcast(user(number));
        }
        prop_assert_eq!(&scene.views, &scene.actual.views());
        for number in 0..5 {
            scene.roster.set_joined(user(number), false);
            scene.actual.joined.remove(&user(number));
            scene.broadcast(user(number));
            scene.roster.forget(user(number));
        }
        prop_assert!(scene.roster.users.is_empty() && scene.roster.rooms.is_empty());
    }

    #[test]
    fn lists_are_disjoint_when_no_element_is_in_both(
        one in proptest::collection::btree_set(0_u8..12, 0..9),
        other in proptest::collection::btree_set(0_u8..12, 0..9),
    ) {
        let rooms = |numbers: &BTreeSet<u8>| -> Vec<RoomId> {
            numbers.iter().map(|number| room(*number)).collect()
        };
        prop_assert_eq!(are_disjoint(&rooms(&one), &rooms(&other)), one.is_disjoint(&other));
    }
}

#[test]
fn people_who_enter_a_room_together_are_one_notice_for_each() {
    let mut roster = Roster::default();
    for number in 0..3 {
        roster.enter(user(number), std::iter::empty());
        roster.set_joined(user(number), true);
        roster.settle(user(number));
    }
    let mut shown = Vec::new();
    for number in 0..3 {
        roster.set_member(user(number), room(0), true);
        shown.extend(roster.changes(user(number)));
        roster.settle(user(number));
    }
    let notices: BTreeMap<UserId, BTreeSet<UserId>> = by_notice(shown)
        .into_iter()
        .map(|notice| match notice.to {
            Listeners::Users(users) => (notice.user, users.into_iter().collect()),
            Listeners::Around(_) => panic!("{notice:?}"),
        })
        .collect();
    let others = |of: u8| (0..3).filter(|n| *n != of).map(user).collect();
    let expected = (0..3).map(|number| (user(number), others(number)));
    assert_eq!(notices, expected.collect());
}

#[test]
fn of_opposite_notices_to_one_listener_the_last_counts() {
    let to = |is_online| Shown::To {
        user: user(0),
        listener: user(1),
        is_online,
    };
    let expected = Notice {
        user: user(0),
        is_online: false,
        to: Listeners::Users(vec![user(1)]),
    };
    assert_eq!(by_notice(vec![to(true), to(false)]), [expected]);
}

#[test]
fn a_user_who_is_known_already_is_compared_with_what_was_read() {
    let mut roster = Roster::default();
    assert!(
        roster
            .enter(user(0), [room(1), room(0)].into_iter())
            .is_empty()
    );
    assert!(
        roster
            .enter(user(0), [room(0), room(1)].into_iter())
            .is_empty()
    );
    let differing = roster.enter(user(0), [room(1), room(2)].into_iter());
    assert_eq!(differing, [room(2), room(0)]);
}
