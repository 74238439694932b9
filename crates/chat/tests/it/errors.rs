use abu_chat::ChatSettings;
use abu_chat_protocol::{
    client::{ListMessageRequest, MessageSend, Typing},
    server::ErrorCode,
};

use crate::support::{Chat, caller, unlimited};

#[tokio::test]
async fn each_mistake_is_answered_with_its_code_and_the_session_lives_on() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina]).await;
    let others = chat.room(&[bello]).await;
    let mut session = chat.connect(amina).await;
    for (frame, code, request_type) in [
        ("{", ErrorCode::MalformedPacket, None),
        ("[]", ErrorCode::MalformedPacket, None),
        (r#"{"payload": {}}"#, ErrorCode::MalformedPacket, None),
        (
            r#"{"type": "typing"}"#,
            ErrorCode::MalformedPacket,
            Some("typing"),
        ),
        (
            r#"{"type": "shout", "payload": {}}"#,
            ErrorCode::UnknownType,
            Some("shout"),
        ),
        (
            r#"{"type": "chat-join", "payload": {"notice": "hi"}}"#,
            ErrorCode::InvalidPayload,
            Some("chat-join"),
        ),
        (
            r#"{"type": "message-send", "payload": {"message": "x"}}"#,
            ErrorCode::InvalidPayload,
            Some("message-send"),
        ),
    ] {
        session.send_text(frame).await;
        let error = session.error().await;
        assert_eq!(error.code, code, "{frame}");
        assert_eq!(error.request_type.as_deref(), request_type, "{frame}");
    }
    for missing in [others.uuid(), uuid::Uuid::new_v4()] {
        session.send(MessageSend::new(missing, "hi")).await;
        assert_eq!(session.error().await.code, ErrorCode::NotAMember);
        session.send(Typing::new(missing, true)).await;
        assert_eq!(session.error().await.code, ErrorCode::NotAMember);
        session.send(ListMessageRequest::new(missing)).await;
        let error = session.error().await;
        assert_eq!(error.code, ErrorCode::NotAMember);
        assert_eq!(error.room_id.unwrap().to_uuid(), Some(missing));
    }
    session.hears_nothing_else(room).await;
}

#[tokio::test]
async fn an_archived_room_is_read_and_not_written() {
    let chat = Chat::start();
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    session.say(room, "before").await;
    session.message().await;
    chat.rooms.delete(caller(amina), room).await.unwrap();
    session.say(room, "after").await;
    assert_eq!(session.error().await.code, ErrorCode::ReadOnlyRoom);
    let page = session.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.total_count, 1);
}

#[tokio::test]
async fn the_message_rate_limit_covers_all_devices_and_names_the_wait() {
    let chat = Chat::with(ChatSettings {
        messages_per_second: 4,
        ..ChatSettings::default()
    });
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut phone = chat.connect(amina).await;
    let mut laptop = chat.connect(amina).await;
    for _ in 0..4 {
        phone.say(room, "hi").await;
    }
    for _ in 0..4 {
        phone.message().await;
        laptop.message().await;
    }
    laptop.say(room, "once more").await;
    let error = laptop.error().await;
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(
        error
            .retry_after_ms
            .is_some_and(|ms| (1..=1_000).contains(&ms))
    );
}

#[tokio::test]
async fn a_message_beyond_the_length_limit_is_an_error() {
    let chat = Chat::with(unlimited());
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    session.say(room, &"ü".repeat(4_000)).await;
    assert_eq!(session.message().await.message.chars().count(), 4_000);
    session.say(room, &"ü".repeat(4_001)).await;
    let error = session.error().await;
    assert_eq!(error.code, ErrorCode::InvalidPayload);
    assert!(error.message.contains("message") && error.message.contains("4000"));
}
