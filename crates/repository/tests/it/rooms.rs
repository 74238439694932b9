use std::sync::mpsc;

use abu_application::{
    messaging::ports::{
        InvitationListing, NewRoom, ReadMark, ReadState, RoleChange, RoomChatState, RoomFilter,
        RoomListing, RoomPosition,
    },
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::{Clock, StoreError},
        system::SystemClock,
    },
};
use abu_domain::{
    InvitationId, RoomId, UserId,
    messaging::{
        room::{Departure, DirectPair, Invitation, Room, RoomKind, RoomRole},
        text::RoomName,
    },
};
use abu_test_support::{TestDatabase, new_message};
use chrono::TimeDelta;
use uuid::Uuid;

fn unknown_user() -> UserId {
    UserId::new(Uuid::new_v4())
}

fn unknown_room() -> RoomId {
    RoomId::new(Uuid::new_v4())
}

fn room(database: &TestDatabase, id: RoomId) -> Room {
    database.read(|tx| tx.room(id)).unwrap().unwrap()
}

#[test]
fn a_group_is_read_as_it_was_made() {
    let database = TestDatabase::new();
    let owner = database.user().create().id;
    let made = database
        .group(owner)
        .name("Kongo campus")
        .member(database.user().create().id)
        .create();
    let expected = Room {
        id: made.id,
        kind: RoomKind::Group,
        name: Some(RoomName::parse("Kongo campus").unwrap()),
        created_by: owner,
        created_at: made.created_at,
        last_modified: made.created_at,
        last_activity_at: made.created_at,
        archived_at: None,
        last_seq: 0,
        member_count: 2,
    };
    assert_eq!(made, expected);
    assert_eq!(database.read(|tx| tx.room(unknown_room())).unwrap(), None);
    assert_eq!(
        database
            .transaction(|tx| tx.lock_room(unknown_room()))
            .unwrap(),
        None
    );
}

#[test]
fn two_people_have_one_direct_room_in_either_order() {
    let database = TestDatabase::new();
    let (a, b) = (database.user().create().id, database.user().create().id);
    let pair = DirectPair::new(a, b).unwrap();
    assert_eq!(database.read(|tx| tx.direct_room(pair)).unwrap(), None);
    let made = database.direct_room(a, b);
    let pair = DirectPair::new(b, a).unwrap();
    assert_eq!(
        database.read(|tx| tx.direct_room(pair)).unwrap(),
        Some(made)
    );
    assert!(
        !database
            .transaction(|tx| tx.insert_room(&direct(b, a)))
            .unwrap()
    );
}

fn direct(one: UserId, other: UserId) -> NewRoom {
    NewRoom {
        id: unknown_room(),
        kind: RoomKind::Direct,
        name: None,
        pair: DirectPair::new(one, other),
        created_by: one,
        created_at: SystemClock.now(),
    }
}

#[test]
fn of_two_concurrent_direct_rooms_the_second_finds_the_first() {
    let database = &TestDatabase::new();
    let (a, b) = (database.user().create().id, database.user().create().id);
    let (first, second) = (direct(a, b), direct(b, a));
    let (inserted, has_inserted) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    std::thread::scope(|scope| {
        let one = scope.spawn(|| {
            database.transaction(|tx| {
                let made = tx.insert_room(&first)?;
                inserted.send(()).unwrap();
                let _ = may_go_on.into_iter().next();
                Ok(made)
            })
        });
        has_inserted.recv().unwrap();
        let other = scope.spawn(|| {
            database.transaction(|tx| {
                let made = tx.insert_room(&second)?;
                Ok((made, tx.direct_room(second.pair.unwrap())?))
            })
        });
        database.wait_for_blocked(1);
        go_on.send(()).unwrap();
        assert!(one.join().unwrap().unwrap());
        let (made, found) = other.join().unwrap().unwrap();
        assert_eq!((made, found.map(|room| room.id)), (false, Some(first.id)));
    });
}

#[test]
fn a_taken_room_id_is_a_conflict_and_no_repeat() {
    let database = TestDatabase::new();
    let (a, b) = (database.user().create().id, database.user().create().id);
    let taken = database.group(a).create().id;
    let refused = database.transaction(|tx| {
        tx.insert_room(&NewRoom {
            id: taken,
            ..direct(a, b)
        })
    });
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_locked_room_blocks_writers_but_no_readers() {
    let database = &TestDatabase::new();
    let owner = database.user().create().id;
    let id = database.group(owner).create().id;
    let other = database.user().create().id;
    std::thread::scope(|scope| {
        let blocked = database.transaction(|tx| {
            tx.lock_room(id)?;
            let blocked = [
                scope.spawn(move || database.transaction(|tx| tx.lock_room(id).map(drop))),
                scope.spawn(move || {
                    let batch = [new_message(id, owner, "hello")];
                    database.transaction(|tx| tx.store_messages(&batch).map(drop))
                }),
            ];
            database.wait_for_blocked(2);
            assert!(database.read(|tx| tx.room(id)).unwrap().is_some());
            // What refers to the room takes a weaker lock, which goes with this one.
            database.execute(&format!(
                "INSERT INTO room_members VALUES ('{id}', '{other}', 'member', now())"
            ));
            Ok(blocked)
        });
        for thread in blocked.unwrap() {
            thread.join().unwrap().unwrap();
        }
    });
}

#[test]
fn renaming_and_archiving_show_in_the_room() {
    let database = TestDatabase::new();
    let id = database.group(database.user().create().id).create().id;
    let name = RoomName::parse("Set of 1999").unwrap();
    let now = SystemClock.now() + TimeDelta::seconds(1);
    database
        .transaction(|tx| tx.rename_room(id, &name, now))
        .unwrap();
    let renamed = room(&database, id);
    assert_eq!((renamed.name, renamed.last_modified), (Some(name), now));
    let later = now + TimeDelta::seconds(1);
    database
        .transaction(|tx| tx.set_archived(id, Some(later), later))
        .unwrap();
    let archived = room(&database, id);
    assert_eq!(
        (archived.archived_at, archived.last_modified),
        (Some(later), later)
    );
    database
        .transaction(|tx| tx.set_archived(id, None, later))
        .unwrap();
    assert!(!room(&database, id).is_read_only());
}

#[test]
fn members_are_counted_in_and_out_once() {
    let database = TestDatabase::new();
    let owner = database.user().create().id;
    let users: Vec<UserId> = (0..3).map(|_| database.user().create().id).collect();
    let id = database.group(owner).member(users[0]).create().id;
    let now = SystemClock.now() + TimeDelta::seconds(1);
    let mut added = database
        .transaction(|tx| tx.add_members(id, &users, RoomRole::Moderator, now))
        .unwrap();
    added.sort_unstable();
    let mut expected = users[1..].to_vec();
    expected.sort_unstable();
    assert_eq!(added, expected);
    assert_eq!(
        (
            room(&database, id).member_count,
            room(&database, id).last_modified
        ),
        (4, now)
    );
    let kept = database
        .read(|tx| tx.membership(id, users[0]))
        .unwrap()
        .unwrap();
    assert_eq!(kept.role, RoomRole::Member);
    let remove = |user| {
        database
            .transaction(|tx| tx.remove_member(id, user, Departure::Removed, now))
            .unwrap()
    };
    assert_eq!(
        (remove(users[1]), remove(users[1]), remove(unknown_user())),
        (true, false, false)
    );
    assert_eq!(room(&database, id).member_count, 3);
    let again = database.transaction(|tx| tx.add_members(id, &users[..1], RoomRole::Owner, now));
    assert!(again.unwrap().is_empty());
}

#[test]
fn a_room_takes_no_unknown_member() {
    let database = TestDatabase::new();
    let id = database.group(database.user().create().id).create().id;
    let known = database.user().create().id;
    let refused = database.transaction(|tx| {
        tx.add_members(
            id,
            &[known, unknown_user()],
            RoomRole::Member,
            SystemClock.now(),
        )
    });
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(room(&database, id).member_count, 1);
}

#[test]
fn roles_are_set_and_other_active_owners_are_counted() {
    let database = TestDatabase::new();
    let now = SystemClock.now() + TimeDelta::seconds(1);
    let (owner, other) = (database.user().create().id, database.user().create().id);
    let id = database.group(owner).member(other).create().id;
    let owners_besides = |user| {
        database
            .read(|tx| tx.other_active_owners(id, user))
            .unwrap()
    };
    assert_eq!((owners_besides(owner), owners_besides(other)), (0, 1));
    let set = |user| {
        database
            .transaction(|tx| tx.set_role(id, user, RoomRole::Owner, now))
            .unwrap()
    };
    assert_eq!((set(other), set(unknown_user())), (true, false));
    assert_eq!(room(&database, id).last_modified, now);
    assert_eq!((owners_besides(owner), owners_besides(other)), (1, 1));
    let suspended = database.transaction(|tx| tx.set_active(other, false, now));
    suspended.unwrap();
    assert_eq!((owners_besides(owner), owners_besides(other)), (0, 1));
}

#[test]
fn two_owners_who_leave_at_once_do_not_both_find_another_owner() {
    let database = &TestDatabase::new();
    let (first, second) = (database.user().create().id, database.user().create().id);
    let id = database
        .group(first)
        .with_role(second, RoomRole::Owner)
        .create()
        .id;
    let leave = |user| {
        database.transaction(|tx| {
            tx.lock_room(id)?;
            let others = tx.other_active_owners(id, user)?;
            if others > 0 {
                tx.remove_member(id, user, Departure::Left, SystemClock.now())?;
            }
            Ok(others)
        })
    };
    let mut found = std::thread::scope(|scope| {
        let one = scope.spawn(|| leave(first));
        [leave(second).unwrap(), one.join().unwrap().unwrap()]
    });
    found.sort_unstable();
    assert_eq!(found, [0, 1]);
    assert_eq!(room(database, id).member_count, 1);
}

#[test]
fn a_list_of_rooms_pages_by_activity_in_either_direction() {
    let database = TestDatabase::new();
    let me = database.user().create().id;
    let other = database.user().create().id;
    let rooms: Vec<RoomId> = (0..5).map(|_| database.group(me).create().id).collect();
    database.group(other).create();
    database.group(me).archived().create();
    // The first room wakes up.
    let message = database.message(rooms[0], me, "Anybody here?");
    let order = [rooms[0], rooms[4], rooms[3], rooms[2], rooms[1]];
    let page = |seek| {
        let filter = RoomFilter::default();
        database
            .read(|tx| tx.list_rooms(me, &filter, &[], seek, 2))
            .unwrap()
    };
    let position = |listing: &RoomListing| -> RoomPosition { RoomListing::position(&listing.own) };
    let ids = |listings: &[RoomListing]| -> Vec<RoomId> {
        listings.iter().map(|listing| listing.own.room.id).collect()
    };
    let (mut pages, mut seek) = (Vec::new(), Seek::START);
    loop {
        let page = page(seek);
        let Some(last) = page.last() else { break };
        seek = Seek::After(Some(position(last)));
        pages.extend(page);
    }
    assert_eq!(ids(&pages), order);
    let (mut backward, mut seek) = (Vec::new(), Seek::Before(None));
    loop {
        let page = page(seek);
        let Some(first) = page.first() else { break };
        seek = Seek::Before(Some(position(first)));
        backward.splice(0..0, page);
    }
    assert_eq!(ids(&backward), order);
    let counted = |user| {
        let filter = RoomFilter::default();
        database.read(|tx| tx.count_rooms(user, &filter)).unwrap()
    };
    assert_eq!(counted(me), Total::Exactly(5));
    assert_eq!(counted(other), Total::Exactly(1));
    let (last, sender) = pages[0].last_message.as_ref().unwrap();
    assert_eq!((last, sender.id), (&message, me));
    assert_eq!(pages[0].own.room, room(&database, rooms[0]));
    assert!(
        pages[1..]
            .iter()
            .all(|listing| listing.last_message.is_none())
    );
}

#[test]
fn a_list_of_members_pages_by_id_with_names() {
    let database = TestDatabase::new();
    let owner = database.user().name("Hauwa", "Sani").create().id;
    let others: Vec<UserId> = (0..4).map(|_| database.user().create().id).collect();
    let id = database.group(owner).members(others.clone()).create().id;
    let page = |seek| database.read(|tx| tx.list_members(id, seek, 3)).unwrap();
    let first = page(Seek::START);
    let after = first.last().map(|listing| listing.membership.user_id);
    let rest = page(Seek::After(after));
    let all: Vec<_> = first.iter().chain(&rest).collect();
    let listed: Vec<UserId> = all
        .iter()
        .map(|listing| listing.membership.user_id)
        .collect();
    let mut expected = [others.as_slice(), &[owner]].concat();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let back: Vec<UserId> = page(Seek::Before(after))
        .iter()
        .chain(&page(Seek::Before(None)))
        .map(|listing| listing.membership.user_id)
        .collect();
    assert_eq!(back, expected);
    let hauwa = all
        .iter()
        .find(|listing| listing.membership.user_id == owner)
        .unwrap();
    assert_eq!(
        (hauwa.firstname.as_str(), hauwa.lastname.as_str()),
        ("Hauwa", "Sani")
    );
    assert_eq!(hauwa.membership.role, RoomRole::Owner);
}

#[test]
fn open_rooms_count_for_their_makers_writers_and_accepters() {
    let database = TestDatabase::new();
    let (owner, member) = (database.user().create().id, database.user().create().id);
    let count = |user| {
        let mut counts = (0..10).filter(|max| {
            !database
                .read(|tx| tx.is_beyond_room_count(user, *max))
                .unwrap()
        });
        counts.next().unwrap()
    };
    let made: Vec<RoomId> = (0..3)
        .map(|_| database.group(owner).member(member).create().id)
        .collect();
    assert_eq!((count(owner), count(member)), (3, 0));
    database
        .transaction(|tx| tx.take_part(made[0], member))
        .unwrap();
    assert_eq!(count(member), 1);

    let said = database.message(made[1], member, "hello");
    let mark = |wrote| ReadMark {
        room_id: made[1],
        user_id: member,
        seq: said.seq,
        wrote,
    };
    let store = |mark| database.transaction(|tx| tx.mark_read(&[mark])).unwrap();
    store(mark(false));
    assert_eq!(count(member), 1);
    // Another device had read it already.
    assert_eq!(store(mark(true))[0].map(|state| state.moved), Some(false));
    store(mark(false));
    assert_eq!(count(member), 2);

    let now = SystemClock.now();
    database
        .transaction(|tx| tx.set_archived(made[1], Some(now), now))
        .unwrap();
    assert_eq!((count(owner), count(member)), (2, 1));
}

#[test]
fn a_hidden_room_is_unlisted_until_its_next_message() {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let id = database.direct_room(amina, bola).id;
    let listed = |user| {
        let filter = RoomFilter::default();
        let rooms = database
            .read(|tx| tx.list_rooms(user, &filter, &[], Seek::START, 10))
            .unwrap();
        let counted = database.read(|tx| tx.count_rooms(user, &filter)).unwrap();
        assert_eq!(counted, Total::of(rooms.len() as u64));
        rooms.len()
    };
    let set = |hidden| {
        database
            .transaction(|tx| tx.set_hidden(id, amina, hidden))
            .unwrap();
    };
    set(true);
    assert_eq!((listed(amina), listed(bola)), (0, 1));
    database.message(id, bola, "hello");
    assert_eq!(listed(amina), 1);
    set(true);
    assert_eq!(listed(amina), 0);
    set(false);
    assert_eq!(listed(amina), 1);
}

/// A group and members of it who entered it in this order.
fn group_in_order(database: &TestDatabase, roles: &[RoomRole]) -> (RoomId, Vec<UserId>) {
    let owner = database.user().create().id;
    let id = database.group(owner).create().id;
    let users: Vec<UserId> = roles.iter().map(|_| database.user().create().id).collect();
    let mut joined_at = SystemClock.now();
    for (user, role) in users.iter().zip(roles) {
        joined_at += TimeDelta::seconds(1);
        database
            .transaction(|tx| tx.add_members(id, &[*user], *role, joined_at))
            .unwrap();
    }
    let now = SystemClock.now();
    database
        .transaction(|tx| tx.remove_member(id, owner, Departure::Left, now))
        .unwrap();
    (id, users)
}

#[test]
fn ownership_passes_by_standing_then_role_then_service() {
    use RoomRole::{Member, Moderator};
    let database = TestDatabase::new();
    let now = SystemClock.now() + TimeDelta::seconds(9);
    let roles = [Member, Moderator, Moderator, Member];
    let (id, users) = group_in_order(&database, &roles);
    let set_active = |user, active| {
        database
            .transaction(|tx| tx.set_active(user, active, now))
            .unwrap();
    };
    let pass = || {
        database
            .transaction(|tx| {
                tx.lock_room(id)?;
                tx.pass_ownership(&[id, unknown_room()], now)
            })
            .unwrap()
    };
    let change = |user, role| RoleChange {
        room_id: id,
        user_id: user,
        role,
    };
    let passed = |old, new| {
        let mut changes = vec![change(old, Member), change(new, RoomRole::Owner)];
        changes.sort_by_key(|change| change.user_id);
        changes
    };
    // No owner at all: the first moderator.
    assert_eq!(pass(), [change(users[1], RoomRole::Owner)]);
    assert_eq!(room(&database, id).last_modified, now);
    // An active owner keeps the role.
    assert_eq!(pass(), []);
    set_active(users[1], false);
    assert_eq!(pass(), passed(users[1], users[2]));
    set_active(users[2], false);
    let hide = database.transaction(|tx| tx.set_deactivated(users[0], Some(now), now));
    hide.unwrap();
    assert_eq!(pass(), passed(users[2], users[3]));
    set_active(users[3], false);
    assert_eq!(pass(), passed(users[3], users[0]));
    // Without an active member, the suspended owner stays.
    set_active(users[0], false);
    assert_eq!(pass(), []);
}

#[test]
fn locking_the_groups_of_a_user_skips_direct_and_archived_rooms() {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let mut groups = vec![
        database.group(amina).create().id,
        database.group(bola).member(amina).create().id,
    ];
    groups.sort_unstable();
    database.group(amina).archived().create();
    database.group(bola).create();
    database.direct_room(amina, bola);
    let locked = database.transaction(|tx| tx.lock_groups_of(amina)).unwrap();
    assert_eq!(locked, groups);
}

#[test]
fn a_suspension_waits_for_a_leave_and_then_finds_the_successor() {
    let database = &TestDatabase::new();
    let (owner, heir) = (database.user().create().id, database.user().create().id);
    let next = database.user().create().id;
    let room = database.group(owner).member(next);
    let id = room.with_role(heir, RoomRole::Moderator).create().id;
    let now = SystemClock.now();
    let suspended = std::thread::scope(|scope| {
        let suspension = database.transaction(|tx| {
            tx.lock_room(id)?;
            tx.remove_member(id, owner, Departure::Left, now)?;
            let suspension = scope.spawn(move || {
                database.transaction(|tx| {
                    tx.set_active(heir, false, now)?;
                    let groups = tx.lock_groups_of(heir)?;
                    tx.pass_ownership(&groups, now)
                })
            });
            database.wait_for_blocked(1);
            let passed = tx.pass_ownership(&[id], now)?;
            assert_eq!(passed.len(), 1);
            assert_eq!(passed[0].user_id, heir);
            Ok(suspension)
        });
        suspension.unwrap().join().unwrap()
    });
    let owner_now = |user| {
        let membership = database.read(|tx| tx.membership(id, user)).unwrap();
        membership.unwrap().role == RoomRole::Owner
    };
    assert_eq!(suspended.unwrap().len(), 2);
    assert_eq!((owner_now(heir), owner_now(next)), (false, true));
}

#[test]
fn a_succession_locks_members_in_the_order_of_read_marks() {
    let database = &TestDatabase::new();
    let (owner, heir) = (database.user().create().id, database.user().create().id);
    let group = || database.group(owner).member(heir).create().id;
    let mut rooms = [group(), group()];
    rooms.sort_unstable();
    let now = SystemClock.now();
    let [first, second] = rooms;
    database.message(first, owner, "hello");
    database.message(second, owner, "hello");
    let suspended = database.transaction(|tx| tx.set_active(owner, false, now));
    suspended.unwrap();
    let mark = |room_id| ReadMark {
        room_id,
        user_id: heir,
        seq: 1,
        wrote: false,
    };
    let passed = std::thread::scope(|scope| {
        let succession = database.transaction(|tx| {
            tx.mark_read(&[mark(first)])?;
            let succession =
                scope.spawn(|| database.transaction(|tx| tx.pass_ownership(&[second, first], now)));
            database.wait_for_blocked(1);
            tx.mark_read(&[mark(second)])?;
            Ok(succession)
        });
        succession.unwrap().join().unwrap()
    });
    assert_eq!(passed.unwrap().len(), 4, "both members of both rooms");
}

fn invitation(room_id: RoomId, user_id: UserId, invited_by: UserId) -> Invitation {
    Invitation {
        id: InvitationId::new(Uuid::new_v4()),
        room_id,
        user_id,
        invited_by,
        created_at: SystemClock.now(),
    }
}

fn invite(database: &TestDatabase, invitation: Invitation) -> bool {
    let at = invitation.created_at;
    let (expired, declined) = (at - Invitation::LIFETIME, at - Invitation::REST);
    let invited = database.transaction(|tx| tx.invite(&[invitation], expired, declined));
    !invited.unwrap().is_empty()
}

#[test]
fn only_a_departure_by_oneself_is_remembered_until_an_invitation_is_accepted() {
    let database = TestDatabase::new();
    let (owner, left, removed) = (
        database.user().create().id,
        database.user().create().id,
        database.user().create().id,
    );
    let id = database
        .group(owner)
        .member(left)
        .member(removed)
        .create()
        .id;
    let now = SystemClock.now();
    for (user, departure) in [(left, Departure::Left), (removed, Departure::Removed)] {
        database
            .transaction(|tx| tx.remove_member(id, user, departure, now))
            .unwrap();
    }
    let departed = || {
        database
            .read(|tx| tx.departed(id, &[owner, left, removed]))
            .unwrap()
    };
    assert_eq!(departed(), [left]);
    let sent = invitation(id, left, owner);
    assert!(invite(&database, sent));
    let after = now - Invitation::LIFETIME;
    let accept = |user| {
        database
            .transaction(|tx| tx.accept_invitation(sent.id, user, after))
            .unwrap()
    };
    assert_eq!(
        (accept(removed), accept(left), accept(left)),
        (false, true, false)
    );
    assert!(departed().is_empty());
}

#[test]
fn an_invitation_replaces_only_expired_and_long_declined_ones() {
    let database = TestDatabase::new();
    let (owner, user) = (database.user().create().id, database.user().create().id);
    let id = database.group(owner).create().id;
    let first = invitation(id, user, owner);
    let at = |created_at| Invitation {
        created_at,
        ..invitation(id, user, owner)
    };
    let open = |of: Invitation| {
        let after = of.created_at - TimeDelta::seconds(1);
        let room = database.read(|tx| tx.room_of_invitation(of.id, user, after));
        room.unwrap() == Some(id)
    };
    let second = TimeDelta::seconds(1);
    assert!(invite(&database, first) && open(first));
    let expires_at = first.created_at + Invitation::LIFETIME;
    assert!(!invite(&database, at(expires_at - second)) && open(first));
    let renewed = at(expires_at);
    assert!(invite(&database, renewed) && open(renewed) && !open(first));

    let decline = |by| {
        let after = renewed.created_at - second;
        let declined = |tx: &mut dyn abu_application::store::Writes| {
            tx.decline_invitation(renewed.id, by, after, renewed.created_at)
        };
        database.transaction(declined).unwrap()
    };
    assert_eq!(
        (decline(owner), decline(user), decline(user)),
        (false, true, false)
    );
    assert!(!open(renewed));
    let again_at = renewed.created_at + Invitation::REST;
    assert!(!invite(&database, at(again_at - second)));
    assert!(invite(&database, at(again_at)));
}

/// Rules for names are newer than some names.
#[test]
fn an_invitation_with_names_of_older_rules_is_listed() {
    let database = TestDatabase::new();
    let inviter = database.user().create().id;
    let user = database.user().create().id;
    let room = database.group(inviter).create().id;
    assert!(invite(&database, invitation(room, user, inviter)));
    database.execute(&format!(
        "UPDATE users SET firstname = '123' WHERE id = '{inviter}';
         UPDATE rooms SET name = E'Cla\\u0455s' WHERE id = '{room}'"
    ));
    let after = SystemClock.now() - TimeDelta::days(1);
    let listed = database.read(|tx| tx.list_invitations(user, after, Seek::START, 2));
    let listed = listed.unwrap().remove(0);
    assert_eq!(listed.inviter_firstname.as_str(), "123");
    assert_eq!(listed.room_name.as_str(), "Cla\u{455}s");
}

#[test]
fn a_list_of_invitations_pages_by_time_with_room_and_inviter() {
    let database = TestDatabase::new();
    let inviter = database.user().name("Hauwa", "Sani").create().id;
    let user = database.user().create().id;
    let now = SystemClock.now();
    let mut sent: Vec<Invitation> = (0..5)
        .map(|n| {
            let room = database.group(inviter).name("Kongo campus").create().id;
            let sent = Invitation {
                created_at: now + TimeDelta::seconds(n),
                ..invitation(room, user, inviter)
            };
            assert!(invite(&database, sent));
            sent
        })
        .collect();
    // Neither of an archived room nor of another user.
    let archived = database.group(inviter).archived().create().id;
    invite(&database, invitation(archived, user, inviter));
    invite(&database, invitation(sent[0].room_id, inviter, user));
    let after = now - TimeDelta::seconds(1);
    let page = |seek| {
        database
            .read(|tx| tx.list_invitations(user, after, seek, 2))
            .unwrap()
    };
    let position = |listing: &InvitationListing| TimePosition {
        at: listing.invitation.created_at,
        id: listing.invitation.id,
    };
    sent.reverse();
    let (mut forward, mut seek) = (Vec::new(), Seek::START);
    loop {
        let page = page(seek);
        let Some(last) = page.last() else { break };
        seek = Seek::After(Some(position(last)));
        forward.extend(page);
    }
    let ids = |listings: &[InvitationListing]| -> Vec<Invitation> {
        listings.iter().map(|listing| listing.invitation).collect()
    };
    assert_eq!(ids(&forward), sent);
    let last_two = page(Seek::Before(None));
    assert_eq!(ids(&last_two), sent[3..]);
    let counted = database.read(|tx| tx.count_invitations(user, after));
    assert_eq!(counted.unwrap(), Total::Exactly(5));
    let newer = database.read(|tx| tx.count_invitations(user, sent[1].created_at));
    assert_eq!(newer.unwrap(), Total::Exactly(1));
    let first = &forward[0];
    let names = (
        first.room_name.as_str(),
        first.inviter_firstname.as_str(),
        first.inviter_lastname.as_str(),
    );
    assert_eq!(
        (names, first.member_count),
        (("Kongo campus", "Hauwa", "Sani"), 1)
    );
}

#[test]
fn the_chat_learns_of_each_user_their_state_and_rooms() {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let gone = database.user().suspended().create().id;
    let open = database.group(amina).member(bola).create().id;
    let archived = database.group(amina).archived().create().id;
    let mut members = database
        .read(|tx| tx.chat_members(&[gone, bola, unknown_user(), amina]))
        .unwrap();
    members.sort_by_key(|member| (member.rooms.len(), member.is_active));
    let [of_gone, of_bola, of_amina] = members.as_slice() else {
        panic!("{members:?}")
    };
    assert_eq!(
        (of_gone.user_id, of_gone.is_active, of_gone.rooms.len()),
        (gone, false, 0)
    );
    assert_eq!((of_bola.user_id, of_bola.is_active), (bola, true));
    assert_eq!(
        of_bola.rooms,
        [RoomChatState {
            room_id: open,
            read_only: false,
            blocked: false,
            member_count: 2,
        }]
    );
    assert_eq!(of_amina.user_id, amina);
    assert!(of_amina.rooms.contains(&RoomChatState {
        room_id: open,
        read_only: false,
        blocked: false,
        member_count: 2,
    }));
    assert!(of_amina.rooms.contains(&RoomChatState {
        room_id: archived,
        read_only: true,
        blocked: false,
        member_count: 1,
    }));
}

#[test]
fn memberships_in_a_room_come_in_the_order_of_the_request() {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let stranger = database.user().create().id;
    let id = database.group(amina).member(bola).archived().create().id;
    let state = RoomChatState {
        room_id: id,
        read_only: true,
        blocked: false,
        member_count: 2,
    };
    assert_eq!(
        database
            .read(|tx| tx.chat_memberships(id, &[bola, stranger, amina]))
            .unwrap(),
        [(bola, Some(state)), (stranger, None), (amina, Some(state))]
    );
    assert_eq!(
        database
            .read(|tx| tx.chat_memberships(unknown_room(), &[amina]))
            .unwrap(),
        [(amina, None)]
    );
}

#[test]
fn read_marks_move_forward_up_to_the_newest_message_only() {
    let database = TestDatabase::new();
    let (amina, bola) = (database.user().create().id, database.user().create().id);
    let one = database.group(amina).member(bola).create().id;
    let two = database.group(amina).create().id;
    for _ in 0..5 {
        database.message(one, amina, "hello");
    }
    let mark = |room_id, user_id, seq| ReadMark {
        room_id,
        user_id,
        seq,
        wrote: false,
    };
    let stands = |member_count, last_read_seq, last_seq, moved| {
        Some(ReadState {
            last_read_seq,
            last_seq,
            moved,
            member_count,
        })
    };
    let store = |marks: &[ReadMark]| database.transaction(|tx| tx.mark_read(marks)).unwrap();
    let first = [
        mark(two, amina, 3),
        mark(one, amina, 2),
        mark(two, bola, 1),
        mark(one, bola, i64::MAX),
        mark(unknown_room(), bola, 1),
    ];
    let expected = [
        stands(1, 0, 0, false),
        stands(2, 2, 5, true),
        None,
        stands(2, 5, 5, true),
        None,
    ];
    assert_eq!(store(&first), expected);
    let second = [mark(one, bola, 4), mark(one, amina, 2)];
    assert_eq!(
        store(&second),
        [stands(2, 5, 5, false), stands(2, 2, 5, false)]
    );
    assert_eq!(store(&[mark(one, amina, -1)]), [stands(2, 2, 5, false)]);
    assert!(store(&[]).is_empty());
}

#[test]
fn concurrent_marks_are_serialized_and_the_furthest_stands() {
    let database = TestDatabase::new();
    let users: Vec<UserId> = (0..20).map(|_| database.user().create().id).collect();
    let room = database
        .group(users[0])
        .members(users[1..].to_vec())
        .create()
        .id;
    for _ in 0..50 {
        database.message(room, users[0], "hello");
    }
    std::thread::scope(|scope| {
        for start in 0..2 {
            let (database, users) = (&database, &users);
            scope.spawn(move || {
                for seq in (1..=50).skip(start).step_by(2) {
                    let mut marks: Vec<_> = users
                        .iter()
                        .map(|user| ReadMark {
                            room_id: room,
                            user_id: *user,
                            seq,
                            wrote: false,
                        })
                        .collect();
                    // In opposite orders, which would deadlock if the order were followed.
                    if start == 1 {
                        marks.reverse();
                    }
                    database.transaction(|tx| tx.mark_read(&marks)).unwrap();
                }
            });
        }
    });
    let states = users.iter().map(|user| ReadMark {
        room_id: room,
        user_id: *user,
        seq: 0,
        wrote: false,
    });
    let states: Vec<_> = states.collect();
    let states = database.transaction(|tx| tx.mark_read(&states)).unwrap();
    assert!(
        states
            .iter()
            .flatten()
            .all(|state| state.last_read_seq == 50)
    );
    assert_eq!(states.iter().flatten().count(), users.len());
}
