//! Every problem kind that a single request can produce.

use std::{collections::BTreeSet, time::Duration};

use abu_application::{identity::ports::AccessTokens, platform::readiness::ServingState};
use abu_domain::{UserId, access::Permission};
use abu_rest::{Problem, ProblemKind};
use abu_security::JwtTokens;
use abu_settings::Settings;
use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD, ChatClient, SECRET, session_of};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    super::support::{Answer, PASSWORD, Rig},
    Record,
};

const KEY: &str = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41";

fn settings(settings: &mut Settings) {
    settings.rate_limits.enabled = false;
    settings.server.max_body_bytes = 2_000;
    settings.directory.search_timeout = Duration::from_millis(200);
    settings.chat.max_sessions_per_user = 1;
}

/// A token that was good an hour ago.
fn expired_token(user: UserId) -> String {
    let (issuer, then) = ("abu-alumni-connect", Utc::now() - TimeDelta::hours(1));
    let lifetime = Duration::from_secs(60);
    let tokens = JwtTokens::new(&SECRET.into(), issuer, issuer, lifetime);
    let issued = tokens.issue(user, session_of(user), Uuid::new_v4(), then);
    issued.unwrap().token
}

async fn log_in(rig: &Rig, email: &str, password: &str) -> Answer {
    rig.try_log_in(email, password).await
}

async fn refresh(rig: &Rig, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    rig.post("/api/v1/auth/refresh").json(&body).send().await
}

/// A WebSocket handshake that is refused.
async fn handshake(rig: &Rig, token: &str, origin: Option<&str>) -> Answer {
    let call = rig
        .get(&format!("/chat?token={token}"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    match origin {
        Some(origin) => call.header("origin", origin).send().await,
        None => call.send().await,
    }
}

/// Malformed requests.
async fn misshapen(rig: &Rig) -> Vec<Answer> {
    let user = rig.user();
    let log_in = || rig.post("/api/v1/auth/token");
    let json = |body: String| {
        log_in()
            .header("content-type", "application/json")
            .body(body)
    };
    let open = |key: &str, name: &str| {
        let room = json!({"kind": "group", "name": name, "member_ids": []});
        let call = rig.post("/api/v1/rooms").by(&user).json(&room);
        call.header("idempotency-key", key).send()
    };
    open(KEY, "first").await.expect(201);
    let preflight = rig.call("OPTIONS", "/api/v1/rooms");
    let preflight = preflight.header("origin", "https://evil.example");
    let picky = rig.get("/health/live");
    vec![
        preflight
            .header("access-control-request-method", "GET")
            .send()
            .await,
        json("{".to_owned()).send().await,
        rig.get("/api/v1/rooms?limti=5").by(&user).send().await,
        rig.get("/api/v1/rooms?cursor=x").by(&user).send().await,
        rig.get("/nothing").send().await,
        rig.delete("/api/v1/me").by(&user).send().await,
        picky
            .header("accept-encoding", "identity;q=0, x-odd")
            .send()
            .await,
        json("x".repeat(3_000)).send().await,
        log_in()
            .header("content-type", "text/plain")
            .body("{}")
            .send()
            .await,
        log_in().json(&json!({"email": "nowhere"})).send().await,
        rig.get("/chat").by(&user).send().await,
        open("1", "first").await,
        open(KEY, "second").await,
    ]
}

/// Requests refused because of the caller.
async fn unauthorized(rig: &Rig) -> Vec<Answer> {
    let me = |token: &str| rig.get("/api/v1/me").with(token).send();
    let user = rig.member();
    let enrolled = rig.member();
    let (owing, hidden) = (rig.holder_of(&[Permission::ViewUser]), rig.user());
    let suspended = rig.database().user().suspended().create();
    rig.database().execute(&format!(
        "INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
             VALUES ('{}', '\\x00', now(), now());
         UPDATE sessions SET totp_due = true WHERE user_id = '{}';
         UPDATE users SET deactivated_at = now() WHERE id = '{}'",
        enrolled.id, owing.id, hidden.id
    ));
    let first = rig.log_in(&user).await["refresh_token"].clone();
    let first = first.as_str().unwrap();
    let second = refresh(rig, first).await.expect(200)["refresh_token"].clone();
    refresh(rig, second.as_str().unwrap()).await.expect(200);
    let connected = rig.user();
    let token = rig.server.token(connected.id);
    let _session = ChatClient::connect(&rig.server.chat_url(connected.id))
        .await
        .unwrap();
    vec![
        rig.get("/api/v1/me").send().await,
        me("a.b.c").await,
        me(&expired_token(user.id)).await,
        log_in(rig, ADMIN_EMAIL, "a wrong password").await,
        log_in(rig, enrolled.email.as_str(), PASSWORD).await,
        refresh(rig, first).await,
        rig.get("/api/v1/users").by(&user).send().await,
        rig.get("/api/v1/users").by(&owing).send().await,
        rig.get(&format!("/api/v1/profiles/{KEY}"))
            .by(&user)
            .send()
            .await,
        rig.get("/api/v1/me").by(&suspended).send().await,
        rig.get("/api/v1/rooms").by(&hidden).send().await,
        handshake(rig, &token, Some("https://evil.example")).await,
        handshake(rig, &token, None).await,
    ]
}

/// Requests that conflict with the stored state.
async fn untimely(rig: &Rig) -> Vec<Answer> {
    let admin = rig.log_in_as(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let owner = rig.user();
    let room = rig.database().group(owner.id).archived().create().id;
    let role = json!({"name": "member"});
    let reset = format!("/api/v1/auth/reset-password/{KEY}");
    let change = json!({"description": "Ours.", "permissions": []});
    let put = || rig.put("/api/v1/roles/member").with(&admin).json(&change);
    let say = json!({"message": "sannu", "client_message_id": KEY});
    let say = rig
        .post(&format!("/api/v1/rooms/{room}/messages"))
        .json(&say);
    vec![
        say.by(&owner).send().await,
        rig.post("/api/v1/roles")
            .with(&admin)
            .json(&role)
            .send()
            .await,
        rig.post(&reset)
            .json(&json!({"password": PASSWORD}))
            .send()
            .await,
        put().header("if-match", "\"stale\"").send().await,
        put().send().await,
    ]
}

/// Requests that meet a faulty or draining server; no later request succeeds.
async fn broken(rig: &Rig) -> Vec<Answer> {
    let user = rig.verified_user();
    let held = rig.database().lock("directory_entries");
    let late = rig.get("/api/v1/alumni").by(&user).send().await;
    drop(held);
    rig.database().execute("ALTER TABLE rooms RENAME TO gone");
    let fault = rig.get("/api/v1/rooms").by(&user).send().await;
    rig.server.readiness().set(ServingState::Draining);
    vec![late, fault, rig.get("/health/ready").send().await]
}

/// Records all headers, not only those that belong to the problem.
#[tokio::test]
async fn every_kind_of_problem_is_as_recorded() {
    let rig = Rig::start_with(settings).await;
    let mut met = misshapen(&rig).await;
    met.extend(unauthorized(&rig).await);
    met.extend(untimely(&rig).await);
    met.extend(broken(&rig).await);
    let mut record = Record::default();
    let mut kinds = BTreeSet::new();
    for answer in met {
        let kind = answer.json()["type"].as_str().unwrap().to_owned();
        record.whole(&kind, &answer);
        assert!(kinds.insert(kind), "{answer:?}");
    }
    for problem in [Problem::rate_limited(12), Problem::unavailable("a cause")] {
        let kind = problem.kind().address();
        record.rendered(&kind, &problem);
        kinds.insert(kind);
    }
    let all = ProblemKind::ALL.iter().map(|kind| kind.address());
    assert_eq!(kinds, all.collect());
    record.assert_recorded("kinds");
}
