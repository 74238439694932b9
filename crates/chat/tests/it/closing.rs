use std::time::Duration;

use abu_application::identity::events::IdentityEvent;
use abu_chat::ChatSettings;
use abu_chat_protocol::{CloseCode, ServerPacket};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::yield_now,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::support::{Chat, Client, EVENT_TIMEOUT, unlimited};

async fn lone_session(chat: &Chat) -> Client {
    chat.connect(chat.user()).await
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    session.socket.close(None).await.unwrap();
    assert_eq!(session.closed().await, CloseCode::Normal);
    assert!(session.socket.next().await.is_none());
}

#[tokio::test]
async fn a_binary_frame_closes_with_1003() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    session
        .socket
        .send(Message::binary(vec![1, 2]))
        .await
        .unwrap();
    assert_eq!(session.closed().await, CloseCode::UnsupportedData);
}

#[tokio::test]
async fn invalid_utf8_closes_with_1007() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    session.socket.send(Message::Frame(frame)).await.unwrap();
    assert_eq!(session.closed().await, CloseCode::InvalidText);
}

#[tokio::test]
async fn a_frame_or_a_fragmented_message_over_the_limit_closes_with_1009() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    session.send_text(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(session.closed().await, CloseCode::MessageTooBig);

    let mut session = lone_session(&chat).await;
    let half = vec![b'x'; 40 * 1024];
    for (opcode, last) in [(Data::Text, false), (Data::Continue, true)] {
        let frame = Frame::message(half.clone(), OpCode::Data(opcode), last);
        session.socket.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(session.closed().await, CloseCode::MessageTooBig);
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message() {
    let chat = Chat::start();
    let user = chat.user();
    let room = chat.room(&[user]).await;
    let mut session = chat.connect(user).await;
    let text = format!(
        r#"{{"type":"message-send","payload":{{"room_id":"{room}","message":"in ünits"}}}}"#
    );
    // Cut in the middle of a character.
    let cut = text.find('ü').unwrap() + 1;
    let (head, tail) = text.as_bytes().split_at(cut);
    let head = Frame::message(head.to_vec(), OpCode::Data(Data::Text), false);
    let tail = Frame::message(tail.to_vec(), OpCode::Data(Data::Continue), true);
    session.socket.send(Message::Frame(head)).await.unwrap();
    session
        .socket
        .send(Message::Ping(vec![1].into()))
        .await
        .unwrap();
    session.socket.send(Message::Frame(tail)).await.unwrap();
    assert_eq!(session.message().await.message, "in ünits");
}

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_1002() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    // A text frame without a mask.
    let stream = session.socket.get_mut();
    stream.write_all(&[0x81, 0x01, b'x']).await.unwrap();
    assert_eq!(session.closed().await, CloseCode::ProtocolError);
}

#[tokio::test]
async fn too_many_errors_close_with_1008() {
    let chat = Chat::with(ChatSettings {
        errors_per_minute: 3,
        ..unlimited()
    });
    let mut session = lone_session(&chat).await;
    for _ in 0..4 {
        session.send_text("nonsense").await;
    }
    assert_eq!(session.closed().await, CloseCode::PolicyViolation);
}

#[tokio::test]
async fn being_rate_limited_for_long_closes_with_1008() {
    let chat = Chat::with(ChatSettings {
        messages_per_minute: 1,
        errors_per_minute: 3,
        ..ChatSettings::default()
    });
    let user = chat.user();
    let room = chat.room(&[user]).await;
    let mut session = chat.connect(user).await;
    for _ in 0..5 {
        session.say(room, "hi").await;
    }
    assert_eq!(session.closed().await, CloseCode::PolicyViolation);
}

#[tokio::test]
async fn the_end_of_the_token_closes_with_4001() {
    let chat = Chat::start();
    let mut session = chat
        .connect_for(chat.user(), Duration::from_millis(200))
        .await;
    assert_eq!(session.closed().await, CloseCode::TokenExpired);
}

#[tokio::test]
async fn a_suspended_account_closes_with_4003_and_does_not_get_in_again() {
    let chat = Chat::start();
    let user = chat.user();
    let mut sessions = [chat.connect(user).await, chat.connect(user).await];
    let store = chat.people.store();
    let events = chat.events();
    let applied = tokio::task::spawn_blocking(move || {
        store
            .transaction(|tx| tx.set_active(user, false, chrono::Utc::now()))
            .unwrap();
        events.publish(IdentityEvent::AccountSuspended { user })
    })
    .await
    .unwrap();
    applied.await;
    for session in &mut sessions {
        assert_eq!(session.closed().await, CloseCode::AccountSuspended);
    }
    let refused = chat.try_connect(user, Duration::from_secs(60)).await;
    assert!(matches!(refused, Err(Error::Http(_))));
}

#[tokio::test]
async fn a_revoked_session_closes_only_its_connections_with_4001() {
    let chat = Chat::start();
    let user = chat.user();
    let other = chat.user();
    let room = chat.room(&[user, other]).await;
    let mut ended = [chat.connect(user).await, chat.connect(user).await];
    let mut lasting = chat.connect(other).await;
    let log_in = abu_test_support::session_of(user);
    let events = chat.events();
    chat.people.execute(&format!(
        "UPDATE sessions SET revoked_at = now(), revoked_because = 'revoked' WHERE id = '{log_in}'"
    ));
    let revoked = IdentityEvent::SessionsRevoked {
        user,
        sessions: vec![log_in],
    };
    tokio::task::spawn_blocking(move || events.publish(revoked))
        .await
        .unwrap()
        .await;
    for session in &mut ended {
        assert_eq!(session.closed().await, CloseCode::TokenExpired);
    }
    lasting.hears_nothing_else(room).await;
    let refused = chat.try_connect(user, Duration::from_secs(60)).await;
    assert!(matches!(refused, Err(Error::Http(_))));
}

#[tokio::test]
async fn a_slow_client_is_closed_with_4002_without_blocking_others() {
    let chat = Chat::with(ChatSettings {
        outbox_max_bytes: 16 * 1024,
        send_buffer_bytes: 4 * 1024,
        close_timeout: Duration::from_millis(200),
        ..unlimited()
    });
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut talker = chat.connect(amina).await;
    let mut sleeper = chat.connect(bello).await;
    sleeper.join().await;
    assert!(matches!(
        talker.packet().await,
        ServerPacket::ChatJoinNotify(_)
    ));
    let text = "z".repeat(4_000);
    // Until the server gives the sleeper up, which its room-mates hear.
    loop {
        talker.say(room, &text).await;
        match talker.packet().await {
            ServerPacket::MessageReceive(_) => {}
            ServerPacket::ChatLeave(_) => break,
            other => panic!("{other:?}"),
        }
    }
    // What the sleeper finds when it wakes: what the buffers held, and the end of the connection.
    let mut bytes = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match sleeper.socket.get_mut().read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n) => bytes += n,
        }
    }
    assert!(bytes > 0);
}

#[tokio::test]
async fn a_slow_reader_that_catches_up_in_time_sees_the_4002() {
    let chat = Chat::with(ChatSettings {
        outbox_max_bytes: 16 * 1024,
        send_buffer_bytes: 4 * 1024,
        close_timeout: Duration::from_secs(20),
        ..unlimited()
    });
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut talker = chat.connect(amina).await;
    let mut sleeper = chat.connect(bello).await;
    sleeper.join().await;
    assert!(matches!(
        talker.packet().await,
        ServerPacket::ChatJoinNotify(_)
    ));
    loop {
        talker.say(room, &"z".repeat(4_000)).await;
        if let ServerPacket::ChatLeave(_) = talker.packet().await {
            break;
        }
    }
    assert_eq!(sleeper.closed().await, CloseCode::SlowConsumer);
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_then_given_up() {
    let chat = Chat::with(ChatSettings {
        ping_interval: Duration::from_millis(150),
        idle_timeout: Duration::from_millis(600),
        ..unlimited()
    });
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut alive = chat.connect(amina).await;
    let mut dead = chat.connect(bello).await;
    dead.join().await;
    assert!(matches!(
        alive.packet().await,
        ServerPacket::ChatJoinNotify(_)
    ));
    // Reading answers pings, so this one lives while the other, which reads nothing, is given up.
    match alive.packet().await {
        ServerPacket::ChatLeave(packet) => {
            assert_eq!(packet.participant_id.to_uuid(), Some(bello.uuid()));
        }
        other => panic!("{other:?}"),
    }
    alive.hears_nothing_else(room).await;
    assert!(matches!(dead.frame().await, Message::Ping(_)));
}

#[tokio::test]
async fn a_ping_is_answered_with_its_own_payload() {
    let chat = Chat::start();
    let mut session = lone_session(&chat).await;
    session
        .socket
        .send(Message::Ping(b"salaam".as_slice().into()))
        .await
        .unwrap();
    assert_eq!(
        session.frame().await,
        Message::Pong(b"salaam".as_slice().into())
    );
}

#[tokio::test]
async fn a_server_that_stops_closes_with_1001_and_keeps_what_it_acknowledged() {
    let chat = Chat::start();
    let user = chat.user();
    let room = chat.room(&[user]).await;
    let mut session = chat.connect(user).await;
    session.say(room, "last words").await;
    session.message().await;
    let (code, ()) = tokio::join!(session.closed(), chat.shut_down());
    assert_eq!(code, CloseCode::GoingAway);
    let stored = chat.people.store().read(|tx| tx.last_seq(room)).unwrap();
    assert_eq!(stored, Some(1));
}

#[tokio::test]
async fn one_more_session_than_allowed_is_refused_until_one_ends() {
    let chat = Chat::with(ChatSettings {
        max_sessions_per_user: 2,
        ..unlimited()
    });
    let user = chat.user();
    let first = chat.connect(user).await;
    let _second = chat.connect(user).await;
    let hour = Duration::from_secs(3600);
    assert!(matches!(
        chat.try_connect(user, hour).await,
        Err(Error::Http(_))
    ));
    first.leave().await;
    // The server frees the place after it has answered the close frame.
    let connected = async {
        while chat.try_connect(user, hour).await.is_err() {
            yield_now().await;
        }
    };
    timeout(EVENT_TIMEOUT, connected).await.unwrap();
}
