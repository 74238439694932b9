use std::time::Duration;

use abu_chat::ChatSettings;
use abu_chat_protocol::{ServerPacket, client::Typing};
use abu_domain::{RoomId, UserId};

use crate::support::{Chat, Client, unlimited};

async fn hears_typing(client: &mut Client, room: RoomId, user: UserId, is_typing: bool) {
    match client.packet().await {
        ServerPacket::TypingNotify(packet) => {
            assert_eq!(packet.room_id.to_uuid(), Some(room.uuid()));
            assert_eq!(packet.participant_id.to_uuid(), Some(user.uuid()));
            assert_eq!(packet.is_typing, is_typing);
        }
        other => panic!("typing was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn typing_reaches_the_room_and_the_typists_other_devices() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut phone = chat.connect(amina).await;
    let mut laptop = chat.connect(amina).await;
    let mut other = chat.connect(bello).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    phone.send(Typing::new(room.uuid(), false)).await;
    for session in [&mut laptop, &mut other] {
        hears_typing(session, room, amina, true).await;
        hears_typing(session, room, amina, false).await;
    }
    phone.hears_nothing_else(room).await;
}

#[tokio::test]
async fn a_leave_while_typing_broadcasts_the_stop_first() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut other = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    phone.join().await;
    phone.send(Typing::new(room.uuid(), true)).await;
    assert!(matches!(
        other.packet().await,
        ServerPacket::ChatJoinNotify(_)
    ));
    hears_typing(&mut other, room, amina, true).await;
    drop(phone);
    hears_typing(&mut other, room, amina, false).await;
    assert!(matches!(other.packet().await, ServerPacket::ChatLeave(_)));
}

#[tokio::test]
async fn who_falls_silent_is_heard_to_stop() {
    let chat = Chat::with(ChatSettings {
        typing_timeout: Duration::from_millis(300),
        ..unlimited()
    });
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut other = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    hears_typing(&mut other, room, amina, true).await;
    hears_typing(&mut other, room, amina, false).await;
}
