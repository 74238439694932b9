//! Differences between the profiles v1 and v2.

use abu_chat::ChatSettings;
use abu_chat_protocol::{
    ServerPacket,
    client::{ListMessageRequest, MessageSend, Typing},
    server::{ErrorCode, MessageReceive},
};
use abu_domain::RoomId;
use uuid::Uuid;

use crate::support::{Chat, Client, HOUR, unlimited};

/// The next packet, which answers the request of this name with a message.
async fn answering_message(client: &mut Client, name: &str) -> MessageReceive {
    match client.answer(name).await {
        ServerPacket::MessageReceive(message) => message,
        other => panic!("a message was expected, not {other:?}"),
    }
}

async fn answering_error(client: &mut Client, name: &str) -> ErrorCode {
    match client.answer(name).await {
        ServerPacket::Error(error) => error.code,
        other => panic!("an error was expected, not {other:?}"),
    }
}

fn hello(room: RoomId) -> MessageSend {
    MessageSend::new(room.uuid(), "hello")
}

#[tokio::test]
async fn a_session_is_welcomed_with_what_it_must_know() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let (mut one, welcome) = chat.connect_v2_for(amina, HOUR).await;
    assert_eq!(welcome.user_id.to_uuid(), Some(amina.uuid()));
    let settings = unlimited();
    assert_eq!(
        welcome.heartbeat.idle_timeout_ms,
        settings.idle_timeout.as_millis() as u64
    );
    assert_eq!(
        welcome.limits.max_frame_bytes,
        settings.max_frame_bytes as u64
    );
    assert_eq!(welcome.limits.max_message_characters, 4_000);
    assert_eq!(welcome.limits.edit_window_ms, 15 * 60 * 1_000);
    assert_eq!(welcome.limits.messages_per_second, None);
    let lifetime = welcome.token_expires_at - welcome.server_time;
    assert!(lifetime.to_std().unwrap() <= HOUR);
    let (_other, again) = chat.connect_v2_for(amina, HOUR).await;
    assert_ne!(again.session_id, welcome.session_id);
    one.hears_nothing_else(room).await;
}

#[tokio::test]
async fn a_welcome_tells_the_limits_of_speed_where_there_are_any() {
    let chat = Chat::with(ChatSettings {
        messages_per_second: 7,
        ..ChatSettings::default()
    });
    let (_client, welcome) = chat.connect_v2_for(chat.user(), HOUR).await;
    assert_eq!(welcome.limits.messages_per_second, Some(7));
    assert_eq!(welcome.limits.messages_per_minute, Some(120));
    assert_eq!(welcome.limits.packets_per_second, Some(50));
    assert_eq!(welcome.limits.message_bytes_at_once, Some(64 * 1024));
    assert_eq!(welcome.limits.message_bytes_per_minute, Some(256 * 1024));
}

#[tokio::test]
async fn a_message_has_id_and_seq_in_v2_only() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut new = chat.connect_v2(amina).await;
    let mut old = chat.connect(bello).await;
    new.send(hello(room)).await;
    let first = new.message().await;
    assert_eq!(first.seq.unwrap().get(), 1);
    let reply = hello(room).in_reply_to(first.message_id.clone().unwrap());
    new.send(reply).await;
    let second = new.message().await;
    assert_eq!(second.seq.unwrap().get(), 2);
    assert_eq!(second.reply_to, first.message_id);

    for _ in 0..2 {
        let frame = old.frame().await;
        let packet: serde_json::Value = serde_json::from_str(frame.to_text().unwrap()).unwrap();
        let mut fields: Vec<_> = packet["payload"].as_object().unwrap().keys().collect();
        fields.sort_unstable();
        assert_eq!(fields, ["message", "room_id", "sender_id", "timestamp"]);
    }
    let page = new.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.messages, [second, first]);
}

#[tokio::test]
async fn the_ref_of_a_request_is_in_its_answer_only() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut phone = chat.connect_v2(amina).await;
    let mut laptop = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;

    phone.ask("my 1st", hello(room)).await;
    let answer = answering_message(&mut phone, "my 1st").await;
    assert_eq!(laptop.message().await, answer);
    assert_eq!(other.message().await, answer);

    phone.ask("", ListMessageRequest::new(room.uuid())).await;
    assert!(matches!(
        phone.answer("").await,
        ServerPacket::ListMessageResponse(_)
    ));
    let nowhere = RoomId::new(Uuid::new_v4());
    for (name, packet) in [
        ("a", hello(nowhere)),
        ("b", MessageSend::new(room.uuid(), " ")),
    ] {
        phone.ask(name, packet).await;
        answering_error(&mut phone, name).await;
    }
    phone.send_text(r#"{"type": "no-such", "ref": "c"}"#).await;
    let unknown = answering_error(&mut phone, "c").await;
    assert_eq!(unknown, ErrorCode::UnknownType);
    phone.ask("d", Typing::new(nowhere.uuid(), true)).await;
    let stranger = answering_error(&mut phone, "d").await;
    assert_eq!(stranger, ErrorCode::NotAMember);
    phone.hears_nothing_else(room).await;
}

#[tokio::test]
async fn to_a_v1_session_a_ref_is_a_field_like_any_other() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut old = chat.connect(amina).await;
    old.ask("mine", hello(room).with_client_message_id(Uuid::new_v4()))
        .await;
    assert_eq!(old.message().await.message, "hello");
    old.send_text(r#"{"type": "no-such", "ref": "mine", "payload": {}}"#)
        .await;
    assert_eq!(old.error().await.code, ErrorCode::UnknownType);
}

#[tokio::test]
async fn a_resent_message_is_answered_to_its_sender_only() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut phone = chat.connect_v2(amina).await;
    let mut laptop = chat.connect_v2(amina).await;
    let mut other = chat.connect_v2(bello).await;
    let message = hello(room).with_client_message_id(Uuid::new_v4());

    phone.ask("1", message.clone()).await;
    let first = answering_message(&mut phone, "1").await;
    assert_eq!(laptop.message().await, first);
    let mut shown = first.clone();
    shown.client_message_id = None;
    assert_eq!(other.message().await, shown);
    phone.ask("2", message.clone()).await;
    assert_eq!(answering_message(&mut phone, "2").await, first);
    // From another device, and without a name for the request.
    laptop.send(message.clone()).await;
    assert_eq!(laptop.message().await, first);

    phone.hears_nothing_else(room).await;
    laptop.message().await;
    assert_ne!(other.message().await.message, "hello", "it came once");

    // Client message ids are scoped to the sender; another user may use the same.
    other.ask("3", message).await;
    let theirs = answering_message(&mut other, "3").await;
    assert_ne!(theirs.message_id, first.message_id);
}

#[tokio::test]
async fn a_message_answers_one_of_its_own_room_only() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let elsewhere = chat.room(&[amina]).await;
    let mut session = chat.connect_v2(amina).await;
    session.send(hello(elsewhere)).await;
    let foreign = session.message().await.message_id.unwrap();
    let unknown = Uuid::now_v7().into();
    for (name, id) in [("a", foreign), ("b", unknown), ("c", "message123".into())] {
        session.ask(name, hello(room).in_reply_to(id)).await;
        let code = answering_error(&mut session, name).await;
        assert_eq!(code, ErrorCode::NotFound, "{name}");
    }
    session.hears_nothing_else(room).await;
}

#[tokio::test]
async fn every_session_of_either_profile_sees_one_order() {
    const EACH: usize = 20;
    let chat = Chat::start();
    let users: Vec<_> = (0..6).map(|_| chat.user()).collect();
    let room = chat.room(&users).await;
    let mut clients = Vec::new();
    for (n, user) in users.iter().enumerate() {
        clients.push(match n % 2 {
            0 => chat.connect_v2(*user).await,
            _ => chat.connect(*user).await,
        });
    }
    let mut tasks = Vec::new();
    for (n, mut client) in clients.into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            for k in 0..EACH {
                client.say(room, &format!("{n} {k}")).await;
            }
            let mut seen = Vec::new();
            for _ in 0..6 * EACH {
                let message = client.message().await;
                let place = message.seq.map(|seq| seq.get() as usize);
                assert!(place.is_none_or(|place| place == seen.len() + 1));
                seen.push(message.message);
            }
            seen
        }));
    }
    let first = tasks.remove(0).await.unwrap();
    for task in tasks {
        assert_eq!(task.await.unwrap(), first);
    }
}
