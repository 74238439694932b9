use abu_chat_protocol::server::ErrorCode;

use crate::support::{Chat, caller};

#[tokio::test]
async fn a_removed_member_gets_nothing_more_and_a_new_one_gets_everything_from_then_on() {
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
async fn a_direct_room_that_was_archived_is_live_again_when_it_is_asked_for() {
    use abu_application::rooms::RoomDraft;
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut one = chat.connect(amina).await;
    let draft = RoomDraft::Direct { other: bello };
    let room = chat
        .rooms
        .open(caller(amina), draft.clone())
        .await
        .unwrap()
        .room
        .id;
    chat.rooms.archive(caller(bello), room).await.unwrap();
    one.say(room, "hello?").await;
    assert_eq!(one.error().await.code, ErrorCode::ReadOnlyRoom);
    let again = chat.rooms.open(caller(amina), draft).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.room.id, room);
    one.hears_nothing_else(room).await;
}
