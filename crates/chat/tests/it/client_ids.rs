//! Idempotency keys of messages: unique for a sender in a room, and shown to the sender alone.

use abu_chat_protocol::{
    ServerPacket,
    client::{ListMessageRequest, MessageSend, RoomPosition, SyncRequest},
    server::{ErrorCode, MessageReceive},
};
use abu_domain::RoomId;
use uuid::Uuid;

use crate::support::{Chat, Client};

async fn answer(client: &mut Client, room: RoomId, text: &str, id: Uuid) -> ServerPacket {
    let message = MessageSend::new(room.uuid(), text).with_client_message_id(id);
    client.ask("send", message).await;
    client.answer("send").await
}

async fn sent(client: &mut Client, room: RoomId, text: &str, id: Uuid) -> MessageReceive {
    match answer(client, room, text, id).await {
        ServerPacket::MessageReceive(message) => message,
        other => panic!("a message was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn the_same_id_again_is_the_stored_message_a_conflict_or_another_room() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let elsewhere = chat.room(&[amina, bello]).await;
    let mut phone = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let id = Uuid::new_v4();
    let first = sent(&mut phone, room, "once", id).await;
    assert_eq!(sent(&mut phone, room, "once", id).await, first);
    match answer(&mut phone, room, "another text", id).await {
        ServerPacket::Error(error) => {
            assert_eq!(error.code, ErrorCode::Conflict);
            assert_eq!(error.room_id.unwrap().to_uuid(), Some(room.uuid()));
        }
        packet => panic!("{packet:?}"),
    }
    let there = sent(&mut phone, elsewhere, "another text", id).await;
    assert_eq!(there.message, "another text");
    assert_eq!(other.message().await.message, "once");
    assert_eq!(other.message().await.message, "another text");
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn only_the_senders_own_sessions_see_the_id() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut phone = chat.connect_v2(amina).await;
    let mut laptop = chat.connect_v2(amina).await;
    let mut old = chat.connect(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let id = Uuid::new_v4();
    let own = sent(&mut phone, room, "hello", id).await;
    assert_eq!(own.client_message_id, Some(id));
    assert_eq!(laptop.message().await, own);
    assert_eq!(old.message().await.client_message_id, None);
    let shown = other.message().await;
    assert_eq!(shown.client_message_id, None);
    assert_eq!((shown.seq, &shown.message), (own.seq, &own.message));
    for (session, expected) in [(&mut laptop, Some(id)), (&mut other, None)] {
        let page = session.history(ListMessageRequest::new(room.uuid())).await;
        assert_eq!(page.messages[0].client_message_id, expected);
        let position = RoomPosition::new(room.uuid(), 0);
        session
            .ask("missed", SyncRequest::new(vec![position]))
            .await;
        match session.answer("missed").await {
            ServerPacket::SyncResponse(missed) => {
                assert_eq!(missed.rooms[0].messages[0].client_message_id, expected);
            }
            packet => panic!("{packet:?}"),
        }
    }
}
