//! The WebSocket handshake: authentication, limits, refusals.

use std::time::Duration;

use abu_application::identity::ports::AccessTokens;
use abu_chat_protocol::{CloseCode, server::ErrorCode};
use abu_domain::{UserId, access::Permission, identity::user::User};
use abu_security::JwtTokens;
use abu_settings::Settings;
use abu_test_support::{ChatClient, SECRET, session_of};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Error, client::IntoClientRequest};
use uuid::Uuid;

use super::support::{Answer, Rig};

const PAGE: &str = "https://alumni.abu.edu.ng";

/// Knocks as a client does: a session, or the status of the refusal.
async fn knock(
    rig: &Rig,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Result<ChatClient, u16> {
    let address = format!("ws://{}/chat{query}", rig.server.address());
    let mut request = address.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match ChatClient::connect_with(request).await {
        Ok(client) => Ok(client),
        Err(Error::Http(refused)) => Err(refused.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The same handshake through the HTTP client, to see the whole answer.
async fn handshake(rig: &Rig, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut call = rig
        .get(&format!("/chat{query}"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    for (name, value) in headers {
        call = call.header(name, value);
    }
    call.send().await
}

fn token(rig: &Rig, user: &User) -> String {
    rig.server.token(user.id)
}

async fn ticket(rig: &Rig, user: &User) -> String {
    let call = rig.post("/api/v1/auth/ws-ticket").by(user);
    let body = call.send().await.expect(200);
    assert_eq!(body["expires_in"], 30);
    body["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_opens_the_chat_in_the_address_and_in_the_header() {
    let rig = Rig::start().await;
    let token = token(&rig, &rig.user());
    let bearer = format!("bEARER {token}");
    let in_address = format!("?token={token}");
    let in_header = [("authorization", bearer.as_str())];
    for (query, headers) in [(in_address.as_str(), &[][..]), ("", &in_header)] {
        let mut client = knock(&rig, query, headers).await.ok().unwrap();
        client
            .send_text(r#"{"type":"no-such-type","payload":{}}"#)
            .await;
        assert_eq!(client.error().await.code, ErrorCode::UnknownType);
    }
}

#[tokio::test]
async fn an_open_door_has_an_id_and_is_not_compressed() {
    let rig = Rig::start().await;
    let query = format!("?token={}", token(&rig, &rig.user()));
    let headers = [("accept-encoding", "gzip"), ("x-request-id", "at-the-door")];
    let opened = handshake(&rig, &query, &headers).await;
    assert_eq!(opened.status.as_u16(), 101);
    assert_eq!(opened.header("x-request-id"), "at-the-door");
    assert!(!opened.headers.contains_key("content-encoding"));

    let mut client = knock(&rig, &query, &headers).await.ok().unwrap();
    client.send_text("{").await;
    assert_eq!(client.error().await.code, ErrorCode::MalformedPacket);
}

#[tokio::test]
async fn a_ticket_opens_the_chat_once() {
    let rig = Rig::start().await;
    let ticket = ticket(&rig, &rig.user()).await;
    let query = format!("?ticket={ticket}");
    knock(&rig, &query, &[]).await.ok().unwrap();
    let again = handshake(&rig, &query, &[]).await;
    assert_eq!(again.status.as_u16(), 401);
    again.problem("invalid-token");
}

#[tokio::test]
async fn a_ticket_used_by_two_at_once_opens_the_chat_for_one() {
    let rig = Rig::start().await;
    let query = format!("?ticket={}", ticket(&rig, &rig.user()).await);
    let (one, other) = tokio::join!(knock(&rig, &query, &[]), knock(&rig, &query, &[]));
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn a_handshake_without_a_valid_token_is_refused() {
    let rig = Rig::start().await;
    let user = rig.user();
    let unknown = rig.server.token(UserId::new(Uuid::new_v4()));
    handshake(&rig, "", &[])
        .await
        .problem("authentication-required");
    for query in [
        "?token=".to_owned(),
        "?token=x".to_owned(),
        format!("?token=Bearer%20{}", token(&rig, &user)),
        format!("?token={unknown}"),
        "?ticket=".to_owned(),
        "?ticket=x".to_owned(),
        format!("?ticket={}", "A".repeat(43)),
    ] {
        let answer = handshake(&rig, &query, &[]).await;
        assert_eq!(answer.status.as_u16(), 401, "{query}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        answer.problem("invalid-token");
    }
    let bad_header = [("authorization", "Basic YTpi")];
    handshake(&rig, "", &bad_header)
        .await
        .problem("invalid-token");
}

#[tokio::test]
async fn an_expired_token_is_refused_as_expired() {
    let rig = Rig::start().await;
    let user = rig.user();
    let issuer = "abu-alumni-connect";
    let lifetime = Duration::from_secs(60);
    let secret = SECRET.into();
    let tokens = JwtTokens::new(&secret, issuer, issuer, lifetime);
    let then = Utc::now() - TimeDelta::hours(1);
    let old = tokens
        .issue(user.id, session_of(user.id), Uuid::new_v4(), then)
        .unwrap()
        .token;
    let answer = handshake(&rig, &format!("?token={old}"), &[]).await;
    assert_eq!(answer.status.as_u16(), 401);
    answer.problem("token-expired");
}

#[tokio::test]
async fn a_suspended_account_does_not_get_in_with_token_nor_ticket() {
    let rig = Rig::start().await;
    let user = rig.user();
    let ticket = ticket(&rig, &user).await;
    rig.database().execute(&format!(
        "UPDATE users SET is_active = false WHERE id = '{}'",
        user.id
    ));
    let token = token(&rig, &user);
    for query in [format!("?token={token}"), format!("?ticket={ticket}")] {
        let answer = handshake(&rig, &query, &[]).await;
        assert_eq!(answer.status.as_u16(), 403);
        answer.problem("account-suspended");
    }
}

#[tokio::test]
async fn a_page_opens_the_chat_only_from_an_origin_on_the_list() {
    let allow = |settings: &mut Settings| {
        settings.cors.allowed_origins = vec![PAGE.to_owned()];
        settings.console.enabled = false;
    };
    let rig = Rig::start_with(allow).await;
    let query = format!("?token={}", token(&rig, &rig.user()));
    knock(&rig, &query, &[("origin", PAGE)]).await.ok().unwrap();
    let own = format!("http://{}", rig.server.address());
    for origin in ["https://evil.example", "null", &own] {
        let answer = handshake(&rig, &query, &[("origin", origin)]).await;
        assert_eq!(answer.status.as_u16(), 403, "{origin}");
        answer.problem("origin-not-allowed");
    }
}

#[tokio::test]
async fn the_console_opens_the_chat_of_the_server_that_it_came_from() {
    let rig = Rig::start().await;
    let query = format!("?token={}", token(&rig, &rig.user()));
    let own = format!("http://{}", rig.server.address());
    knock(&rig, &query, &[("origin", &own)]).await.ok().unwrap();
    for origin in [PAGE, "null", "http://127.0.0.1"] {
        let answer = handshake(&rig, &query, &[("origin", origin)]).await;
        assert_eq!(answer.status.as_u16(), 403, "{origin}");
        answer.problem("origin-not-allowed");
    }
}

#[tokio::test]
async fn a_plain_request_is_answered_with_upgrade_required() {
    let rig = Rig::start().await;
    let user = rig.user();
    let query = format!("?token={}", token(&rig, &user));
    let plain = rig.get(&format!("/chat{query}")).send().await;
    assert_eq!(plain.status.as_u16(), 426);
    assert_eq!(plain.header("upgrade"), "websocket");
    assert_eq!(plain.header("sec-websocket-version"), "13");
    plain.problem("upgrade-required");
}

/// The status that answers this handshake, whose head is written as it is.
async fn raw_handshake(rig: &Rig, request_line: &str, more: &str) -> String {
    let mut socket = TcpStream::connect(rig.server.address()).await.unwrap();
    let request = format!(
        "{request_line}\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn a_handshake_is_an_http_1_1_get_without_a_body() {
    let rig = Rig::start().await;
    let token = token(&rig, &rig.user());
    for (method, version, more, status) in [
        ("GET", "1.1", "", "101"),
        ("GET", "1.1", "content-length: 0\r\n", "101"),
        ("GET", "1.0", "", "426"),
        ("HEAD", "1.1", "", "405"),
        ("GET", "1.1", "content-length: 1\r\n", "400"),
        ("GET", "1.1", "transfer-encoding: chunked\r\n", "400"),
    ] {
        let line = format!("{method} /chat?token={token} HTTP/{version}");
        assert_eq!(
            raw_handshake(&rig, &line, more).await,
            status,
            "{line} {more}"
        );
    }
}

#[tokio::test]
async fn one_session_too_many_is_refused_until_another_ends() {
    let rig = Rig::start_with(|settings| settings.chat.max_sessions_per_user = 2).await;
    let user = rig.user();
    let query = format!("?token={}", token(&rig, &user));
    let first = knock(&rig, &query, &[]).await.ok().unwrap();
    let _second = knock(&rig, &query, &[]).await.ok().unwrap();
    let third = handshake(&rig, &query, &[]).await;
    assert_eq!(third.status.as_u16(), 429);
    third.problem("too-many-sessions");
    let other = format!("?token={}", token(&rig, &rig.user()));
    knock(&rig, &other, &[]).await.ok().unwrap();

    first.leave().await;
    // The place is given back when the session's end is through, a moment after the connection's.
    while knock(&rig, &query, &[]).await.is_err() {}
}

#[tokio::test]
async fn suspending_an_account_ends_its_sessions() {
    let rig = Rig::start().await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let user = rig.user();
    let query = format!("?token={}", token(&rig, &user));
    let mut client = knock(&rig, &query, &[]).await.ok().unwrap();
    let call = rig
        .post(&format!("/api/v1/users/{}/deactivate", user.id))
        .by(&admin);
    call.send().await.expect(200);
    assert_eq!(client.closed().await, CloseCode::AccountSuspended);
}

#[tokio::test]
async fn messages_sent_over_http_reach_the_chat_and_members_show_online() {
    let rig = Rig::start().await;
    let (speaker, listener) = (rig.user(), rig.user());
    let room = rig
        .database()
        .group(speaker.id)
        .member(listener.id)
        .create();
    let query = format!("?token={}", token(&rig, &listener));
    let mut client = knock(&rig, &query, &[]).await.ok().unwrap();
    let path = format!("/api/v1/rooms/{}", room.id);
    let online = async || {
        let page = rig
            .get(&format!("{path}/members"))
            .by(&speaker)
            .send()
            .await;
        let members = page.expect(200)["items"].clone();
        let members = members.as_array().unwrap().clone();
        let is_listener = |m: &&Value| m["user_uuid"] == listener.id.to_string();
        members.iter().find(is_listener).unwrap()["online"] == true
    };
    assert!(!online().await);
    client.join().await;
    // Joining is answered to others alone: it is through once it shows.
    while !online().await {}

    let body = json!({"message": "sannu", "client_message_id": Uuid::new_v4()});
    let call = rig
        .post(&format!("{path}/messages"))
        .by(&speaker)
        .json(&body);
    call.send().await.expect(201);
    let heard = client.message().await;
    assert_eq!(heard.message, "sannu");
    assert_eq!(heard.sender_id.to_string(), speaker.id.to_string());
}
