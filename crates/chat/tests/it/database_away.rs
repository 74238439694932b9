use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use abu_application::messaging::ports::ReadMark;
use abu_chat_protocol::{client::ListMessageRequest, server::ErrorCode};
use abu_repository::{PgStore, PoolSettings};
use abu_test_support::PrivateCluster;

use crate::support::{Chat, unlimited};

fn chat_on(cluster: &PrivateCluster) -> Chat {
    let database = cluster.database();
    // As impatient as in production.
    let store = PgStore::connect(PoolSettings {
        connection_timeout: Duration::from_secs(2),
        ..database.settings()
    });
    Chat::on(database, Arc::new(store), unlimited())
}

#[tokio::test]
async fn an_outage_answers_senders_in_time_and_service_resumes() {
    let mut cluster = PrivateCluster::start();
    let chat = chat_on(&cluster);
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut one = chat.connect(amina).await;
    let mut other = chat.connect(bello).await;
    one.say(room, "before").await;
    one.message().await;
    other.message().await;

    cluster.stop();
    let asked = Instant::now();
    one.say(room, "lost?").await;
    let error = one.error().await;
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.retry_after_ms.is_some());
    assert_eq!(error.room_id.unwrap().to_uuid(), Some(room.uuid()));
    assert!(
        asked.elapsed() < Duration::from_secs(6),
        "{:?}",
        asked.elapsed()
    );
    one.send(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(one.error().await.code, ErrorCode::Unavailable);

    cluster.start_again();
    // The same connections go on; what was answered as not stored is not there.
    loop {
        one.say(room, "after").await;
        match one.packet().await {
            abu_chat_protocol::ServerPacket::MessageReceive(message) => {
                assert_eq!(message.message, "after");
                break;
            }
            abu_chat_protocol::ServerPacket::Error(error) => {
                assert_eq!(error.code, ErrorCode::Unavailable);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(other.message().await.message, "after");
    let page = other.history(ListMessageRequest::new(room.uuid())).await;
    let texts: Vec<_> = page.messages.iter().map(|m| m.message.as_str()).collect();
    assert_eq!(texts, ["after", "before"]);
}

#[tokio::test]
async fn a_stop_tells_that_messages_were_left() {
    let cluster = PrivateCluster::start();
    let chat = chat_on(&cluster);
    let amina = chat.user();
    let room = chat.room(&[amina]).await;
    let mut session = chat.connect(amina).await;
    cluster.stop();
    session.say(room, "left").await;
    while chat.messaging.backlog(Instant::now()).length == 0 {
        tokio::task::yield_now().await;
    }
    let engine = chat.engine.clone();
    let stopped = tokio::task::spawn_blocking(move || engine.stop());
    assert!(!stopped.await.unwrap());
}

#[tokio::test]
async fn a_stalled_database_leaves_no_sender_waiting() {
    let cluster = PrivateCluster::start();
    let chat = chat_on(&cluster);
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut first = chat.connect(amina).await;
    let mut second = chat.connect(bello).await;
    let mut third = chat.connect(bello).await;
    first.say(room, "before").await;
    for session in [&mut first, &mut second, &mut third] {
        session.message().await;
    }
    // The read mark of the sender is stored too, so the writer finds an idle connection.
    let mark = ReadMark {
        room_id: room,
        user_id: amina,
        seq: 1,
        wrote: false,
    };
    chat.messaging.read_marks.submit(mark).await.unwrap();

    let frozen = cluster.freeze();
    let asked = Instant::now();
    first.say(room, "in the writer's hands").await;
    // Its outcome is unknown, so its sender's connection closes.
    assert_eq!(
        first.closed().await,
        abu_chat_protocol::CloseCode::GoingAway
    );
    assert!(
        asked.elapsed() < Duration::from_secs(6),
        "{:?}",
        asked.elapsed()
    );
    // This one never left the queue: it is known not to be stored.
    second.say(room, "in the queue").await;
    assert_eq!(second.error().await.code, ErrorCode::Unavailable);

    drop(frozen);
    // The fate of the first is settled before anything else is stored, and all see the same.
    third.say(room, "after").await;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "after") {
        seen.push(third.message().await.message);
    }
    let page = third.history(ListMessageRequest::new(room.uuid())).await;
    let mut stored: Vec<_> = page.messages.into_iter().map(|m| m.message).collect();
    stored.reverse();
    assert_eq!(stored[0], "before");
    assert_eq!(stored[1..], seen[..]);
    assert!(!stored.iter().any(|text| text == "in the queue"));
}
