//! Graceful shutdown over real sockets.

use std::time::{Duration, Instant};

use abu_application::platform::readiness::ServingState;
use abu_chat_protocol::{CloseCode, ServerPacket};
use abu_test_support::{ChatClient, TestServer};
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::spawn_blocking};
use uuid::Uuid;

async fn status(url: &str) -> StatusCode {
    reqwest::get(url).await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_server_accepts_while_its_readiness_fails() {
    let server = TestServer::start_with(|settings| {
        settings.server.drain_delay = Duration::from_secs(3_600);
    })
    .await;
    let user = server.database().user().create().id;
    let (ready, live) = (server.url("/health/ready"), server.url("/health/live"));
    let (me, token, chat) = (
        server.url("/api/v1/me"),
        server.token(user),
        server.chat_url(user),
    );
    let readiness = server.readiness().clone();
    let stopping = tokio::spawn(server.stop());
    readiness.reaches(ServingState::Draining).await;
    assert_eq!(status(&ready).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&live).await, StatusCode::OK);
    let answer = reqwest::Client::new().get(me).bearer_auth(token).send();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    ChatClient::connect(&chat).await.unwrap();
    stopping.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_closes_after_the_drain_delay() {
    let delay = Duration::from_millis(200);
    let server = TestServer::start_with(|settings| settings.server.drain_delay = delay).await;
    let address = server.address();
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_announces_and_closes_chats_one_after_the_other() {
    let spread = Duration::from_secs(1);
    let server = TestServer::start_with(|settings| settings.server.drain_spread = spread).await;
    let user = server.database().user().create().id;
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(
            ChatClient::connect_v2(&server.chat_url(user))
                .await
                .unwrap()
                .0,
        );
    }
    let stopping = tokio::spawn(server.stop());
    let ends = sessions.into_iter().map(|mut session| async move {
        let wait = match session.packet().await {
            ServerPacket::ServerClosing(closing) => closing.reconnect_after_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!(session.closed().await, CloseCode::GoingAway);
        (wait, Instant::now())
    });
    let ends = join_all(ends).await;
    stopping.await.unwrap();
    assert!(ends.iter().all(|(wait, _)| *wait == 2_000), "{ends:?}");
    let times: Vec<_> = ends.iter().map(|(_, time)| *time).collect();
    let gap = *times.iter().max().unwrap() - *times.iter().min().unwrap();
    assert!(gap >= spread / 5, "{gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_sent_by_a_running_request_is_stored() {
    let server = TestServer::start().await;
    let user = server.database().user().create().id;
    let token = server.token(user);
    let post = |path: &str, body: Value| {
        let call = reqwest::Client::new().post(server.url(path));
        call.bearer_auth(&token).json(&body).send()
    };
    let group = json!({"kind": "group", "name": "Set of 1998", "member_ids": []});
    let room: Value = post("/api/v1/rooms", group)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let path = format!("/api/v1/rooms/{}/messages", room["uuid"].as_str().unwrap());
    // It waits where the writer has not heard of it yet.
    let held = server.database().lock("room_members");
    let message = json!({"message": "last words", "client_message_id": Uuid::new_v4()});
    let posting = tokio::spawn(post(&path, message));
    let database = server.database().clone();
    spawn_blocking(move || database.wait_for_blocked(1))
        .await
        .unwrap();
    let address = server.address();
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {}
    drop(held);
    assert_eq!(
        posting.await.unwrap().unwrap().status(),
        StatusCode::CREATED
    );
    stopping.await.unwrap();
}
