//! Rooms: membership, roles in a room, limits, archiving, optimistic concurrency.

use std::collections::BTreeMap;

use abu_application::{
    messaging::rooms::{OwnRoom, RoomDraft, RoomError, RoomOpened, RoomPatch},
    platform::{
        lists::{ListRequest, Seek},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    RoomId, UserId,
    messaging::{
        room::{Membership, Room, RoomKind, RoomRole},
        text::RoomName,
    },
};
use chrono::TimeDelta;

use crate::support::{LiveCall, Member, ROOM_LIMITS, TestApp, assert_refused, new_id};

fn room_name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

/// A group with a member of each role, and a member of the platform who is not in it.
struct Group {
    app: TestApp,
    room: RoomId,
    owner: Member,
    moderator: Member,
    member: Member,
    stranger: Member,
}

impl Group {
    fn new() -> Self {
        let app = TestApp::new();
        let [owner, moderator, member, stranger] = [(); 4].map(|()| app.member().create());
        let room = app.database.group(owner.id()).member(member.id());
        let room = room.with_role(moderator.id(), RoomRole::Moderator);
        let room = room.create().id;
        Self {
            app,
            room,
            owner,
            moderator,
            member,
            stranger,
        }
    }

    async fn get(&self, by: &Member) -> Result<Room, RoomError> {
        self.app
            .use_cases
            .messaging
            .rooms
            .get(by.caller(), self.room)
            .await
    }

    async fn add(&self, by: &Member, users: &[UserId]) -> Result<Room, RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms
            .add_members(by.caller(), self.room, users.to_vec())
            .await
    }

    async fn remove(&self, by: &Member, user: &Member) -> Result<(), RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms.remove_member(by.caller(), self.room, user.id()).await
    }

    async fn set_role(
        &self,
        by: &Member,
        user: &Member,
        role: RoomRole,
    ) -> Result<Membership, RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms
            .set_role(by.caller(), self.room, user.id(), role, Expected::Anything)
            .await
    }

    async fn rename(&self, by: &Member, name: &str) -> Result<Room, RoomError> {
        rename(&self.app, by, self.room, name, Expected::Anything).await
    }

    async fn archive(&self, by: &Member) -> Result<(), RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms.archive(by.caller(), self.room).await
    }

    fn roles(&self) -> BTreeMap<UserId, RoomRole> {
        let members = self
            .app
            .store(|tx| tx.list_members(self.room, Seek::START, 100));
        members
            .into_iter()
            .map(|listing| (listing.membership.user_id, listing.membership.role))
            .collect()
    }
}

async fn rename(
    app: &TestApp,
    by: &Member,
    room: RoomId,
    name: &str,
    expected: Expected,
) -> Result<Room, RoomError> {
    let patch = RoomPatch {
        name: Some(room_name(name)),
    };
    let rooms = &app.use_cases.messaging.rooms;
    rooms.modify(by.caller(), room, patch, expected).await
}

async fn open_direct(app: &TestApp, by: &Member, other: UserId) -> Result<RoomOpened, RoomError> {
    let draft = RoomDraft::Direct { other };
    app.use_cases.messaging.rooms.open(by.caller(), draft).await
}

async fn open_group(
    app: &TestApp,
    by: &Member,
    members: &[UserId],
) -> Result<RoomOpened, RoomError> {
    let draft = RoomDraft::Group {
        name: room_name("Class of 2015"),
        members: members.to_vec(),
    };
    app.use_cases.messaging.rooms.open(by.caller(), draft).await
}

async fn listed(app: &TestApp, by: &Member) -> Vec<OwnRoom> {
    let page = ListRequest {
        seek: Seek::START,
        limit: 100,
        count: false,
    };
    let rooms = app.use_cases.messaging.rooms.list(by.caller(), page).await;
    rooms.unwrap().items
}

#[tokio::test]
async fn a_pair_has_one_direct_room() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let first = open_direct(&app, &amina, musa.id()).await.unwrap();
    assert!(first.created);
    assert_eq!(first.room.kind, RoomKind::Direct);
    let again = open_direct(&app, &musa, amina.id()).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.room, first.room);
}

#[tokio::test]
async fn simultaneous_requests_open_one_direct_room() {
    let app = TestApp::new();
    for _ in 0..4 {
        let (amina, musa) = (app.member().create(), app.member().create());
        let (one, other) = tokio::join!(
            open_direct(&app, &amina, musa.id()),
            open_direct(&app, &musa, amina.id())
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.room.id, other.room.id);
        assert_ne!(one.created, other.created);
        assert_eq!(one.room.member_count, 2);
    }
}

#[tokio::test]
async fn a_direct_room_takes_another_person() {
    let app = TestApp::new();
    let amina = app.member().create();
    let refused = open_direct(&app, &amina, amina.id()).await;
    assert_refused!(refused, RoomError::NotTwoPeople);
}

#[tokio::test]
async fn a_group_is_owned_by_its_creator_and_lists_each_member_once() {
    let app = TestApp::new();
    let [amina, musa, hauwa] = [(); 3].map(|()| app.member().create());
    let named = [musa.id(), hauwa.id(), musa.id(), amina.id()];
    let opened = open_group(&app, &amina, &named).await.unwrap();
    assert_eq!(opened.room.member_count, 3);
    let role = |user| app.store(|tx| tx.membership(opened.room.id, user));
    assert_eq!(role(amina.id()).unwrap().role, RoomRole::Owner);
    for member in [&musa, &hauwa] {
        assert_eq!(role(member.id()).unwrap().role, RoomRole::Member);
    }
    let expected = [musa.id(), hauwa.id(), amina.id()];
    let calls = app.live.take();
    let [LiveCall::MembershipChanged(room, users, by)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!((*room, *by), (opened.room.id, amina.id()));
    assert!(expected.iter().all(|user| users.contains(user)));
}

#[tokio::test]
async fn owners_and_moderators_add_members_and_members_do_not() {
    let group = Group::new();
    let refused = group.add(&group.member, &[group.stranger.id()]).await;
    assert_refused!(refused, RoomError::RoleForbids);
    for by in [&group.moderator, &group.owner] {
        let newcomer = group.app.member().create();
        group.add(by, &[newcomer.id()]).await.unwrap();
        assert_eq!(group.roles()[&newcomer.id()], RoomRole::Member);
    }
}

#[tokio::test]
async fn adding_members_again_keeps_their_roles_and_the_count() {
    let group = Group::new();
    let there = [group.owner.id(), group.moderator.id(), group.member.id()];
    let before = group.roles();
    let room = group.add(&group.moderator, &there).await.unwrap();
    assert_eq!(room.member_count, 3);
    assert_eq!(group.roles(), before);
}

#[tokio::test]
async fn only_active_visible_and_verified_people_enter_a_room() {
    let group = Group::new();
    let app = &group.app;
    let barred = [
        app.member().suspended().create().id(),
        app.member().hidden().create().id(),
        app.member().unverified().create().id(),
        UserId::new(new_id()),
    ];
    for user in barred {
        // Beside a person who could enter: one refusal refuses all.
        let refused = group.add(&group.owner, &[group.stranger.id(), user]).await;
        assert_refused!(refused, RoomError::UnknownUser(named) if named == user);
        let refused = open_direct(app, &group.owner, user).await;
        assert_refused!(refused, RoomError::UnknownUser(named) if named == user);
        let refused = open_group(app, &group.owner, &[user]).await;
        assert_refused!(refused, RoomError::UnknownUser(named) if named == user);
    }
    assert_eq!(group.roles().len(), 3);
}

#[tokio::test]
async fn the_role_decides_whom_a_member_removes() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        stranger,
        ..
    } = &group;
    let other_moderator = app.member().create();
    group.add(owner, &[other_moderator.id()]).await.unwrap();
    group
        .set_role(owner, &other_moderator, RoomRole::Moderator)
        .await
        .unwrap();
    for (by, user) in [
        (member, moderator),
        (member, owner),
        (moderator, owner),
        (moderator, &other_moderator),
    ] {
        let refused = group.remove(by, user).await;
        assert_refused!(refused, RoomError::RoleForbids);
    }
    let absent = group.remove(owner, stranger).await;
    assert_refused!(absent, RoomError::MemberNotFound);
    group.remove(moderator, member).await.unwrap();
    group.remove(owner, moderator).await.unwrap();
    assert_eq!(group.roles().len(), 2);
}

#[tokio::test]
async fn a_member_leaves_and_sees_the_room_no_more() {
    let group = Group::new();
    let Group { app, member, .. } = &group;
    assert_eq!(listed(app, member).await.len(), 1);
    app.live.take();
    group.remove(member, member).await.unwrap();
    let left = LiveCall::MembershipChanged(group.room, vec![member.id()], member.id());
    assert_eq!(app.live.take(), [left]);
    assert_refused!(group.get(member).await, RoomError::RoomNotFound);
    assert_eq!(listed(app, member).await.len(), 0);
    assert_eq!(group.get(&group.owner).await.unwrap().member_count, 2);
}

#[tokio::test]
async fn the_last_owner_neither_leaves_nor_steps_down() {
    let group = Group::new();
    let Group { owner, member, .. } = &group;
    let refused = group.remove(owner, owner).await;
    assert_refused!(refused, RoomError::LastOwner);
    for role in [RoomRole::Member, RoomRole::Moderator] {
        let refused = group.set_role(owner, owner, role).await;
        assert_refused!(refused, RoomError::LastOwner);
    }
    group
        .set_role(owner, member, RoomRole::Owner)
        .await
        .unwrap();
    group.remove(owner, owner).await.unwrap();
    assert_eq!(group.roles()[&member.id()], RoomRole::Owner);
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    for _ in 0..3 {
        let group = Group::new();
        let Group { owner, member, .. } = &group;
        group
            .set_role(owner, member, RoomRole::Owner)
            .await
            .unwrap();
        let (one, other) = tokio::join!(group.remove(owner, owner), group.remove(member, member));
        assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
        let owners = group.roles().into_values();
        assert_eq!(owners.filter(|role| *role == RoomRole::Owner).count(), 1);
    }
}

#[tokio::test]
async fn only_owners_set_roles_and_only_of_members() {
    let group = Group::new();
    let Group {
        owner,
        moderator,
        member,
        stranger,
        ..
    } = &group;
    for by in [moderator, member] {
        let refused = group.set_role(by, member, RoomRole::Moderator).await;
        assert_refused!(refused, RoomError::RoleForbids);
    }
    let absent = group.set_role(owner, stranger, RoomRole::Member).await;
    assert_refused!(absent, RoomError::MemberNotFound);
    for &role in RoomRole::ALL {
        let set = group.set_role(owner, member, role).await.unwrap();
        assert_eq!(set.role, role);
        assert_eq!(group.roles()[&member.id()], role);
    }
}

#[tokio::test]
async fn owners_and_moderators_rename_a_group_and_members_do_not() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    let refused = group.rename(member, "by a member").await;
    assert_refused!(refused, RoomError::RoleForbids);
    for by in [owner, moderator] {
        app.live.take();
        let name = format!("by {}", by.id());
        let room = group.rename(by, &name).await.unwrap();
        assert_eq!(room.name, Some(room_name(&name)));
        let renamed = LiveCall::RoomRenamed(group.room, by.id());
        assert_eq!(app.live.take(), [renamed]);
    }
}

#[tokio::test]
async fn a_rename_of_an_outdated_version_changes_nothing() {
    let group = Group::new();
    let Group { app, owner, .. } = &group;
    let seen = group.get(owner).await.unwrap();
    let expected = || Expected::OneOf(vec![Version::of(seen.last_modified)]);
    app.clock.advance(TimeDelta::seconds(1));
    let first = rename(app, owner, group.room, "first", expected()).await;
    first.unwrap();
    let second = rename(app, owner, group.room, "second", expected()).await;
    assert_refused!(second, RoomError::Changed(_));
    let room = group.get(owner).await.unwrap();
    assert_eq!(room.name, Some(room_name("first")));
}

#[tokio::test]
async fn only_owners_archive_a_group_and_twice_is_once() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    for by in [moderator, member] {
        let refused = group.archive(by).await;
        assert_refused!(refused, RoomError::RoleForbids);
    }
    group.archive(owner).await.unwrap();
    let archived = group.get(owner).await.unwrap();
    assert!(archived.is_read_only());
    app.clock.advance(TimeDelta::seconds(1));
    group.archive(owner).await.unwrap();
    assert_eq!(group.get(owner).await.unwrap(), archived);
}

#[tokio::test]
async fn an_archived_group_is_read_unlisted_and_takes_no_change() {
    let group = Group::new();
    let Group { app, owner, .. } = &group;
    group.archive(owner).await.unwrap();
    assert_eq!(listed(app, owner).await.len(), 0);
    group.get(&group.member).await.unwrap();
    let renamed = group.rename(owner, "another name").await;
    assert_refused!(renamed, RoomError::Archived);
    let added = group.add(owner, &[group.stranger.id()]).await;
    assert_refused!(added, RoomError::Archived);
    let set = group.set_role(owner, &group.member, RoomRole::Owner).await;
    assert_refused!(set, RoomError::Archived);
    // A member may still leave.
    group.remove(&group.member, &group.member).await.unwrap();
}

#[tokio::test]
async fn either_person_archives_a_direct_room_and_asking_reopens_it() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let room = open_direct(&app, &amina, musa.id()).await.unwrap().room;
    for by in [&amina, &musa] {
        let rooms = &app.use_cases.messaging.rooms;
        rooms.archive(by.caller(), room.id).await.unwrap();
        assert_eq!(listed(&app, &amina).await.len(), 0);
        let opened = open_direct(&app, &amina, musa.id()).await.unwrap();
        assert!(!opened.created && !opened.room.is_read_only());
        assert_eq!(opened.room.id, room.id);
        assert_eq!(listed(&app, &musa).await.len(), 1);
    }
}

#[tokio::test]
async fn a_direct_room_keeps_its_members_roles_and_lack_of_name() {
    let app = TestApp::new();
    let [owner, member, stranger, moderator] = [(); 4].map(|()| app.member().create());
    let room = app.database.direct_room(owner.id(), member.id()).id;
    let group = Group {
        app,
        room,
        owner,
        moderator,
        member,
        stranger,
    };
    let Group { owner, member, .. } = &group;
    let renamed = group.rename(owner, "ours").await;
    assert_refused!(renamed, RoomError::DirectRoom);
    let added = group.add(owner, &[group.stranger.id()]).await;
    assert_refused!(added, RoomError::DirectRoom);
    let set = group.set_role(owner, member, RoomRole::Owner).await;
    assert_refused!(set, RoomError::DirectRoom);
    for (by, user) in [(owner, member), (member, member)] {
        let removed = group.remove(by, user).await;
        assert_refused!(removed, RoomError::DirectRoom);
    }
}

#[tokio::test]
async fn a_group_holds_no_more_members_than_allowed() {
    let app = TestApp::new();
    let owner = app.member().create();
    let others: Vec<UserId> = (0..ROOM_LIMITS.max_members)
        .map(|_| app.member().create().id())
        .collect();
    let refused = open_group(&app, &owner, &others).await;
    assert_refused!(refused, RoomError::TooManyMembers);
    let (last, fitting) = others.split_last().unwrap();
    let room = open_group(&app, &owner, fitting).await.unwrap().room;
    assert_eq!(
        u32::try_from(room.member_count),
        Ok(ROOM_LIMITS.max_members)
    );
    let rooms = &app.use_cases.messaging.rooms;
    let refused = rooms
        .add_members(owner.caller(), room.id, vec![*last])
        .await;
    assert_refused!(refused, RoomError::TooManyMembers);
    assert!(app.store(|tx| tx.membership(room.id, *last)).is_none());
}

#[tokio::test]
async fn a_person_is_in_no_more_rooms_than_allowed() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    for _ in 0..ROOM_LIMITS.max_rooms_per_user {
        open_group(&app, &amina, &[]).await.unwrap();
    }
    let full = |user: UserId| user == amina.id();
    let refused = open_group(&app, &amina, &[]).await;
    assert_refused!(refused, RoomError::TooManyRooms(user) if full(user));
    let refused = open_direct(&app, &musa, amina.id()).await;
    assert_refused!(refused, RoomError::TooManyRooms(user) if full(user));
    let room = open_group(&app, &musa, &[]).await.unwrap().room;
    let rooms = &app.use_cases.messaging.rooms;
    let refused = rooms
        .add_members(musa.caller(), room.id, vec![amina.id()])
        .await;
    assert_refused!(refused, RoomError::TooManyRooms(user) if full(user));
    assert_eq!(listed(&app, &musa).await.len(), 1);
}

#[tokio::test]
async fn to_a_stranger_a_room_looks_as_if_it_did_not_exist() {
    let group = Group::new();
    let Group {
        app,
        stranger,
        member,
        ..
    } = &group;
    assert_refused!(group.get(stranger).await, RoomError::RoomNotFound);
    let added = group.add(stranger, &[stranger.id()]).await;
    assert_refused!(added, RoomError::RoomNotFound);
    let removed = group.remove(stranger, member).await;
    assert_refused!(removed, RoomError::RoomNotFound);
    let set = group.set_role(stranger, member, RoomRole::Owner).await;
    assert_refused!(set, RoomError::RoomNotFound);
    let renamed = group.rename(stranger, "mine").await;
    assert_refused!(renamed, RoomError::RoomNotFound);
    assert_refused!(group.archive(stranger).await, RoomError::RoomNotFound);
    let page = ListRequest {
        seek: Seek::START,
        limit: 100,
        count: false,
    };
    let rooms = &app.use_cases.messaging.rooms;
    let members = rooms.members(stranger.caller(), group.room, page).await;
    assert_refused!(members, RoomError::RoomNotFound);
    assert_eq!(app.live.take(), []);
}
