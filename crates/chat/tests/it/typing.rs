use std::time::Duration;

use abu_application::messaging::messages::MessageDraft;
use abu_chat::ChatSettings;
use abu_chat_protocol::{ServerPacket, client::Typing};
use abu_domain::{RoomId, UserId, messaging::text::MessageText};
use uuid::Uuid;

use crate::support::{Chat, Client, caller, unlimited};

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
        for is_typing in [true, true, false] {
            hears_typing(session, room, amina, is_typing).await;
        }
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

#[tokio::test]
async fn a_message_ends_its_senders_typing_however_it_was_sent() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut other = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    hears_typing(&mut other, room, amina, true).await;
    phone.say(room, "from the phone").await;
    hears_typing(&mut other, room, amina, false).await;
    assert_eq!(other.message().await.message, "from the phone");

    phone.message().await;
    phone.send(Typing::new(room.uuid(), true)).await;
    hears_typing(&mut other, room, amina, true).await;
    let draft = MessageDraft {
        room_id: room,
        text: MessageText::parse("from elsewhere").unwrap(),
        client_message_id: Uuid::new_v4(),
        reply_to: None,
    };
    chat.messaging.send(caller(amina), draft).await.unwrap();
    hears_typing(&mut other, room, amina, false).await;
    assert_eq!(other.message().await.message, "from elsewhere");
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn typing_is_not_broadcast_in_rooms_above_the_limit() {
    let chat = Chat::with(ChatSettings {
        typing_room_limit: 2,
        ..unlimited()
    });
    let (amina, bello, chidi) = (chat.user(), chat.user(), chat.user());
    let room = chat.room(&[amina, bello, chidi]).await;
    let mut other = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    phone.send(Typing::new(room.uuid(), true)).await;
    phone.hears_nothing_else(room).await;
    other.message().await;
    chat.rooms
        .remove_member(caller(chidi), room, chidi)
        .await
        .unwrap();
    phone.send(Typing::new(room.uuid(), true)).await;
    hears_typing(&mut other, room, amina, true).await;
}

#[tokio::test]
async fn an_alternating_typist_is_heard_four_times_and_at_last_with_the_last_state() {
    let chat = Chat::with(ChatSettings {
        packets_per_second: 100_000,
        ..ChatSettings::default()
    });
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut other = chat.connect(bello).await;
    let mut phone = chat.connect(amina).await;
    for turn in 0..1_001 {
        let is_typing = turn % 2 == 0;
        phone.send(Typing::new(room.uuid(), is_typing)).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 5 {
        match other.packet().await {
            ServerPacket::TypingNotify(packet) => heard.push(packet.is_typing),
            packet => panic!("{packet:?}"),
        }
    }
    // Each differs from the one before, and the fifth waited for its turn.
    assert_eq!(heard, [true, false, true, false, true]);
    other.hears_nothing_else(room).await;
}
