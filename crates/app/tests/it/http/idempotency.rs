//! Idempotency keys: a retried request takes effect once.

use abu_domain::identity::user::User;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::{spawn_blocking, yield_now},
};
use uuid::Uuid;

use super::{
    redaction::{access_line, listen},
    support::{Answer, Call, Rig},
};

fn key() -> String {
    Uuid::new_v4().to_string()
}

fn group(name: &str) -> Value {
    json!({"kind": "group", "name": name, "member_ids": []})
}

/// Asks for a room of this name.
fn open<'a>(rig: &'a Rig, user: &User, key: &str, name: &str) -> Call<'a> {
    let call = rig.post("/api/v1/rooms").by(user);
    call.header("idempotency-key", key).json(&group(name))
}

async fn rooms_of(rig: &Rig, user: &User) -> usize {
    let rooms = rig.get("/api/v1/rooms").by(user).send().await.expect(200);
    rooms["items"].as_array().unwrap().len()
}

fn is_replayed(answer: &Answer) -> bool {
    let header = answer.headers.get("idempotency-replayed");
    header.is_some_and(|value| value == "true")
}

/// Fails unless the database knows of so many keys.
fn assert_keys(rig: &Rig, expected: usize) {
    rig.database().execute(&format!(
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM idempotency_keys) = {expected}; END $$"
    ));
}

/// Returns once a request waits for a table that is held back.
async fn a_request_is_blocked(rig: &Rig) {
    let database = rig.database().clone();
    spawn_blocking(move || database.wait_for_blocked(1))
        .await
        .unwrap();
}

/// A server that may be asked again and again.
async fn patient_rig() -> Rig {
    Rig::start_with(|settings| settings.rate_limits.enabled = false).await
}

/// Asks until the first request with the key is no longer under way.
async fn settled(rig: &Rig, user: &User, key: &str, name: &str) -> Answer {
    loop {
        let answer = open(rig, user, key, name).send().await;
        if answer.status != StatusCode::CONFLICT {
            return answer;
        }
        yield_now().await;
    }
}

#[tokio::test]
async fn what_is_sent_again_is_answered_again_and_done_once() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let first = open(&rig, &user, &key, "once").send().await;
    assert!(!is_replayed(&first));
    let room = first.expect(201);
    let quoted = format!("\"{}\"", key.to_uppercase());
    for spelling in [&key, &quoted] {
        let again = open(&rig, &user, spelling, "once").send().await;
        assert!(is_replayed(&again));
        assert_eq!(again.expect(201), room);
        for header in ["location", "content-type", "cache-control"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(rooms_of(&rig, &user).await, 1);
}

#[tokio::test]
async fn without_a_key_nothing_is_remembered() {
    let rig = Rig::start().await;
    let user = rig.user();
    for _ in 0..2 {
        let call = rig.post("/api/v1/rooms").by(&user).json(&group("twice"));
        call.send().await.expect(201);
    }
    assert_eq!(rooms_of(&rig, &user).await, 2);
    assert_keys(&rig, 0);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    open(&rig, &user, &key, "one").send().await.expect(201);
    let other = open(&rig, &user, &key, "another").send().await;
    assert_eq!(other.status.as_u16(), 422);
    other.problem("idempotency-key-reused");
    let again = open(&rig, &user, &key, "one").send().await;
    assert!(is_replayed(&again));
}

#[tokio::test]
async fn a_key_is_scoped_to_its_user_and_route() {
    let rig = Rig::start().await;
    let (user, other, key) = (rig.user(), rig.user(), key());
    let room = open(&rig, &user, &key, "mine").send().await.expect(201);
    let theirs = open(&rig, &other, &key, "mine").send().await;
    assert!(!is_replayed(&theirs));
    assert_ne!(theirs.expect(201)["uuid"], room["uuid"]);

    let members = format!("/api/v1/rooms/{}/members", room["uuid"].as_str().unwrap());
    let call = rig.post(&members).by(&user).header("idempotency-key", &key);
    let added = call.json(&json!({"member_ids": [other.id.uuid()]}));
    let added = added.send().await;
    assert!(
        added.status.is_success() && !is_replayed(&added),
        "{added:?}"
    );
    assert_keys(&rig, 3);
}

#[tokio::test]
async fn one_key_on_two_rooms_of_one_route_is_one_key() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let mut answers = Vec::new();
    for _ in 0..2 {
        let room = rig.database().group(user.id).create().id;
        let call = rig.post(&format!("/api/v1/rooms/{room}/members")).by(&user);
        let call = call.header("idempotency-key", &key);
        answers.push(call.json(&json!({"member_ids": []})).send().await);
    }
    assert!(answers[0].status.is_success());
    answers[1].problem("idempotency-key-reused");
}

#[tokio::test]
async fn a_replayed_refusal_carries_the_new_request_id() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let nowhere = format!("/api/v1/rooms/{}/members", Uuid::new_v4());
    let no_member = json!({"member_ids": []});
    let ask = || {
        let call = rig.post(&nowhere).by(&user);
        call.header("idempotency-key", &key).json(&no_member).send()
    };
    let (first, again) = (ask().await, ask().await);
    assert!(!is_replayed(&first) && is_replayed(&again));
    // This also holds the document's `instance` against the request's id.
    again.problem("not-found");
    let (mut first, mut again) = (first.json(), again.json());
    assert_ne!(first["instance"], again["instance"]);
    (first["instance"], again["instance"]) = (Value::Null, Value::Null);
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_retry_during_the_first_request_gets_retry_after() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let held = rig.database().hold("rooms");
    let first = open(&rig, &user, &key, "slow").send();
    let meanwhile = async {
        a_request_is_blocked(&rig).await;
        let second = open(&rig, &user, &key, "slow").send().await;
        let other = open(&rig, &user, &key, "other").send().await;
        drop(held);
        (second, other)
    };
    let (first, (second, other)) = tokio::join!(first, meanwhile);
    assert_eq!(second.status.as_u16(), 409);
    let problem = second.problem("conflict");
    assert_eq!(problem["code"], "idempotency-in-flight");
    assert_eq!(
        problem["retry_after"].to_string(),
        second.header("retry-after")
    );
    other.problem("idempotency-key-reused");

    let room = first.expect(201);
    let third = open(&rig, &user, &key, "slow").send().await;
    assert!(is_replayed(&third));
    assert_eq!(third.expect(201), room);
    assert_eq!(rooms_of(&rig, &user).await, 1);
}

#[tokio::test]
async fn of_two_at_the_same_moment_one_is_carried_out() {
    let rig = patient_rig().await;
    let user = rig.user();
    for round in 1..=5 {
        let key = key();
        let (one, other) = tokio::join!(
            open(&rig, &user, &key, "once").send(),
            open(&rig, &user, &key, "once").send(),
        );
        let fresh = |answer: &Answer| answer.status.as_u16() == 201 && !is_replayed(answer);
        assert!(fresh(&one) != fresh(&other), "{one:?} {other:?}");
        let room = settled(&rig, &user, &key, "once").await.expect(201);
        for answer in [one, other] {
            match answer.status.as_u16() {
                201 => assert_eq!(answer.json(), room),
                _ => assert_eq!(answer.problem("conflict")["code"], "idempotency-in-flight"),
            }
        }
        assert_eq!(rooms_of(&rig, &user).await, round);
    }
}

/// Sends a request, and leaves its answer on the connection.
async fn send_and_leave(rig: &Rig, user: &User, key: &str, id: &str, name: &str) -> TcpStream {
    let body = group(name).to_string();
    let head = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nhost: abu\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nidempotency-key: {key}\r\n\
         x-request-id: {id}\r\n\r\n",
        rig.server.token(user.id),
        body.len(),
    );
    let mut connection = TcpStream::connect(rig.server.address()).await.unwrap();
    connection
        .write_all((head + &body).as_bytes())
        .await
        .unwrap();
    connection
}

#[tokio::test]
async fn a_client_that_disconnects_gets_the_response_on_retry() {
    listen();
    let rig = patient_rig().await;
    let (user, key, id) = (rig.user(), key(), format!("vanished-{}", Uuid::new_v4()));
    let held = rig.database().hold("rooms");
    let connection = send_and_leave(&rig, &user, &key, &id, "kept").await;
    a_request_is_blocked(&rig).await;
    // Without lingering a close resets the connection: the server hears of it at once.
    connection.set_zero_linger().unwrap();
    drop(connection);
    let line = spawn_blocking(move || access_line(&id)).await.unwrap();
    assert!(line.contains("POST /api/v1/rooms -"), "{line}");

    drop(held);
    let answer = settled(&rig, &user, &key, "kept").await;
    assert!(is_replayed(&answer));
    assert_eq!(answer.expect(201)["name"], "kept");
    assert_eq!(rooms_of(&rig, &user).await, 1);
}

#[tokio::test]
async fn accounts_deactivate_and_reactivate_with_an_idempotency_key() {
    let rig = Rig::start().await;
    let user = rig.user();
    for path in ["deactivate", "reactivate"] {
        let call = rig.post(&format!("/api/v1/me/{path}")).by(&user);
        let call = call.header("idempotency-key", &key());
        call.send().await.expect_nothing();
    }
}

#[tokio::test]
async fn an_invalid_token_does_not_matter_on_public_routes() {
    let rig = Rig::start().await;
    let user = rig.user();
    let ask = || {
        let call = rig.post("/api/v1/auth/forgot-password").by(&user);
        let call = call.json(&json!({"email": "unknown@example.com"}));
        call.header("idempotency-key", &key()).send()
    };
    assert_eq!(ask().await.status, StatusCode::ACCEPTED);
    rig.database()
        .execute("UPDATE sessions SET revoked_at = now(), revoked_because = 'log-out'");
    assert_eq!(ask().await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_fault_lets_the_key_go() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let rename = |from: &str, to: &str| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        rig.database().execute(&statement);
    };
    rename("rooms", "gone");
    let fault = open(&rig, &user, &key, "room").send().await;
    assert_eq!(fault.status.as_u16(), 500);
    fault.problem("internal-error");
    assert_keys(&rig, 0);
    rename("gone", "rooms");
    let again = open(&rig, &user, &key, "room").send().await;
    assert!(!is_replayed(&again));
    again.expect(201);
}

#[tokio::test]
async fn a_corrected_form_may_reuse_its_key() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let refused = open(&rig, &user, &key, "").send().await;
    refused.problem("validation-failed");
    let mended = open(&rig, &user, &key, "room").send().await;
    assert!(!is_replayed(&mended));
    mended.expect(201);
}

#[tokio::test]
async fn an_unauthenticated_or_rate_limited_request_uses_no_key() {
    let rig = Rig::start_with(|settings| {
        settings.chat.messages_per_minute = 1;
    })
    .await;
    let (user, key) = (rig.user(), key());
    let anonymous = rig.post("/api/v1/rooms").header("idempotency-key", &key);
    let anonymous = anonymous.json(&group("room")).send().await;
    anonymous.problem("authentication-required");

    let room = rig.database().group(user.id).create().id;
    let say = |key: &str| {
        let call = rig
            .post(&format!("/api/v1/rooms/{room}/messages"))
            .by(&user);
        let message = json!({"message": "sannu", "client_message_id": Uuid::new_v4()});
        call.header("idempotency-key", key).json(&message).send()
    };
    say(&Uuid::new_v4().to_string()).await.expect(201);
    say(&key).await.problem("rate-limited");
    // The one message that was sent.
    assert_keys(&rig, 1);
}

#[tokio::test]
async fn tokens_and_tickets_are_never_kept() {
    let rig = Rig::start().await;
    let (user, key) = (rig.user(), key());
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let call = rig.post("/api/v1/auth/token").json(&json!({
            "email": abu_test_support::ADMIN_EMAIL,
            "password": abu_test_support::ADMIN_PASSWORD,
        }));
        let answer = call.header("idempotency-key", &key).send().await;
        assert!(!is_replayed(&answer));
        secrets.push(answer.expect(200)["access_token"].clone());

        let call = rig.post("/api/v1/auth/ws-ticket").by(&user);
        let answer = call.header("idempotency-key", &key).send().await;
        assert!(!is_replayed(&answer));
        secrets.push(answer.expect(200)["ticket"].clone());
    }
    assert_ne!(secrets[0], secrets[2]);
    assert_ne!(secrets[1], secrets[3]);
    assert_keys(&rig, 0);
}

#[tokio::test]
async fn a_malformed_key_is_refused_on_every_post_and_ignored_elsewhere() {
    let rig = Rig::start().await;
    let user = rig.user();
    for path in [
        "/api/v1/rooms",
        "/api/v1/auth/token",
        "/api/v1/auth/ws-ticket",
    ] {
        for key in ["", "1", "3f0f6a3e6f0a4c7e9d576a1a5f0c2b41"] {
            let call = rig.post(path).by(&user).json(&group("room"));
            let answer = call.header("idempotency-key", key).send().await;
            assert_eq!(answer.status.as_u16(), 400, "{path} {key:?}");
            answer.problem("idempotency-key-invalid");
        }
    }
    let me = rig.get("/api/v1/me").by(&user);
    me.header("idempotency-key", "1").send().await.expect(200);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_a_key_too() {
    let rig = Rig::start_with(|settings| settings.server.max_body_bytes = 2_000).await;
    let user = rig.user();
    let large = open(&rig, &user, &key(), &"x".repeat(2_000)).send().await;
    assert_eq!(large.status.as_u16(), 413);
    large.problem("payload-too-large");
    assert_keys(&rig, 0);
}

#[tokio::test]
async fn where_the_key_cannot_be_claimed_nothing_is_done() {
    let rig = Rig::start().await;
    let user = rig.user();
    rig.database()
        .execute("ALTER TABLE idempotency_keys RENAME TO gone");
    let answer = open(&rig, &user, &key(), "room").send().await;
    answer.problem("internal-error");
    assert_eq!(rooms_of(&rig, &user).await, 0);
}

#[tokio::test]
async fn passwords_are_not_recognizable_in_what_is_kept() {
    use abu_domain::access::Permission;

    let rig = Rig::start().await;
    let creator = rig.holder_of(&[Permission::CreateUser]);
    let key = key();
    let body = json!({
        "email": "amina@example.com",
        "password": "correct horse battery",
        "firstname": "Amina",
        "lastname": "Bello",
    });
    for replayed in [false, true] {
        let call = rig.post("/api/v1/users").by(&creator).json(&body);
        let answer = call.header("idempotency-key", &key).send().await;
        answer.expect(201);
        assert_eq!(is_replayed(&answer), replayed);
    }
    // Neither the password nor an unkeyed digest of it.
    rig.database().execute(&format!(
        "DO $$ BEGIN ASSERT (SELECT bool_and(
             position('horse'::bytea in body) = 0 AND request_hash <> sha256('{body}'::bytea))
         FROM idempotency_keys); END $$"
    ));
}

#[tokio::test]
async fn pages_may_send_a_key() {
    let page = "https://alumni.abu.edu.ng";
    let rig = Rig::start_with(|settings| settings.cors.allowed_origins = vec![page.to_owned()]);
    let rig = rig.await;
    let call = rig.call("OPTIONS", "/api/v1/rooms").header("origin", page);
    let call = call
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "idempotency-key");
    let allowed = call.send().await;
    assert_eq!(allowed.status.as_u16(), 200);
    let headers = allowed
        .header("access-control-allow-headers")
        .to_lowercase();
    assert!(headers.contains("idempotency-key"), "{headers}");
}
