//! Rooms: membership, roles in a room, limits, archiving, optimistic concurrency.

use std::collections::BTreeMap;

use abu_application::{
    messaging::{
        messages::MessageDraft,
        ports::{InvitationListing, RoomFilter},
        rooms::{Additions, ListedRoom, RoomDraft, RoomError, RoomOpened, RoomPatch, RoomQuotas},
    },
    platform::{
        lists::{ListRequest, Seek},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    InvitationId, RoomId, UserId,
    messaging::{
        room::{Departure, Invitation, Membership, OwnRoom, RoomKind, RoomRole},
        text::{MessageText, RoomName},
    },
    platform::text::Reason,
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

    async fn get(&self, by: &Member) -> Result<OwnRoom, RoomError> {
        self.app
            .use_cases
            .messaging
            .rooms
            .get(by.caller(), self.room)
            .await
    }

    async fn add(&self, by: &Member, users: &[UserId]) -> Result<Additions, RoomError> {
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

    async fn rename(&self, by: &Member, name: &str) -> Result<OwnRoom, RoomError> {
        rename(&self.app, by, self.room, name, Expected::Anything).await
    }

    async fn leave(&self, member: &Member) -> Result<(), RoomError> {
        self.remove(member, member).await
    }

    /// The member leaves, and the owner invites them back.
    async fn invite_back(&self, member: &Member) -> InvitationId {
        self.leave(member).await.unwrap();
        let additions = self.add(&self.owner, &[member.id()]).await.unwrap();
        assert_eq!(additions.invited, [member.id()]);
        invitations(&self.app, member).await[0].invitation.id
    }

    async fn accept(&self, by: &Member, id: InvitationId) -> Result<OwnRoom, RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms.accept_invitation(by.caller(), id).await
    }

    async fn decline(&self, by: &Member, id: InvitationId) -> Result<(), RoomError> {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms.decline_invitation(by.caller(), id).await
    }

    async fn archive(&self, by: &Member) -> Result<(), RoomError> {
        delete(&self.app, by, self.room).await
    }

    fn owners(&self) -> Vec<UserId> {
        let owners = self.roles().into_iter();
        owners
            .filter(|(_, role)| *role == RoomRole::Owner)
            .map(|(user, _)| user)
            .collect()
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

async fn delete(app: &TestApp, by: &Member, room: RoomId) -> Result<(), RoomError> {
    app.use_cases
        .messaging
        .rooms
        .delete(by.caller(), room)
        .await
}

async fn invitations(app: &TestApp, of: &Member) -> Vec<InvitationListing> {
    let page = ListRequest {
        seek: Seek::START,
        limit: 100,
        count: true,
    };
    let rooms = &app.use_cases.messaging.rooms;
    rooms.invitations(of.caller(), page).await.unwrap().items
}

async fn rename(
    app: &TestApp,
    by: &Member,
    room: RoomId,
    name: &str,
    expected: Expected,
) -> Result<OwnRoom, RoomError> {
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

async fn listed(app: &TestApp, by: &Member) -> Vec<ListedRoom> {
    let page = ListRequest {
        seek: Seek::START,
        limit: 100,
        count: false,
    };
    let rooms = &app.use_cases.messaging.rooms;
    let listed = rooms.list(by.caller(), RoomFilter::default(), page);
    listed.await.unwrap().items
}

#[tokio::test]
async fn a_pair_has_one_direct_room() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let first = open_direct(&app, &amina, musa.id()).await.unwrap();
    assert!(first.created);
    assert_eq!(first.room.room.kind, RoomKind::Direct);
    let again = open_direct(&app, &musa, amina.id()).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.room.room, first.room.room);
    assert_eq!(again.room.other.unwrap().id, amina.id());
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
        assert_eq!(one.room.room.id, other.room.room.id);
        assert_ne!(one.created, other.created);
        assert_eq!(one.room.room.member_count, 2);
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
    assert_eq!(opened.room.room.member_count, 3);
    let role = |user| app.store(|tx| tx.membership(opened.room.room.id, user));
    assert_eq!(role(amina.id()).unwrap().role, RoomRole::Owner);
    for member in [&musa, &hauwa] {
        assert_eq!(role(member.id()).unwrap().role, RoomRole::Member);
    }
    let expected = [musa.id(), hauwa.id(), amina.id()];
    let calls = app.live.take();
    let [LiveCall::MembershipChanged(room, users, by)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!((*room, *by), (opened.room.room.id, amina.id()));
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
    let additions = group.add(&group.moderator, &there).await.unwrap();
    assert_eq!(additions, Additions::default());
    assert_eq!(group.roles(), before);
    assert_eq!(group.get(&group.owner).await.unwrap().room.member_count, 3);
    assert_eq!(group.app.live.take(), []);
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
    assert_eq!(group.get(&group.owner).await.unwrap().room.member_count, 2);
}

#[tokio::test]
async fn the_last_owner_steps_down_only_by_leaving() {
    let group = Group::new();
    let Group { owner, member, .. } = &group;
    for role in [RoomRole::Member, RoomRole::Moderator] {
        let refused = group.set_role(owner, owner, role).await;
        assert_refused!(refused, RoomError::LastOwner);
    }
    group
        .set_role(owner, member, RoomRole::Owner)
        .await
        .unwrap();
    group
        .set_role(owner, owner, RoomRole::Member)
        .await
        .unwrap();
    assert_eq!(group.owners(), [member.id()]);
}

#[tokio::test]
async fn a_last_owner_who_leaves_is_followed_by_the_longest_serving_moderator() {
    let group = Group::new();
    let Group {
        app,
        room,
        owner,
        moderator,
        ..
    } = &group;
    app.clock.advance(TimeDelta::seconds(1));
    let later = app.member().create();
    group.add(owner, &[later.id()]).await.unwrap();
    group
        .set_role(owner, &later, RoomRole::Moderator)
        .await
        .unwrap();
    app.live.take();
    app.clock.advance(TimeDelta::seconds(1));
    group.leave(owner).await.unwrap();
    assert_eq!(group.owners(), [moderator.id()]);
    let left = LiveCall::MembershipChanged(*room, vec![owner.id()], owner.id());
    let passed = LiveCall::RolesChanged(*room, vec![moderator.id()], Some(owner.id()));
    assert_eq!(app.live.take(), [left, passed]);
    let modified = group.get(moderator).await.unwrap().room.last_modified;
    assert_eq!(modified, app.now());
}

#[tokio::test]
async fn without_a_moderator_the_longest_serving_member_follows() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    app.clock.advance(TimeDelta::seconds(1));
    let later = app.member().create();
    group.add(owner, &[later.id()]).await.unwrap();
    group.leave(moderator).await.unwrap();
    group.leave(owner).await.unwrap();
    assert_eq!(group.owners(), [member.id()]);
    assert_eq!(group.roles()[&later.id()], RoomRole::Member);
}

#[tokio::test]
async fn an_owner_who_leaves_another_owner_behind_promotes_no_member() {
    let group = Group::new();
    let Group { owner, member, .. } = &group;
    group
        .set_role(owner, member, RoomRole::Owner)
        .await
        .unwrap();
    group.leave(owner).await.unwrap();
    assert_eq!(group.owners(), [member.id()]);
}

#[tokio::test]
async fn the_last_member_out_archives_the_group() {
    let app = TestApp::new();
    let owner = app.member().create();
    let room = open_group(&app, &owner, &[]).await.unwrap().room;
    let rooms = &app.use_cases.messaging.rooms;
    let left = rooms
        .remove_member(owner.caller(), room.room.id, owner.id())
        .await;
    left.unwrap();
    let room = app.store(|tx| tx.room(room.room.id)).unwrap();
    assert_eq!((room.member_count, room.archived_at), (0, Some(app.now())));
}

#[tokio::test]
async fn a_victim_made_owner_of_an_archived_group_leaves_it() {
    let group = Group::new();
    let Group {
        owner: attacker,
        member: victim,
        moderator,
        ..
    } = &group;
    group.leave(moderator).await.unwrap();
    group
        .set_role(attacker, victim, RoomRole::Owner)
        .await
        .unwrap();
    group.archive(attacker).await.unwrap();
    group.leave(attacker).await.unwrap();
    assert_eq!(group.owners(), [victim.id()]);
    group.leave(victim).await.unwrap();
    assert_refused!(group.get(victim).await, RoomError::RoomNotFound);
    assert!(group.roles().is_empty());
}

#[tokio::test]
async fn two_owners_who_leave_at_once_leave_one_successor() {
    for _ in 0..3 {
        let group = Group::new();
        let Group {
            owner,
            member,
            moderator,
            ..
        } = &group;
        group
            .set_role(owner, member, RoomRole::Owner)
            .await
            .unwrap();
        let (one, other) = tokio::join!(group.leave(owner), group.leave(member));
        one.unwrap();
        other.unwrap();
        assert_eq!(group.owners(), [moderator.id()]);
    }
}

#[tokio::test]
async fn an_owner_leaving_during_a_promotion_leaves_one_owner_at_least() {
    for _ in 0..3 {
        let group = Group::new();
        let Group { owner, member, .. } = &group;
        let (left, _) = tokio::join!(
            group.leave(owner),
            group.set_role(owner, member, RoomRole::Owner)
        );
        left.unwrap();
        assert_eq!(group.owners().len(), 1);
    }
}

/// An administrator who suspends, activates and erases.
fn admin(app: &TestApp) -> Member {
    app.member().superuser().create()
}

async fn suspend(app: &TestApp, user: &Member) {
    let accounts = &app.use_cases.identity.accounts;
    let suspended = accounts.suspend(admin(app).caller(), user.id()).await;
    suspended.unwrap();
}

#[tokio::test]
async fn a_suspended_last_owner_is_followed_by_an_active_member() {
    let group = Group::new();
    let Group {
        app,
        room,
        owner,
        moderator,
        member,
        ..
    } = &group;
    suspend(app, moderator).await;
    app.live.take();
    app.clock.advance(TimeDelta::seconds(1));
    suspend(app, owner).await;
    assert_eq!(group.owners(), [member.id()]);
    assert_eq!(group.roles()[&owner.id()], RoomRole::Member);
    let calls = app.live.take();
    let [
        LiveCall::AccountSuspended(_),
        LiveCall::RolesChanged(of, users, None),
    ] = calls.as_slice()
    else {
        panic!("{calls:?}")
    };
    assert_eq!(of, room);
    assert!(users.contains(&owner.id()) && users.contains(&member.id()));
    let modified = group.get(member).await.unwrap().room.last_modified;
    assert_eq!(modified, app.now());
}

#[tokio::test]
async fn a_scheduled_erasure_passes_on_the_groups_of_the_account() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        ..
    } = &group;
    let accounts = &app.use_cases.identity.accounts;
    let reason = Reason::parse("Asked for it.").unwrap();
    let erased = accounts.schedule_erasure(admin(app).caller(), owner.id(), reason);
    erased.await.unwrap();
    assert_eq!(group.owners(), [moderator.id()]);
}

#[tokio::test]
async fn a_group_without_an_active_member_goes_to_the_first_who_is_activated() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    for user in [member, moderator, owner] {
        suspend(app, user).await;
    }
    assert_eq!(group.owners(), [owner.id()]);
    let accounts = &app.use_cases.identity.accounts;
    let activated = accounts.activate(admin(app).caller(), member.id()).await;
    activated.unwrap();
    assert_eq!(group.owners(), [member.id()]);
}

#[tokio::test]
async fn a_suspended_owner_does_not_count_when_the_other_leaves() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    group
        .set_role(owner, member, RoomRole::Owner)
        .await
        .unwrap();
    suspend(app, member).await;
    assert_eq!(group.owners().len(), 2);
    let refused = group.set_role(owner, owner, RoomRole::Member).await;
    assert_refused!(refused, RoomError::LastOwner);
    group.leave(owner).await.unwrap();
    assert_eq!(group.owners(), [moderator.id()]);
}

#[tokio::test]
async fn a_member_suspended_while_the_owner_leaves_does_not_end_up_owning() {
    for _ in 0..3 {
        let group = Group::new();
        let Group {
            app,
            owner,
            moderator,
            member,
            ..
        } = &group;
        let ((), left) = tokio::join!(suspend(app, moderator), group.leave(owner));
        left.unwrap();
        assert_eq!(group.owners(), [member.id()]);
    }
}

#[tokio::test]
async fn a_user_who_left_is_invited_and_comes_back_by_accepting() {
    let group = Group::new();
    let Group {
        app,
        room,
        owner,
        member,
        ..
    } = &group;
    group.leave(member).await.unwrap();
    app.live.take();
    let newcomer = app.member().create();
    let additions = group.add(owner, &[member.id(), newcomer.id()]).await;
    let expected = Additions {
        added: vec![newcomer.id()],
        invited: vec![member.id()],
    };
    assert_eq!(additions.unwrap(), expected);
    assert!(!group.roles().contains_key(&member.id()));
    let added = LiveCall::MembershipChanged(*room, vec![newcomer.id()], owner.id());
    let invited = LiveCall::UsersInvited(*room, vec![member.id()], owner.id());
    assert_eq!(app.live.take(), [added, invited]);

    let [listing] = &invitations(app, member).await[..] else {
        panic!("one invitation was expected")
    };
    assert_eq!(listing.invitation.room_id, *room);
    assert_eq!(listing.invitation.invited_by, owner.id());
    assert_eq!(listing.member_count, 3);
    let joined = group.accept(member, listing.invitation.id).await.unwrap();
    assert_eq!((joined.room.id, joined.room.member_count), (*room, 4));
    assert_eq!(group.roles()[&member.id()], RoomRole::Member);
    let back = LiveCall::MembershipChanged(*room, vec![member.id()], member.id());
    assert_eq!(app.live.take(), [back]);
    assert!(invitations(app, member).await.is_empty());
    let again = group.accept(member, listing.invitation.id).await;
    assert_refused!(again, RoomError::InvitationNotFound);
}

#[tokio::test]
async fn a_removed_member_is_added_again_without_an_invitation() {
    let group = Group::new();
    let Group { owner, member, .. } = &group;
    let invitation = group.invite_back(member).await;
    group.accept(member, invitation).await.unwrap();
    group.remove(owner, member).await.unwrap();
    let additions = group.add(owner, &[member.id()]).await.unwrap();
    assert_eq!(additions.added, [member.id()]);
}

#[tokio::test]
async fn an_open_invitation_is_not_repeated() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    let invitation = group.invite_back(member).await;
    app.live.take();
    app.clock
        .advance(Invitation::LIFETIME - TimeDelta::seconds(1));
    for by in [owner, moderator] {
        let additions = group.add(by, &[member.id()]).await.unwrap();
        assert_eq!(additions, Additions::default());
    }
    assert_eq!(app.live.take(), []);
    let open = invitations(app, member).await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].invitation.id, invitation);
}

#[tokio::test]
async fn an_invitation_expires_after_thirty_days_and_can_be_renewed() {
    let group = Group::new();
    let Group {
        app, owner, member, ..
    } = &group;
    let invitation = group.invite_back(member).await;
    app.clock.advance(TimeDelta::days(30));
    assert!(invitations(app, member).await.is_empty());
    let late = group.accept(member, invitation).await;
    assert_refused!(late, RoomError::InvitationNotFound);
    let late = group.decline(member, invitation).await;
    assert_refused!(late, RoomError::InvitationNotFound);
    let additions = group.add(owner, &[member.id()]).await.unwrap();
    assert_eq!(additions.invited, [member.id()]);
    let renewed = invitations(app, member).await[0].invitation.id;
    assert_ne!(renewed, invitation);
    group.accept(member, renewed).await.unwrap();
}

#[tokio::test]
async fn a_declined_invitation_is_not_repeated_for_ninety_days() {
    let group = Group::new();
    let Group {
        app,
        owner,
        moderator,
        member,
        ..
    } = &group;
    let invitation = group.invite_back(member).await;
    group.decline(member, invitation).await.unwrap();
    assert!(invitations(app, member).await.is_empty());
    let late = group.accept(member, invitation).await;
    assert_refused!(late, RoomError::InvitationNotFound);
    app.live.take();
    app.clock
        .advance(TimeDelta::days(90) - TimeDelta::seconds(1));
    let additions = group.add(moderator, &[member.id()]).await.unwrap();
    assert_eq!(additions, Additions::default());
    assert_eq!(app.live.take(), []);
    app.clock.advance(TimeDelta::seconds(1));
    let additions = group.add(owner, &[member.id()]).await.unwrap();
    assert_eq!(additions.invited, [member.id()]);
}

#[tokio::test]
async fn only_the_invited_user_answers_an_invitation() {
    let group = Group::new();
    let Group {
        app,
        owner,
        member,
        stranger,
        ..
    } = &group;
    let invitation = group.invite_back(member).await;
    for by in [owner, stranger] {
        let accepted = group.accept(by, invitation).await;
        assert_refused!(accepted, RoomError::InvitationNotFound);
        let declined = group.decline(by, invitation).await;
        assert_refused!(declined, RoomError::InvitationNotFound);
        assert!(invitations(app, by).await.is_empty());
    }
    group.accept(member, invitation).await.unwrap();
}

#[tokio::test]
async fn an_archived_group_takes_back_no_invited_user() {
    let group = Group::new();
    let Group {
        app, owner, member, ..
    } = &group;
    let invitation = group.invite_back(member).await;
    group.archive(owner).await.unwrap();
    assert!(invitations(app, member).await.is_empty());
    let accepted = group.accept(member, invitation).await;
    assert_refused!(accepted, RoomError::InvitationNotFound);
}

#[tokio::test]
async fn an_invited_user_enters_neither_a_full_group_nor_one_room_too_many() {
    let group = Group::new();
    let Group {
        app,
        room,
        owner,
        member,
        ..
    } = &group;
    let invitation = group.invite_back(member).await;
    let own = {
        let mut own = Vec::new();
        for _ in 0..ROOM_LIMITS.max_rooms_per_user {
            own.push(open_group(app, member, &[]).await.unwrap().room.room.id);
        }
        own
    };
    let refused = group.accept(member, invitation).await;
    assert_refused!(refused, RoomError::TooManyRooms);
    delete(app, member, own[0]).await.unwrap();
    let fill = usize::try_from(ROOM_LIMITS.max_members).unwrap() - 2;
    let fill: Vec<UserId> = (0..fill).map(|_| app.member().create().id()).collect();
    group.add(owner, &fill).await.unwrap();
    let refused = group.accept(member, invitation).await;
    assert_refused!(refused, RoomError::TooManyMembers);
    app.store(|tx| tx.remove_member(*room, fill[0], Departure::Removed, app.now()));
    group.accept(member, invitation).await.unwrap();
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
        assert_eq!(room.room.name, Some(room_name(&name)));
        let renamed = LiveCall::RoomRenamed(group.room, by.id());
        assert_eq!(app.live.take(), [renamed]);
    }
}

#[tokio::test]
async fn a_rename_of_an_outdated_version_changes_nothing() {
    let group = Group::new();
    let Group { app, owner, .. } = &group;
    let seen = group.get(owner).await.unwrap();
    let expected = || Expected::OneOf(vec![Version::of(seen.room.last_modified)]);
    app.clock.advance(TimeDelta::seconds(1));
    let first = rename(app, owner, group.room, "first", expected()).await;
    first.unwrap();
    let second = rename(app, owner, group.room, "second", expected()).await;
    assert_refused!(second, RoomError::Changed(_));
    let room = group.get(owner).await.unwrap();
    assert_eq!(room.room.name, Some(room_name("first")));
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
    assert!(archived.room.is_read_only());
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
async fn a_deleted_direct_room_is_hidden_from_the_caller_alone() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let room = open_direct(&app, &amina, musa.id()).await.unwrap().room;
    app.live.take();
    for by in [&amina, &musa] {
        delete(&app, by, room.room.id).await.unwrap();
    }
    assert_eq!(app.live.take(), []);
    let opened = open_direct(&app, &amina, musa.id()).await.unwrap();
    assert!(!opened.created);
    assert_eq!(opened.room, room);
    assert_eq!(listed(&app, &amina).await.len(), 1);
    assert_eq!(listed(&app, &musa).await.len(), 0);
}

#[tokio::test]
async fn a_hidden_direct_room_shows_with_its_next_message() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let room = open_direct(&app, &amina, musa.id())
        .await
        .unwrap()
        .room
        .room
        .id;
    app.database.message(room, musa.id(), "before");
    let rooms = &app.use_cases.messaging.rooms;
    // To leave a direct room is to hide it.
    rooms
        .remove_member(amina.caller(), room, amina.id())
        .await
        .unwrap();
    assert_eq!(listed(&app, &amina).await.len(), 0);
    assert_eq!(rooms.get(amina.caller(), room).await.unwrap().room.id, room);
    app.database.message(room, musa.id(), "after");
    assert_eq!(listed(&app, &amina).await.len(), 1);
}

#[tokio::test]
async fn a_direct_room_that_was_archived_for_both_reopens() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let room = app.database.direct_room(amina.id(), musa.id()).id;
    app.store(|tx| tx.set_archived(room, Some(app.now()), app.now()));
    let opened = open_direct(&app, &amina, musa.id()).await.unwrap();
    assert!(!opened.created && !opened.room.room.is_read_only());
    assert_eq!(listed(&app, &musa).await.len(), 1);
    let reopened = LiveCall::RoomStateChanged(room, amina.id());
    assert_eq!(app.live.take(), [reopened]);
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
    let removed = group.remove(owner, member).await;
    assert_refused!(removed, RoomError::DirectRoom);
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
        u32::try_from(room.room.member_count),
        Ok(ROOM_LIMITS.max_members)
    );
    let rooms = &app.use_cases.messaging.rooms;
    let refused = rooms
        .add_members(owner.caller(), room.room.id, vec![*last])
        .await;
    assert_refused!(refused, RoomError::TooManyMembers);
    assert!(app.store(|tx| tx.membership(room.room.id, *last)).is_none());
}

#[tokio::test]
async fn a_user_has_no_more_rooms_than_allowed() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let mut own = Vec::new();
    for _ in 0..ROOM_LIMITS.max_rooms_per_user {
        own.push(open_group(&app, &amina, &[]).await.unwrap().room.room.id);
    }
    let refused = open_group(&app, &amina, &[]).await;
    assert_refused!(refused, RoomError::TooManyRooms);
    let refused = open_direct(&app, &amina, musa.id()).await;
    assert_refused!(refused, RoomError::TooManyRooms);
    assert_eq!(listed(&app, &musa).await.len(), 0);
    // Archived groups do not count.
    delete(&app, &amina, own[0]).await.unwrap();
    open_direct(&app, &amina, musa.id()).await.unwrap();
}

#[tokio::test]
async fn rooms_that_others_put_a_user_in_use_up_nothing_of_theirs() {
    let app = TestApp::new();
    let victim = app.member().create();
    for _ in 0..=ROOM_LIMITS.max_rooms_per_user {
        let attacker = app.member().create();
        let room = open_group(&app, &attacker, &[victim.id()]).await.unwrap();
        let rooms = &app.use_cases.messaging.rooms;
        let promoted = rooms.set_role(
            attacker.caller(),
            room.room.room.id,
            victim.id(),
            RoomRole::Owner,
            Expected::Anything,
        );
        promoted.await.unwrap();
        open_direct(&app, &attacker, victim.id()).await.unwrap();
    }
    open_group(&app, &victim, &[]).await.unwrap();
    // Nor does a full list of one's own keep others from writing.
    for _ in 1..ROOM_LIMITS.max_rooms_per_user {
        open_group(&app, &victim, &[]).await.unwrap();
    }
    let other = app.member().create();
    open_direct(&app, &other, victim.id()).await.unwrap();
}

#[tokio::test]
async fn a_room_counts_for_a_member_from_their_first_message_on() {
    let app = TestApp::new();
    let (amina, musa) = (app.member().create(), app.member().create());
    let room = open_group(&app, &musa, &[amina.id()])
        .await
        .unwrap()
        .room
        .room
        .id;
    for _ in 1..ROOM_LIMITS.max_rooms_per_user {
        open_group(&app, &amina, &[]).await.unwrap();
    }
    let draft = MessageDraft {
        room_id: room,
        text: MessageText::parse("sannu").unwrap(),
        client_message_id: new_id(),
        reply_to: None,
    };
    let messages = &app.use_cases.messaging.messages;
    messages.send(amina.caller(), draft).await.unwrap();
    // Its mark is stored behind the message's.
    let read = messages.mark_read(amina.caller(), room, 1, Expected::Anything);
    read.await.unwrap();
    let refused = open_group(&app, &amina, &[]).await;
    assert_refused!(refused, RoomError::TooManyRooms);
}

fn with_quotas(rooms: u32, people: u32) -> TestApp {
    TestApp::with(|policies| {
        policies.messaging.rooms.quotas = Some(RoomQuotas { rooms, people });
    })
}

/// Asserts that a quota refuses this, and returns when it next allows it.
fn quota_of<T: std::fmt::Debug>(refused: Result<T, RoomError>) -> TimeDelta {
    match refused {
        Err(RoomError::QuotaUsedUp { retry_after }) => retry_after,
        other => panic!("a quota was to refuse it: {other:?}"),
    }
}

#[tokio::test]
async fn a_user_makes_no_more_rooms_a_day_than_the_quota() {
    let app = with_quotas(2, 100);
    let (amina, musa) = (app.member().create(), app.member().create());
    let first = open_group(&app, &amina, &[]).await.unwrap().room.room.id;
    app.clock.advance(TimeDelta::hours(1));
    open_direct(&app, &amina, musa.id()).await.unwrap();
    // Archived rooms count.
    delete(&app, &amina, first).await.unwrap();
    for _ in 0..2 {
        let wait = quota_of(open_group(&app, &amina, &[]).await);
        assert_eq!(wait, TimeDelta::hours(23));
    }
    assert!(!open_direct(&app, &amina, musa.id()).await.unwrap().created);
    open_group(&app, &musa, &[]).await.unwrap();
    app.clock.advance(TimeDelta::hours(23));
    open_group(&app, &amina, &[]).await.unwrap();
    quota_of(open_group(&app, &amina, &[]).await);
}

#[tokio::test]
async fn a_user_brings_no_more_people_into_rooms_a_day_than_the_quota() {
    let app = with_quotas(100, 4);
    let [amina, musa, hauwa, chidi, bola] = [(); 5].map(|()| app.member().create());
    let opened = open_group(&app, &amina, &[musa.id(), hauwa.id()]).await;
    let room = opened.unwrap().room.room.id;
    app.clock.advance(TimeDelta::hours(1));
    open_direct(&app, &amina, musa.id()).await.unwrap();
    let rooms = &app.use_cases.messaging.rooms;
    let add = async |user: &Member| {
        let users = vec![user.id()];
        rooms.add_members(amina.caller(), room, users).await
    };
    let remove = async |user: &Member, by: &Member| {
        let removed = rooms.remove_member(by.caller(), room, user.id()).await;
        removed.unwrap();
    };
    // Members do not count.
    add(&musa).await.unwrap();
    // Who is removed again counts.
    add(&chidi).await.unwrap();
    remove(&chidi, &amina).await;
    let wait = quota_of(add(&bola).await);
    assert_eq!(wait, TimeDelta::hours(23));
    // An invitation counts too.
    remove(&hauwa, &hauwa).await;
    quota_of(add(&hauwa).await);
    quota_of(open_group(&app, &amina, &[bola.id()]).await);
    quota_of(open_direct(&app, &amina, bola.id()).await);
    assert!(app.store(|tx| tx.membership(room, bola.id())).is_none());
    app.clock.advance(TimeDelta::hours(23));
    assert_eq!(add(&hauwa).await.unwrap().invited, [hauwa.id()]);
    add(&bola).await.unwrap();
    quota_of(add(&chidi).await);
}

#[tokio::test]
async fn more_people_than_the_quota_enter_no_room_at_once() {
    let app = with_quotas(100, 2);
    let owner = app.member().create();
    let others = [(); 3].map(|()| app.member().create().id());
    // No wait helps, so none is named.
    let refused = open_group(&app, &owner, &others).await;
    assert_refused!(refused, RoomError::TooManyPeople { most: 2 });
    let room = open_group(&app, &owner, &[]).await.unwrap().room.room.id;
    let rooms = &app.use_cases.messaging.rooms;
    let refused = rooms.add_members(owner.caller(), room, others.to_vec());
    assert_refused!(refused.await, RoomError::TooManyPeople { most: 2 });
    open_group(&app, &owner, &others[1..]).await.unwrap();
}

#[tokio::test]
async fn simultaneous_requests_do_not_exceed_a_quota() {
    let app = with_quotas(100, 3);
    let amina = app.member().create();
    let others = [(); 6].map(|()| app.member().create().id());
    let opens = others.map(|other| {
        let (app, amina) = (&app, &amina);
        async move { open_direct(app, amina, other).await.is_ok() }
    });
    let [one, two, three, four, five, six] = opens;
    let opened = tokio::join!(one, two, three, four, five, six);
    let opened: [bool; 6] = opened.into();
    assert_eq!(opened.iter().filter(|opened| **opened).count(), 3);
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
