//! Login sessions: log-in, refresh-token rotation, reuse detection, log-out.

use std::collections::BTreeSet;

use abu_application::platform::rate_limits::Quota;
use abu_chat_protocol::CloseCode;
use abu_domain::{access::Permission, identity::user::User};
use abu_test_support::{ChatClient, session_of};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use super::support::{Answer, PASSWORD, Rig};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn refresh(rig: &Rig, token: &Value) -> Answer {
    let body = json!({"refresh_token": token});
    rig.post("/api/v1/auth/refresh").json(&body).send().await
}

async fn me(rig: &Rig, access_token: &Value) -> Answer {
    rig.get("/api/v1/me").bearing(access_token).send().await
}

async fn list(rig: &Rig, access_token: &Value) -> Vec<Value> {
    let page = rig.get("/api/v1/auth/sessions").bearing(access_token);
    page.send().await.expect(200)["items"]
        .as_array()
        .unwrap()
        .clone()
}

async fn chat(rig: &Rig, access_token: &Value) -> ChatClient {
    let address = rig.server.address();
    let url = format!("ws://{address}/chat?token={}", text(access_token));
    ChatClient::connect(&url).await.unwrap()
}

/// As if the last refresh had been so long ago.
fn age_refreshes(rig: &Rig, seconds: u32) {
    rig.database().execute(&format!(
        "UPDATE sessions SET refreshed_at = refreshed_at - interval '{seconds} seconds'"
    ));
}

fn mails(rig: &Rig, kind: &str) -> usize {
    rig.database()
        .texts(&format!(
            "SELECT kind FROM email_outbox WHERE kind = '{kind}'"
        ))
        .len()
}

#[tokio::test]
async fn a_log_in_and_each_refresh_return_a_new_token_pair() {
    let rig = Rig::start().await;
    let user = rig.member();
    let first = rig.log_in(&user).await;
    let keys: BTreeSet<_> = first
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "access_token",
        "expires_in",
        "refresh_token",
        "token_type",
        "user",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    let mut pair = first.clone();
    let mut seen = BTreeSet::from([text(&first["refresh_token"]).to_owned()]);
    for _ in 0..3 {
        // Longer than any grace: the newest token is good however old it is.
        age_refreshes(&rig, 3_600);
        let next = refresh(&rig, &pair["refresh_token"]).await;
        assert_eq!(next.header("cache-control"), "no-store");
        pair = next.expect(200);
        assert_eq!(pair["token_type"], "bearer");
        assert_eq!(pair["expires_in"], 900);
        assert_eq!(pair["user"], first["user"]);
        assert!(seen.insert(text(&pair["refresh_token"]).to_owned()));
        assert_eq!(
            me(&rig, &pair["access_token"]).await.expect(200)["uuid"],
            user.id.to_string()
        );
    }
    // Access tokens from before the refresh are good until their time is over.
    me(&rig, &first["access_token"]).await.expect(200);
    assert_eq!(list(&rig, &pair["access_token"]).await.len(), 2);
}

#[tokio::test]
async fn a_stolen_token_that_is_used_again_ends_the_session_for_both() {
    let rig = Rig::start().await;
    let user = rig.member();
    let stolen = rig.log_in(&user).await;
    let mut thief_hears = chat(&rig, &stolen["access_token"]).await;
    let other_session = rig.log_in(&user).await;
    let owners = refresh(&rig, &stolen["refresh_token"]).await.expect(200);
    let mut owner_hears = chat(&rig, &owners["access_token"]).await;

    age_refreshes(&rig, 31);
    let caught = refresh(&rig, &stolen["refresh_token"]).await;
    assert_eq!(caught.status.as_u16(), 401);
    caught.problem("refresh-reused");
    for token in [&stolen["refresh_token"], &owners["refresh_token"]] {
        refresh(&rig, token).await.problem("invalid-token");
    }
    for token in [&stolen["access_token"], &owners["access_token"]] {
        me(&rig, token).await.problem("invalid-token");
    }
    assert_eq!(thief_hears.closed().await, CloseCode::TokenExpired);
    assert_eq!(owner_hears.closed().await, CloseCode::TokenExpired);
    assert_eq!(mails(&rig, "refresh_reused"), 1);
    let entries = rig.database().texts(
        "SELECT actor || ' ' || (details::json ->> 'reason') FROM audit_log WHERE action = 'session.end'",
    );
    assert_eq!(entries, ["anonymous refresh-reused"]);
    // The owner's other devices are not concerned.
    refresh(&rig, &other_session["refresh_token"])
        .await
        .expect(200);
}

#[tokio::test]
async fn forged_unknown_revoked_and_broken_tokens_are_answered_alike() {
    let rig = Rig::start().await;
    let user = rig.member();
    let pair = rig.log_in(&user).await;
    let ended = rig.log_in(&user).await;
    let log_out = rig.post("/api/v1/auth/logout");
    let log_out = log_out.bearing(&ended["access_token"]).send().await;
    log_out.expect_nothing();
    let token = text(&pair["refresh_token"]);
    let (name, tag) = token.split_once(".0.").unwrap();
    let unknown = abu_domain::UserId::new(uuid::Uuid::new_v4());
    let mut bodies = Vec::new();
    for token in [
        json!(format!("{name}.1.{tag}")),
        json!(rig.server.refresh_token(unknown, 0)),
        // Of a number that was not reached yet.
        json!(rig.server.refresh_token(user.id, 1)),
        ended["refresh_token"].clone(),
        pair["access_token"].clone(),
        json!(""),
        json!("\0"),
        json!("x".repeat(100_000)),
    ] {
        let answer = refresh(&rig, &token).await;
        assert_eq!(answer.status.as_u16(), 401, "{token}");
        let mut problem = answer.problem("invalid-token");
        problem.as_object_mut().unwrap().remove("instance");
        bodies.push(problem);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    refresh(&rig, &pair["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_session_that_was_not_refreshed_for_too_long_has_expired() {
    let rig = Rig::start().await;
    let user = rig.member();
    let pair = rig.log_in(&user).await;
    let days_left = format!(
        "SELECT round(extract(epoch FROM expires_at - now()) / 86400)::text
         FROM sessions WHERE user_id = '{}' AND id <> '{}'",
        user.id,
        session_of(user.id)
    );
    assert_eq!(rig.database().texts(&days_left), ["60"]);
    rig.database()
        .execute("UPDATE sessions SET expires_at = now() + interval '1 day'");
    let pair = refresh(&rig, &pair["refresh_token"]).await.expect(200);
    assert_eq!(rig.database().texts(&days_left), ["60"]);

    rig.database()
        .execute("UPDATE sessions SET expires_at = now() - interval '1 second'");
    let answer = refresh(&rig, &pair["refresh_token"]).await;
    assert_eq!(answer.status.as_u16(), 401);
    answer.problem("token-expired");
}

#[tokio::test]
async fn a_suspended_account_refreshes_nothing() {
    let rig = Rig::start().await;
    let user = rig.member();
    let pair = rig.log_in(&user).await;
    let mut client = chat(&rig, &pair["access_token"]).await;
    let admin = rig.holder_of(&[Permission::ModifyUser]);
    let path = format!("/api/v1/users/{}/deactivate", user.id);
    rig.post(&path).by(&admin).send().await.expect(200);
    let answer = refresh(&rig, &pair["refresh_token"]).await;
    assert_eq!(answer.status.as_u16(), 403);
    answer.problem("account-suspended");
    assert_eq!(client.closed().await, CloseCode::AccountSuspended);
}

#[tokio::test]
async fn logging_out_ends_the_session_and_its_sockets_and_no_other() {
    let rig = Rig::start().await;
    let user = rig.member();
    let room = rig.database().group(user.id).create();
    let (left, kept) = (rig.log_in(&user).await, rig.log_in(&user).await);
    let mut client = chat(&rig, &left["access_token"]).await;
    let mut other = chat(&rig, &kept["access_token"]).await;
    let log_out = || {
        rig.post("/api/v1/auth/logout")
            .bearing(&left["access_token"])
    };
    log_out().send().await.expect_nothing();
    assert_eq!(client.closed().await, CloseCode::TokenExpired);
    me(&rig, &left["access_token"])
        .await
        .problem("invalid-token");
    log_out().send().await.problem("invalid-token");
    refresh(&rig, &left["refresh_token"])
        .await
        .problem("invalid-token");
    me(&rig, &kept["access_token"]).await.expect(200);
    refresh(&rig, &kept["refresh_token"]).await.expect(200);
    other.hears_nothing_else(room.id).await;
}

#[tokio::test]
async fn logging_out_everywhere_closes_every_socket() {
    let rig = Rig::start().await;
    let user = rig.member();
    let mut pairs = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let pair = rig.log_in(&user).await;
        clients.push(chat(&rig, &pair["access_token"]).await);
        pairs.push(pair);
    }
    let stranger = rig.log_in(&rig.member()).await;
    let call = rig.post("/api/v1/auth/logout-all");
    let call = call.bearing(&pairs[0]["access_token"]).send().await;
    call.expect_nothing();
    for client in &mut clients {
        assert_eq!(client.closed().await, CloseCode::TokenExpired);
    }
    for pair in &pairs {
        me(&rig, &pair["access_token"])
            .await
            .problem("invalid-token");
        refresh(&rig, &pair["refresh_token"])
            .await
            .problem("invalid-token");
    }
    me(&rig, &stranger["access_token"]).await.expect(200);
}

#[tokio::test]
async fn a_user_sees_their_sessions_and_ends_them_one_by_one() {
    let rig = Rig::start().await;
    let user = rig.member();
    let body = json!({
        "email": user.email.as_str(), "password": PASSWORD, "device_name": "  Amina's phone ",
    });
    let phone = rig.post("/api/v1/auth/token").json(&body).send().await;
    let phone = phone.expect(200);
    let laptop = rig.log_in(&user).await;
    let mut on_phone = chat(&rig, &phone["access_token"]).await;

    let sessions = list(&rig, &laptop["access_token"]).await;
    let of_phone = sessions
        .iter()
        .find(|session| session["device_name"] == "Amina's phone")
        .unwrap();
    let expected = json!({
        "uuid": of_phone["uuid"],
        "device_name": "Amina's phone",
        "ip_region": "127.0.0.0/24",
        "created_at": of_phone["created_at"],
        "last_used_at": of_phone["created_at"],
        "current": false,
    });
    assert_eq!(of_phone, &expected);
    // Those of the phone, of the laptop, and the one that every test's user has.
    assert_eq!(sessions.len(), 3);
    let current: Vec<&Value> = sessions
        .iter()
        .filter(|one| one["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(sessions[0], *current[0], "the newest is the one that asks");

    let path = format!("/api/v1/auth/sessions/{}", text(&of_phone["uuid"]));
    let stranger = rig.member();
    rig.delete(&path)
        .by(&stranger)
        .send()
        .await
        .problem("not-found");
    let end = || rig.delete(&path).bearing(&laptop["access_token"]);
    end().send().await.expect_nothing();
    assert_eq!(on_phone.closed().await, CloseCode::TokenExpired);
    me(&rig, &phone["access_token"])
        .await
        .problem("invalid-token");
    end().send().await.problem("not-found");
    assert_eq!(list(&rig, &laptop["access_token"]).await.len(), 2);
}

#[tokio::test]
async fn the_list_of_sessions_goes_on_from_page_to_page() {
    let rig = Rig::start().await;
    let user = rig.member();
    let mut token = Value::Null;
    for _ in 0..4 {
        token = rig.log_in(&user).await["access_token"].clone();
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/auth/sessions?limit=2".to_owned();
    loop {
        let page = rig.get(&path).bearing(&token).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/auth/sessions?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, list(&rig, &token).await);
    assert_eq!(seen.len(), 5);
}

async fn ticket(rig: &Rig, access_token: &Value) -> String {
    let call = rig.post("/api/v1/auth/ws-ticket").bearing(access_token);
    text(&call.send().await.expect(200)["ticket"]).to_owned()
}

#[tokio::test]
async fn a_ticket_dies_with_its_session() {
    let rig = Rig::start().await;
    let user = rig.member();
    let (left, kept) = (rig.log_in(&user).await, rig.log_in(&user).await);
    let dead = ticket(&rig, &left["access_token"]).await;
    let alive = ticket(&rig, &kept["access_token"]).await;
    let log_out = rig.post("/api/v1/auth/logout");
    let log_out = log_out.bearing(&left["access_token"]).send().await;
    log_out.expect_nothing();
    let url = |ticket| format!("ws://{}/chat?ticket={ticket}", rig.server.address());
    match ChatClient::connect(&url(dead)).await {
        Err(Error::Http(refused)) => assert_eq!(refused.status().as_u16(), 401),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a ticket of a session that ended opened the chat"),
    }
    let mut client = ChatClient::connect(&url(alive)).await.unwrap();
    let end = rig.post("/api/v1/auth/logout");
    let end = end.bearing(&kept["access_token"]).send().await;
    end.expect_nothing();
    assert_eq!(client.closed().await, CloseCode::TokenExpired);
}

async fn docs_token(rig: &Rig, user: &User, fields: &[(&str, &str)]) -> Answer {
    let own = [("username", user.email.as_str()), ("password", PASSWORD)];
    let fields = [&own, fields].concat();
    rig.post("/api/v1/auth/docs-token")
        .form(&fields)
        .send()
        .await
}

#[tokio::test]
async fn the_documentation_logs_in_by_a_form_for_one_access_token() {
    let rig = Rig::start().await;
    let user = rig.member();
    // As Swagger UI sends it.
    let sent = [("grant_type", "password"), ("scope", ""), ("client_id", "")];
    let token = docs_token(&rig, &user, &sent).await.expect(200);
    let keys: Vec<_> = token.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["access_token", "expires_in", "token_type"]);
    let sessions = list(&rig, &token["access_token"]).await;
    assert_eq!(sessions[0]["device_name"], "API documentation");
    let left = format!(
        "SELECT (expires_at <= now() + interval '900 seconds')::text FROM sessions WHERE id = '{}'",
        text(&sessions[0]["uuid"])
    );
    assert_eq!(rig.database().texts(&left), ["true"]);
    docs_token(&rig, &user, &[]).await.expect(200);
}

#[tokio::test]
async fn an_invalid_form_names_its_errors() {
    let rig = Rig::start().await;
    let user = rig.member();
    for (fields, place, code) in [
        (
            &[("grant_type", "refresh_token")][..],
            "/grant_type",
            "grant_type.unknown",
        ),
        (&[("otp", "123456")], "/otp", "unknown"),
        (&[("username", "unknown")], "/username", "email.invalid"),
    ] {
        let answer = docs_token(&rig, &user, fields).await;
        assert_eq!(answer.mistakes(), [(place.to_owned(), code.to_owned())]);
    }
    let wrong = docs_token(&rig, &user, &[("password", "a wrong one")]).await;
    wrong.problem("invalid-credentials");
    let body = json!({"username": user.email.as_str(), "password": PASSWORD});
    let json = rig.post("/api/v1/auth/docs-token").json(&body).send().await;
    assert_eq!(json.status.as_u16(), 415);
    json.problem("unsupported-media");
}

#[tokio::test]
async fn failed_log_ins_and_refreshes_are_limited() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.log_in_account = Quota::new(2, 3_600);
        settings.rate_limits.refresh = Quota::new(1, 3_600);
        settings.rate_limits.failed_refresh = Quota::new(1, 3_600);
    })
    .await;
    let (user, other) = (rig.member(), rig.member());
    let pair = rig.log_in(&user).await;
    for _ in 0..2 {
        let wrong = docs_token(&rig, &user, &[("password", "a wrong one")]).await;
        wrong.problem("invalid-credentials");
    }
    docs_token(&rig, &user, &[]).await.problem("rate-limited");
    let body = json!({"email": user.email.as_str(), "password": PASSWORD});
    let refused = rig.post("/api/v1/auth/token").json(&body).send().await;
    assert_eq!(refused.status.as_u16(), 429);
    refused.problem("rate-limited");
    docs_token(&rig, &other, &[]).await.expect(200);

    let forged = json!("forged");
    refresh(&rig, &forged).await.problem("invalid-token");
    refresh(&rig, &forged).await.problem("rate-limited");
    let pair = refresh(&rig, &pair["refresh_token"]).await.expect(200);
    let refused = refresh(&rig, &pair["refresh_token"]).await;
    refused.problem("rate-limited");
}

#[tokio::test]
async fn the_description_lets_its_reader_log_in_by_the_form() {
    let description = Rig::start().await.description().await;
    let schemes = &description["components"]["securitySchemes"];
    let flow = &schemes["password"]["flows"]["password"];
    assert_eq!(schemes["password"]["type"], "oauth2");
    assert_eq!(flow["tokenUrl"], "/api/v1/auth/docs-token");
    let ways = description["paths"]["/api/v1/me"]["get"]["security"].clone();
    assert_eq!(ways, json!([{"bearer": []}, {"password": []}]));
}
