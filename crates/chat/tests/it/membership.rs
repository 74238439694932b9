use std::sync::Arc;

use abu_application::messaging::events::Event;
use abu_chat_protocol::{
    ClientPacket, RoomId as WireRoomId, ServerPacket,
    client::{ListMessageRequest, MessageSend, PresenceRequest, RoomPosition, SyncRequest},
    server::{ErrorCode, RoomChange},
};

use abu_domain::{RoomId, UserId};

use crate::support::{Chat, Client, Hold, StoppableStore, caller, unlimited};

#[tokio::test]
async fn removed_members_hear_nothing_and_new_ones_hear_everything_since() {
    let chat = Chat::start();
    let (amina, bello, chidi) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let own = [chat.room(&[bello]).await, chat.room(&[chidi]).await];
    let mut owner = chat.connect(amina).await;
    let mut leaver = chat.connect(bello).await;
    let mut newcomer = chat.connect(chidi).await;

    chat.rooms
        .remove_member(caller(amina), room, bello)
        .await
        .unwrap();
    owner.say(room, "without Bello").await;
    owner.message().await;
    leaver.say(room, "still here?").await;
    assert_eq!(leaver.error().await.code, ErrorCode::NotAMember);
    leaver.hears_nothing_else(own[0]).await;
    newcomer.hears_nothing_else(own[1]).await;

    chat.rooms
        .add_members(caller(amina), room, vec![chidi])
        .await
        .unwrap();
    newcomer.say(room, "hello").await;
    assert_eq!(newcomer.message().await.message, "hello");
    assert_eq!(owner.message().await.message, "hello");
}

#[tokio::test]
async fn a_new_room_is_live_for_its_members_at_once() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut one = chat.connect(amina).await;
    let mut other = chat.connect(bello).await;
    let room = chat.room(&[amina, bello]).await;
    one.say(room, "first").await;
    assert_eq!(one.message().await.message, "first");
    assert_eq!(other.message().await.message, "first");
}

#[tokio::test]
async fn an_archived_direct_room_reopens_on_request() {
    use abu_application::messaging::rooms::RoomDraft;
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.people.direct_room(amina, bello).id;
    let now = chrono::Utc::now();
    let archived = chat
        .people
        .transaction(|tx| tx.set_archived(room, Some(now), now));
    archived.unwrap();
    let mut one = chat.connect(amina).await;
    one.say(room, "hello?").await;
    assert_eq!(one.error().await.code, ErrorCode::ReadOnlyRoom);
    let draft = RoomDraft::Direct { other: bello };
    let again = chat.rooms.open(caller(amina), draft).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.room.room.id, room);
    one.hears_nothing_else(room).await;
}

async fn hears_of_the_room(client: &mut Client, change: RoomChange) {
    match client.packet().await {
        ServerPacket::RoomNotify(news) => assert_eq!(news.change, change),
        other => panic!("news of the room were expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_read_in_progress_is_not_shown_to_a_removed_member() {
    let people = abu_test_support::TestDatabase::new();
    let store = Arc::new(StoppableStore::on(people.store()));
    let chat = Chat::on(people, store.clone(), unlimited());
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    chat.people.message(room, amina, "for members");
    let mut leaver = chat.connect_v2(bello).await;
    let position = RoomPosition::new(room.uuid(), 0);
    let requests: [ClientPacket; 3] = [
        ListMessageRequest::new(room.uuid()).into(),
        PresenceRequest::new(room.uuid()).into(),
        SyncRequest::new(vec![position]).into(),
    ];
    for request in requests {
        let held = store.stop_after_next(Hold::Read);
        leaver.ask("late", request).await;
        let held = held.reached().await;
        let removed = chat.rooms.remove_member(caller(amina), room, bello);
        removed.await.unwrap();
        drop(held);
        hears_of_the_room(&mut leaver, RoomChange::Removed).await;
        match leaver.answer("late").await {
            ServerPacket::Error(error) => assert_eq!(error.code, ErrorCode::NotAMember),
            ServerPacket::SyncResponse(response) => {
                assert!(response.rooms.is_empty());
                assert_eq!(response.not_a_member, [WireRoomId::from(room.uuid())]);
            }
            other => panic!("{other:?}"),
        }
        let added = chat.rooms.add_members(caller(amina), room, vec![bello]);
        added.await.unwrap();
        hears_of_the_room(&mut leaver, RoomChange::Added).await;
    }
}

#[tokio::test]
async fn a_removed_sender_still_hears_that_their_message_is_stored() {
    let people = abu_test_support::TestDatabase::new();
    let store = Arc::new(StoppableStore::on(people.store()));
    let chat = Chat::on(people, store.clone(), unlimited());
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut owner = chat.connect_v2(amina).await;
    let mut leaver = chat.connect_v2(bello).await;
    let held = store.stop_after_next(Hold::Transaction);
    let last_words = MessageSend::new(room.uuid(), "last words");
    leaver.ask("mine", last_words).await;
    let held = held.reached().await;
    let removed = chat.rooms.remove_member(caller(amina), room, bello);
    removed.await.unwrap();
    drop(held);
    hears_of_the_room(&mut leaver, RoomChange::Removed).await;
    let answer = leaver.answer("mine").await;
    let packet = owner.packet().await;
    assert!(
        matches!(packet, ServerPacket::MemberNotify(_)),
        "{packet:?}"
    );
    assert_eq!(ServerPacket::from(owner.message().await), answer);
}

/// Suspends or activates the account, as the office does.
async fn set_active(chat: &Chat, user: UserId, is_active: bool) {
    chat.people.execute(&format!(
        "UPDATE users SET is_active = {is_active} WHERE id = '{user}'"
    ));
    let events = chat.events();
    let applied =
        tokio::task::spawn_blocking(move || events.publish(Event::StandingChanged { user }));
    applied.await.unwrap().await;
}

async fn is_blocked(client: &mut Client, room: RoomId) -> bool {
    client
        .ask("said", MessageSend::new(room.uuid(), "hello?"))
        .await;
    match client.answer("said").await {
        ServerPacket::Error(error) => {
            assert_eq!(error.code, ErrorCode::Blocked);
            true
        }
        ServerPacket::MessageReceive(_) => false,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_direct_room_is_blocked_while_its_other_person_is_suspended() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let direct = chat.people.direct_room(amina, bello).id;
    let group = chat.people.group(amina).member(bello).create().id;
    let mut client = chat.connect_v2(amina).await;
    assert!(!is_blocked(&mut client, direct).await);
    for is_active in [false, true, false] {
        set_active(&chat, bello, is_active).await;
        assert_eq!(is_blocked(&mut client, direct).await, !is_active);
        assert!(!is_blocked(&mut client, group).await);
        let mut later = chat.connect_v2(amina).await;
        assert_eq!(is_blocked(&mut later, direct).await, !is_active);
        drop(later);
        // What the other session said, if anything.
        if is_active {
            client.message().await;
        }
    }
}
