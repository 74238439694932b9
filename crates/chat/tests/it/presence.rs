use abu_chat_protocol::ServerPacket;
use abu_domain::UserId;

use crate::support::{Chat, Client};

async fn hears_join_of(client: &mut Client, user: UserId) {
    match client.packet().await {
        ServerPacket::ChatJoinNotify(packet) => {
            assert_eq!(packet.participant_id.to_uuid(), Some(user.uuid()));
        }
        other => panic!("a join was expected, not {other:?}"),
    }
}

async fn hears_leave_of(client: &mut Client, user: UserId) {
    match client.packet().await {
        ServerPacket::ChatLeave(packet) => {
            assert_eq!(packet.participant_id.to_uuid(), Some(user.uuid()));
        }
        other => panic!("a leave was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn who_shares_several_rooms_hears_of_a_join_and_a_leave_once() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let mut room = chat.room(&[amina, bello]).await;
    for _ in 0..4 {
        room = chat.room(&[bello, amina]).await;
    }
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    joining.join().await;
    hears_join_of(&mut watching, amina).await;
    joining.hears_nothing_else(room).await;
    assert_eq!(
        watching.message().await.sender_id.to_uuid(),
        Some(amina.uuid())
    );
    joining.leave().await;
    hears_leave_of(&mut watching, amina).await;
    watching.hears_nothing_else(room).await;
}

#[tokio::test]
async fn only_the_first_session_to_join_and_the_last_to_leave_are_told_of() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    let mut laptop = chat.connect(amina).await;
    phone.join().await;
    phone.join().await;
    laptop.join().await;
    hears_join_of(&mut watching, amina).await;
    phone.leave().await;
    laptop.hears_nothing_else(room).await;
    watching.message().await;
    drop(laptop);
    hears_leave_of(&mut watching, amina).await;
}

#[tokio::test]
async fn who_never_joined_leaves_unnoticed() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut ghost = chat.connect(amina).await;
    ghost.hears_nothing_else(room).await;
    watching.message().await;
    ghost.leave().await;
    watching.hears_nothing_else(room).await;
}

#[tokio::test]
async fn people_without_a_common_room_do_not_hear_of_each_other() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    chat.room(&[amina]).await;
    let elsewhere = chat.room(&[bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    joining.join().await;
    let own = chat.room(&[amina]).await;
    joining.hears_nothing_else(own).await;
    watching.hears_nothing_else(elsewhere).await;
}

#[tokio::test]
async fn the_rest_of_the_platform_sees_who_is_there() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    chat.room(&[amina, bello]).await;
    let mut watching = chat.connect(bello).await;
    let mut joining = chat.connect(amina).await;
    assert_eq!(chat.live().online(&[amina, bello]), [false, false]);
    joining.join().await;
    hears_join_of(&mut watching, amina).await;
    assert_eq!(chat.live().online(&[amina, bello]), [true, false]);
    joining.leave().await;
    hears_leave_of(&mut watching, amina).await;
    assert_eq!(chat.live().online(&[amina]), [false]);
}
