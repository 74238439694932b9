//! Notifications about rooms: added, removed, renamed, archived.

use abu_application::{
    messaging::rooms::{RoomDraft, RoomPatch},
    platform::versions::Expected,
};
use abu_chat_protocol::{
    ServerPacket,
    server::{RoomChange, RoomNotify},
};
use abu_domain::messaging::text::RoomName;
use abu_test_support::caller;

use crate::support::{Chat, Client};

async fn news(client: &mut Client) -> RoomNotify {
    match client.packet().await {
        ServerPacket::RoomNotify(news) => news,
        other => panic!("news of a room were expected, not {other:?}"),
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
    owner.say(room, "welcome").await;
    for session in [&mut phone, &mut laptop, &mut old, &mut owner] {
        assert_eq!(session.message().await.message, "welcome");
    }

    let removed = chat.rooms.remove_member(caller(amina), room, bello);
    removed.await.unwrap();
    let expected = RoomNotify::new(room.uuid(), RoomChange::Removed).done_by(amina.uuid());
    assert_eq!(news(&mut phone).await, expected);
    assert_eq!(news(&mut laptop).await, expected);
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
        chat.rooms.archive(caller(amina), room).await.unwrap();
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
async fn both_members_hear_of_a_direct_room_and_its_reopening() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut one = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let draft = RoomDraft::Direct { other: bello };
    let open = async || {
        chat.rooms
            .open(caller(amina), draft.clone())
            .await
            .unwrap()
            .room
            .id
    };
    let room = open().await;
    open().await;
    chat.rooms.archive(caller(bello), room).await.unwrap();
    open().await;
    for session in [&mut one, &mut other] {
        for (change, by) in [
            (RoomChange::Added, amina),
            (RoomChange::Archived, bello),
            (RoomChange::Reopened, amina),
        ] {
            let expected = RoomNotify::new(room.uuid(), change).done_by(by.uuid());
            assert_eq!(news(session).await, expected);
        }
    }
    one.hears_nothing_else(room).await;
}
