//! Notifications about rooms: added, removed, renamed, archived.

use abu_application::{
    messaging::rooms::{RoomDraft, RoomPatch},
    platform::{
        lists::{ListRequest, Seek},
        versions::Expected,
    },
};
use abu_chat_protocol::{
    ServerPacket,
    server::{MemberChange, MemberNotify, MemberRole, RoomChange, RoomNotify},
};
use abu_domain::messaging::{room::RoomRole, text::RoomName};
use abu_test_support::caller;

use crate::support::{Chat, Client};

async fn news(client: &mut Client) -> RoomNotify {
    match client.packet().await {
        ServerPacket::RoomNotify(news) => news,
        other => panic!("news of a room were expected, not {other:?}"),
    }
}

async fn member_news(client: &mut Client) -> MemberNotify {
    match client.packet().await {
        ServerPacket::MemberNotify(news) => news,
        other => panic!("news of a member were expected, not {other:?}"),
    }
}

#[tokio::test]
async fn added_and_removed_members_hear_of_it_in_v2_only() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let own = chat.room(&[bello]).await;
    let room = chat.room(&[amina]).await;
    let mut phone = chat.connect_v2(bello).await;
    let mut laptop = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;
    let mut owner = chat.connect_v2(amina).await;

    let added = chat.rooms.add_members(caller(amina), room, vec![bello]);
    added.await.unwrap();
    let expected = RoomNotify::new(room.uuid(), RoomChange::Added)
        .named("Class of 1998")
        .done_by(amina.uuid());
    assert_eq!(news(&mut phone).await, expected);
    assert_eq!(news(&mut laptop).await, expected);
    // Adding a member again changes nothing.
    let added = chat.rooms.add_members(caller(amina), room, vec![bello]);
    added.await.unwrap();
    let entered = MemberNotify::new(room.uuid(), bello.uuid(), MemberChange::Added)
        .in_role(MemberRole::Member)
        .done_by(amina.uuid());
    assert_eq!(member_news(&mut owner).await, entered);
    owner.say(room, "welcome").await;
    for session in [&mut phone, &mut laptop, &mut old, &mut owner] {
        assert_eq!(session.message().await.message, "welcome");
    }

    let removed = chat.rooms.remove_member(caller(amina), room, bello);
    removed.await.unwrap();
    let expected = RoomNotify::new(room.uuid(), RoomChange::Removed).done_by(amina.uuid());
    assert_eq!(news(&mut phone).await, expected);
    assert_eq!(news(&mut laptop).await, expected);
    let gone =
        MemberNotify::new(room.uuid(), bello.uuid(), MemberChange::Removed).done_by(amina.uuid());
    assert_eq!(member_news(&mut owner).await, gone);
    owner.say(room, "without you").await;
    owner.message().await;
    phone.say(own, "alone").await;
    for session in [&mut phone, &mut laptop, &mut old] {
        assert_eq!(session.message().await.message, "alone");
    }
}

#[tokio::test]
async fn members_hear_that_a_group_has_another_name_or_is_archived() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let own = chat.room(&[amina, bello]).await;
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;

    let patch = RoomPatch {
        name: Some(RoomName::parse("Class of 1999").unwrap()),
    };
    let renamed = chat
        .rooms
        .modify(caller(amina), room, patch, Expected::Anything);
    renamed.await.unwrap();
    // A patch of nothing tells nothing.
    let nothing = RoomPatch { name: None };
    let same = chat
        .rooms
        .modify(caller(amina), room, nothing, Expected::Anything);
    same.await.unwrap();
    let expected = RoomNotify::new(room.uuid(), RoomChange::Renamed)
        .named("Class of 1999")
        .done_by(amina.uuid());
    assert_eq!(news(&mut one).await, expected);
    assert_eq!(news(&mut other).await, expected);

    for _ in 0..2 {
        chat.rooms.delete(caller(amina), room).await.unwrap();
    }
    let expected = RoomNotify::new(room.uuid(), RoomChange::Archived).done_by(amina.uuid());
    assert_eq!(news(&mut one).await, expected);
    assert_eq!(news(&mut other).await, expected);
    one.say(own, "that was all").await;
    for session in [&mut one, &mut other, &mut old] {
        assert_eq!(session.message().await.message, "that was all");
    }
}

#[tokio::test]
async fn both_members_hear_of_a_new_direct_room_and_neither_of_its_hiding() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let draft = RoomDraft::Direct { other: bello };
    let open = async || {
        let opened = chat.rooms.open(caller(amina), draft.clone()).await;
        opened.unwrap().room.room.id
    };
    let room = open().await;
    chat.rooms.delete(caller(bello), room).await.unwrap();
    open().await;
    let expected = RoomNotify::new(room.uuid(), RoomChange::Added).done_by(amina.uuid());
    for session in [&mut one, &mut other] {
        assert_eq!(news(session).await, expected);
    }
    one.say(room, "still here?").await;
    assert_eq!(other.message().await.message, "still here?");
}

#[tokio::test]
async fn both_members_hear_of_the_reopening_of_an_archived_direct_room() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.people.direct_room(amina, bello).id;
    let now = chrono::Utc::now();
    let archived = chat
        .people
        .transaction(|tx| tx.set_archived(room, Some(now), now));
    archived.unwrap();
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let draft = RoomDraft::Direct { other: bello };
    chat.rooms.open(caller(amina), draft).await.unwrap();
    let expected = RoomNotify::new(room.uuid(), RoomChange::Reopened).done_by(amina.uuid());
    for session in [&mut one, &mut other] {
        assert_eq!(news(session).await, expected);
    }
}

#[tokio::test]
async fn a_leave_and_the_succession_reach_the_other_members() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let own = chat.room(&[amina]).await;
    let room = chat.room(&[amina, bello]).await;
    let mut leaver = chat.connect_v2(amina).await;
    let mut stays = chat.connect_v2(bello).await;
    let left = chat.rooms.remove_member(caller(amina), room, amina);
    left.await.unwrap();
    let gone =
        MemberNotify::new(room.uuid(), amina.uuid(), MemberChange::Left).done_by(amina.uuid());
    assert_eq!(member_news(&mut stays).await, gone);
    let succeeds = MemberNotify::new(room.uuid(), bello.uuid(), MemberChange::RoleChanged)
        .in_role(MemberRole::Owner)
        .done_by(amina.uuid());
    assert_eq!(member_news(&mut stays).await, succeeds);
    let removed = RoomNotify::new(room.uuid(), RoomChange::Removed).done_by(amina.uuid());
    assert_eq!(news(&mut leaver).await, removed);
    leaver.hears_nothing_else(own).await;
}

#[tokio::test]
async fn all_members_hear_of_a_changed_role_in_v2_only() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;
    let rooms = &chat.rooms;
    let set = rooms.set_role(
        caller(amina),
        room,
        bello,
        RoomRole::Moderator,
        Expected::Anything,
    );
    set.await.unwrap();
    let expected = MemberNotify::new(room.uuid(), bello.uuid(), MemberChange::RoleChanged)
        .in_role(MemberRole::Moderator)
        .done_by(amina.uuid());
    for session in [&mut one, &mut other] {
        assert_eq!(member_news(session).await, expected);
    }
    // The same role again is no news.
    let set = rooms.set_role(
        caller(amina),
        room,
        bello,
        RoomRole::Moderator,
        Expected::Anything,
    );
    set.await.unwrap();
    one.say(room, "congratulations").await;
    for session in [&mut one, &mut other, &mut old] {
        assert_eq!(session.message().await.message, "congratulations");
    }
}

#[tokio::test]
async fn users_added_together_receive_no_notice_of_each_other() {
    let chat = Chat::start();
    let [amina, bello, chidi] = [(); 3].map(|()| chat.user());
    let mut owner = chat.connect_v2(amina).await;
    let mut one = chat.connect_v2(bello).await;
    let mut other = chat.connect_v2(chidi).await;
    let room = chat.room(&[amina]).await;
    assert_eq!(news(&mut owner).await.change, RoomChange::Added);
    let added = chat
        .rooms
        .add_members(caller(amina), room, vec![bello, chidi]);
    added.await.unwrap();
    for _ in 0..2 {
        assert_eq!(member_news(&mut owner).await.change, MemberChange::Added);
    }
    for session in [&mut one, &mut other] {
        assert_eq!(news(session).await.change, RoomChange::Added);
    }
    owner.say(room, "welcome").await;
    for session in [&mut owner, &mut one, &mut other] {
        assert_eq!(session.message().await.message, "welcome");
    }
}

#[tokio::test]
async fn an_invited_user_hears_of_it_and_the_members_of_their_return() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let own = chat.room(&[bello]).await;
    let room = chat.room(&[amina, bello]).await;
    let left = chat.rooms.remove_member(caller(bello), room, bello);
    left.await.unwrap();
    let mut owner = chat.connect_v2(amina).await;
    let mut phone = chat.connect_v2(bello).await;
    let mut laptop = chat.connect_v2(bello).await;
    let mut old = chat.connect(bello).await;
    let invited = chat.rooms.add_members(caller(amina), room, vec![bello]);
    assert_eq!(invited.await.unwrap().invited, [bello]);
    let expected = RoomNotify::new(room.uuid(), RoomChange::Invited)
        .named("Class of 1998")
        .done_by(amina.uuid());
    for session in [&mut phone, &mut laptop] {
        assert_eq!(news(session).await, expected);
    }
    phone.say(own, "shall I?").await;
    for session in [&mut phone, &mut laptop, &mut old] {
        assert_eq!(session.message().await.message, "shall I?");
    }

    let page = ListRequest {
        seek: Seek::START,
        limit: 10,
        count: false,
    };
    let invitations = chat.rooms.invitations(caller(bello), page).await.unwrap();
    let id = invitations.items[0].invitation.id;
    let accepted = chat.rooms.accept_invitation(caller(bello), id);
    accepted.await.unwrap();
    let back = RoomNotify::new(room.uuid(), RoomChange::Added)
        .named("Class of 1998")
        .done_by(bello.uuid());
    for session in [&mut phone, &mut laptop] {
        assert_eq!(news(session).await, back);
    }
    let entered = MemberNotify::new(room.uuid(), bello.uuid(), MemberChange::Added)
        .in_role(MemberRole::Member)
        .done_by(bello.uuid());
    assert_eq!(member_news(&mut owner).await, entered);
}
