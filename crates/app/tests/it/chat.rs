//! End-to-end chat over the whole server.

use std::time::Duration;

use abu_chat_protocol::{
    CloseCode, ServerPacket,
    client::{ListMessageRequest, TokenRenew},
    server::{ErrorCode, MemberChange, MemberNotify, MemberRole},
};
use abu_domain::UserId;
use abu_test_support::{ChatClient, TestServer};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Error,
    client::IntoClientRequest,
    handshake::client::Request,
    http::{HeaderValue, Response},
};

fn user(server: &TestServer) -> UserId {
    server.database().user().create().id
}

async fn post(server: &TestServer, caller: UserId, path: &str, body: Value) -> Value {
    let answer = reqwest::Client::new()
        .post(server.url(path))
        .bearer_auth(server.token(caller))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

async fn group(server: &TestServer, owner: UserId, others: &[UserId]) -> abu_domain::RoomId {
    let members: Vec<_> = others.iter().map(ToString::to_string).collect();
    let body = json!({"kind": "group", "name": "Set of 1998", "member_ids": members});
    let room = post(server, owner, "/api/v1/rooms", body).await;
    abu_domain::RoomId::new(room["uuid"].as_str().unwrap().parse().unwrap())
}

fn request(server: &TestServer, query: &str) -> Request {
    format!("ws://{}/chat{query}", server.address())
        .into_client_request()
        .unwrap()
}

/// The HTTP answer of a refused handshake, and the slug of its problem.
async fn refusal(request: Request) -> (u16, String) {
    let Err(Error::Http(answer)) = ChatClient::connect_with(request).await else {
        panic!("the handshake should have been refused");
    };
    (answer.status().as_u16(), slug(&answer))
}

fn slug(answer: &Response<Option<Vec<u8>>>) -> String {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(answer.body().as_deref().unwrap()).unwrap();
    let kind = problem["type"].as_str().unwrap();
    kind.trim_start_matches("/problems/").to_owned()
}

#[tokio::test]
async fn two_people_chat_and_the_messages_are_in_the_database() {
    let server = TestServer::start().await;
    let (amina, bello) = (user(&server), user(&server));
    let room = group(&server, amina, &[bello]).await;
    let mut one = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    let mut other = ChatClient::connect(&server.chat_url(bello)).await.unwrap();
    other.join().await;
    assert!(matches!(
        one.packet().await,
        ServerPacket::ChatJoinNotify(_)
    ));
    one.say(room, "Salaam").await;
    assert_eq!(one.message().await.message, "Salaam");
    other.message().await;
    other.say(room, "Wa alaikum salaam").await;
    assert_eq!(one.message().await.message, "Wa alaikum salaam");

    let page = one.history(ListMessageRequest::new(room.uuid())).await;
    assert_eq!(page.total_count, 2);
    let stored = server
        .database()
        .transaction(|tx| tx.last_seq(room))
        .unwrap();
    assert_eq!(stored, Some(2));
}

#[tokio::test]
async fn a_message_sent_over_rest_arrives_and_is_stored_once() {
    let server = TestServer::start().await;
    let (amina, bello) = (user(&server), user(&server));
    let room = group(&server, amina, &[bello]).await;
    let mut other = ChatClient::connect(&server.chat_url(bello)).await.unwrap();
    let path = format!("/api/v1/rooms/{room}/messages");
    let body = json!({"message": "from a form", "client_message_id": uuid::Uuid::new_v4()});
    let first = post(&server, amina, &path, body.clone()).await;
    let again = post(&server, amina, &path, body).await;
    assert_eq!(first, again);
    assert_eq!(other.message().await.message, "from a form");
    other.hears_nothing_else(room).await;
}

#[tokio::test]
async fn socket_and_rest_spend_one_budget_of_messages() {
    let server = TestServer::start_with(|settings| settings.chat.messages_per_minute = 10).await;
    let amina = user(&server);
    let room = group(&server, amina, &[]).await;
    let mut session = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    let path = format!("/api/v1/rooms/{room}/messages");
    for _ in 0..5 {
        session.say(room, "over the socket").await;
        session.message().await;
        let body = json!({"message": "over REST", "client_message_id": uuid::Uuid::new_v4()});
        post(&server, amina, &path, body).await;
        session.message().await;
    }
    session.say(room, "one too many").await;
    let error = session.error().await;
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|ms| ms > 1_000));
    let answer = reqwest::Client::new()
        .post(server.url(&path))
        .bearer_auth(server.token(amina))
        .json(&json!({"message": "one too many", "client_message_id": uuid::Uuid::new_v4()}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert!(answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn the_handshake_accepts_a_query_or_header_token_and_a_ticket_once() {
    let server = TestServer::start().await;
    let amina = user(&server);
    let mut by_header = request(&server, "");
    let bearer = format!("Bearer {}", server.token(amina));
    by_header
        .headers_mut()
        .insert("authorization", HeaderValue::from_str(&bearer).unwrap());
    assert!(ChatClient::connect_with(by_header).await.is_ok());

    let bought = post(&server, amina, "/api/v1/auth/ws-ticket", json!({})).await;
    let query = format!("?ticket={}", bought["ticket"].as_str().unwrap());
    assert!(
        ChatClient::connect_with(request(&server, &query))
            .await
            .is_ok()
    );
    assert_eq!(
        refusal(request(&server, &query)).await.0,
        401,
        "a ticket is used once"
    );
}

#[tokio::test]
async fn a_refused_handshake_gets_its_reason_before_the_upgrade() {
    let server = TestServer::start_with(|settings| settings.chat.max_sessions_per_user = 1).await;
    let (amina, suspended) = (
        user(&server),
        server.database().user().suspended().create().id,
    );
    let good = format!("?token={}", server.token(amina));
    for bad in [
        "",
        "?token=",
        "?token=nonsense",
        "?ticket=nonsense",
        "?token=a.b.c",
    ] {
        assert_eq!(refusal(request(&server, bad)).await.0, 401, "{bad:?}");
    }
    let mut forged = server.token(amina);
    forged.truncate(forged.len() - 2);
    assert_eq!(
        refusal(request(&server, &format!("?token={forged}")))
            .await
            .0,
        401
    );

    let query = format!("?token={}", server.token(suspended));
    let refused = refusal(request(&server, &query)).await;
    assert_eq!(refused, (403, "account-suspended".to_owned()));

    let mut foreign = request(&server, &good);
    let origin = HeaderValue::from_static("https://evil.example");
    foreign.headers_mut().insert("origin", origin);
    assert_eq!(refusal(foreign).await.0, 403);

    let _first = ChatClient::connect_with(request(&server, &good))
        .await
        .unwrap();
    assert_eq!(
        refusal(request(&server, &good)).await,
        (429, "too-many-sessions".to_owned())
    );
}

#[tokio::test]
async fn the_profile_is_negotiated_and_only_what_is_spoken_is_confirmed() {
    let server = TestServer::start().await;
    let amina = user(&server);
    let token = server.token(amina);
    for (offered, confirmed) in [
        (None, None),
        (Some("abu.chat.v1"), Some("abu.chat.v1")),
        (Some("soap, abu.chat.v1"), Some("abu.chat.v1")),
        (Some("abu.chat.v1, abu.chat.v2"), Some("abu.chat.v2")),
    ] {
        let mut request = request(&server, &format!("?token={token}"));
        if let Some(offered) = offered {
            let value = HeaderValue::from_static(offered);
            request
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        let stream = tokio::net::TcpStream::connect(server.address())
            .await
            .unwrap();
        let (_socket, answer) = tokio_tungstenite::client_async(request, stream)
            .await
            .unwrap();
        let header = answer.headers().get("sec-websocket-protocol");
        assert_eq!(header.map(|value| value.to_str().unwrap()), confirmed);
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_by_4001() {
    let server = TestServer::start_with(|settings| {
        settings.auth.access_token_ttl = Duration::from_secs(1);
    })
    .await;
    let amina = user(&server);
    let mut session = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    assert_eq!(session.closed().await, CloseCode::TokenExpired);
}

#[tokio::test]
async fn a_live_session_goes_on_with_a_token_that_the_api_issued() {
    let server = TestServer::start_with(|settings| {
        settings.auth.access_token_ttl = Duration::from_secs(30);
    })
    .await;
    let amina = user(&server);
    let url = server.chat_url(amina);
    let (mut session, welcome) = ChatClient::connect_v2(&url).await.unwrap();
    // Half a minute is less than the notice.
    assert!(matches!(
        session.packet().await,
        ServerPacket::TokenExpiring(_)
    ));
    session.ask("1", TokenRenew::new(server.token(amina))).await;
    match session.answer("1").await {
        ServerPacket::TokenRenewed(renewed) => {
            assert!(renewed.expires_at >= welcome.token_expires_at);
        }
        other => panic!("{other:?}"),
    }
    let stranger = user(&server);
    session
        .ask("2", TokenRenew::new(server.token(stranger)))
        .await;
    while !matches!(session.packet_with_ref().await.0, ServerPacket::Error(_)) {}
}

#[tokio::test]
async fn suspending_an_account_ends_its_sessions_by_4003() {
    let server = TestServer::start().await;
    let amina = user(&server);
    let admin = server.database().user().superuser().create().id;
    let mut session = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    let path = format!("/api/v1/users/{amina}/deactivate");
    post(&server, admin, &path, json!({})).await;
    assert_eq!(session.closed().await, CloseCode::AccountSuspended);
}

#[tokio::test]
async fn a_removed_member_hears_nothing_more_once_the_removal_was_answered() {
    let server = TestServer::start().await;
    let (amina, bello) = (user(&server), user(&server));
    let room = group(&server, amina, &[bello]).await;
    let own = group(&server, bello, &[]).await;
    let mut owner = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    let mut removed = ChatClient::connect(&server.chat_url(bello)).await.unwrap();
    let answer = reqwest::Client::new()
        .delete(server.url(&format!("/api/v1/rooms/{room}/members/{bello}")))
        .bearer_auth(server.token(amina))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    owner.say(room, "without you").await;
    owner.message().await;
    removed.hears_nothing_else(own).await;
}

#[tokio::test]
async fn members_hear_that_the_group_of_a_suspended_owner_passes_on() {
    let server = TestServer::start().await;
    let (amina, bello) = (user(&server), user(&server));
    let room = group(&server, amina, &[bello]).await;
    let admin = server.database().user().superuser().create().id;
    let (mut member, _) = ChatClient::connect_v2(&server.chat_url(bello))
        .await
        .unwrap();
    let path = format!("/api/v1/users/{amina}/deactivate");
    post(&server, admin, &path, json!({})).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        match member.packet().await {
            ServerPacket::MemberNotify(news) => told.push(news),
            other => panic!("{other:?}"),
        }
    }
    for (user, role) in [(amina, MemberRole::Member), (bello, MemberRole::Owner)] {
        let news = MemberNotify::new(room.uuid(), user.uuid(), MemberChange::RoleChanged);
        assert!(told.contains(&news.in_role(role)), "{told:?}");
    }
}

#[tokio::test]
async fn a_stopping_server_closes_sockets_with_1001() {
    let server = TestServer::start().await;
    let amina = user(&server);
    let mut session = ChatClient::connect(&server.chat_url(amina)).await.unwrap();
    let (code, ()) = tokio::join!(session.closed(), server.stop());
    assert_eq!(code, CloseCode::GoingAway);
}
