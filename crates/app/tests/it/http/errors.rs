//! Problem documents (RFC 9457) for every error.

use std::{io::Write, time::Duration};

use abu_application::identity::ports::AccessTokens;
use abu_domain::{UserId, access::Permission};
use abu_security::JwtTokens;
use chrono::{TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use uuid::Uuid;

use super::support::{Rig, pairs};

#[tokio::test]
async fn a_body_that_is_no_json_object_is_malformed() {
    let rig = Rig::start().await;
    for body in ["", "{", "[]", "{\"email\": \"a\" \"b\"}", "\u{feff}{}"] {
        let call = rig.post("/api/v1/auth/token");
        let answer = call.header("content-type", "application/json").body(body);
        let answer = answer.send().await;
        assert_eq!(answer.status.as_u16(), 400, "{body:?}");
        answer.problem("malformed-json");
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let rig = Rig::start().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "json",
        "",
    ] {
        let call = rig.post("/api/v1/auth/token");
        let answer = call.header("content-type", content_type).body("{}");
        let answer = answer.send().await;
        assert_eq!(answer.status.as_u16(), 415, "{content_type:?}");
        answer.problem("unsupported-media");
    }
}

#[tokio::test]
async fn media_types_and_encodings_are_compared_in_any_case() {
    let rig = Rig::start().await;
    let user = rig.user();
    for (content_type, encoding) in [
        ("Application/JSON; charset=UTF-8", "Identity"),
        ("APPLICATION/MERGE-PATCH+JSON", "GZip"),
    ] {
        let body = match encoding {
            "GZip" => packed(b"{}"),
            _ => b"{}".to_vec(),
        };
        let call = rig.patch("/api/v1/me").by(&user);
        let call = call.header("content-type", content_type);
        let answer = call.header("content-encoding", encoding).body(body);
        answer.send().await.expect(200);
    }
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_in_an_unknown_encoding_is_refused() {
    let rig = Rig::start().await;
    let user = rig.user();
    for encoding in ["br", "deflate", "x-gzip", "gzip, gzip", "x-foo", ""] {
        for path in ["/api/v1/rooms", "/api/v1/me/emails"] {
            let call = rig.post(path).by(&user).json(&json!({}));
            let call = call.header("idempotency-key", &Uuid::new_v4().to_string());
            let answer = call.header("content-encoding", encoding).send().await;
            assert_eq!(answer.status.as_u16(), 415, "{encoding:?}");
            answer.problem("unsupported-media");
        }
    }
}

#[tokio::test]
async fn the_limit_of_a_body_counts_what_it_is_decoded_to() {
    let rig = Rig::start_with(|settings| settings.server.max_body_bytes = 20_000).await;
    let bomb = packed(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < 20_000);
    let call = rig.post("/api/v1/auth/token");
    let call = call.header("content-type", "application/json");
    let call = call.header("content-encoding", "gzip").body(bomb);
    call.send().await.problem("payload-too-large");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_with_or_without_content_length() {
    let rig = Rig::start_with(|settings| settings.server.max_body_bytes = 2_000).await;
    let large = json!({"email": "a@example.com", "password": "x".repeat(2_000)});
    let call = rig.post("/api/v1/auth/token").json(&large);
    let answer = call.send().await;
    assert_eq!(answer.status.as_u16(), 413);
    answer.problem("payload-too-large");

    let call = rig
        .post("/api/v1/auth/token")
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .body(large.to_string());
    call.send().await.problem("payload-too-large");
}

#[tokio::test]
async fn every_violation_in_a_body_is_named_at_once_and_a_type_error_before() {
    let rig = Rig::start().await;
    let creator = rig.holder_of(&[Permission::CreateUser]);
    let good = json!({
        "email": "nowhere",
        "password": "short",
        "firstname": "",
        "lastname": "Bello",
        "phone": "12",
    });
    let all = [
        ("/email", "email.invalid"),
        ("/password", "password.length"),
        ("/firstname", "name.length"),
        ("/phone", "phone.invalid"),
    ];
    for (field, value, expected) in [
        ("middlename", json!(null), &all[..]),
        ("middlename", json!(7), &[("/middlename", "type.text")]),
        ("is_superuser", json!(true), &[("/is_superuser", "unknown")]),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let call = rig.post("/api/v1/users").by(&creator).json(&body);
        assert_eq!(call.send().await.mistakes(), pairs(expected), "{body}");
    }
}

#[tokio::test]
async fn what_the_description_does_not_hold_is_not_there() {
    let rig = Rig::start().await;
    for path in [
        "/nothing",
        "/api/v1",
        "/api/v1/",
        "/api/v2/me",
        "/api/v1/me/",
        "/api/v1/users/1/2",
        "/docs/../Cargo.toml",
        "/docs/%2e%2e%2fCargo.toml",
        "/docs/nothing.js",
        "/console/nothing.js",
        "/console/../Cargo.toml",
        "/problems/nothing",
    ] {
        let answer = rig.get(path).send().await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        answer.problem("not-found");
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_the_same_as_one_of_nothing() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    for id in ["7", "x", "%00", "00000000-0000-0000-0000-00000000000g"] {
        let answer = rig.get(&format!("/api/v1/users/{id}")).by(&viewer);
        let answer = answer.send().await;
        assert_eq!(answer.status.as_u16(), 404, "{id}");
        answer.problem("not-found");
    }
    let unknown = "/api/v1/users/00000000-0000-4000-8000-000000000000";
    rig.get(unknown)
        .by(&viewer)
        .send()
        .await
        .problem("not-found");
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_are_possible() {
    let rig = Rig::start().await;
    for (method, path, allowed) in [
        ("DELETE", "/api/v1/me", "GET, HEAD, PATCH"),
        ("GET", "/api/v1/auth/token", "POST"),
        ("PUT", "/api/v1/users", "GET, POST, HEAD"),
        ("BREW", "/api/v1/me", "GET, HEAD, PATCH"),
        ("OPTIONS", "/api/v1/me", "GET, HEAD, PATCH"),
    ] {
        let answer = rig.call(method, path).send().await;
        assert_eq!(answer.status.as_u16(), 405, "{method} {path}");
        let mut shown: Vec<&str> = answer.header("allow").split(", ").collect();
        let mut allowed: Vec<&str> = allowed.split(", ").collect();
        shown.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(shown, allowed, "{method} {path}");
        answer.problem("method-not-allowed");
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_and_not_echoed() {
    let rig = Rig::start().await;
    let user = rig.user();
    for path in [
        "/api/v1/me?x=secret",
        "/api/v1/rooms?limti=5",
        "/health/live?secret",
        "/openapi.json?secret=1",
        "/chat?tokne=secret",
    ] {
        let answer = rig.get(path).by(&user).send().await;
        assert_eq!(answer.status.as_u16(), 400, "{path}");
        let problem = answer.problem("unknown-parameter");
        assert!(!problem.to_string().contains("secret"), "{problem}");
        assert!(!problem.to_string().contains("limti"), "{problem}");
    }
}

#[tokio::test]
async fn a_parameter_of_a_wrong_value_is_named() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let query = "limit=0&is_active=perhaps&verification=x&created_after=today&q=%00&group=";
    let answer = rig.get(&format!("/api/v1/users?{query}")).by(&viewer);
    assert_eq!(
        answer.send().await.mistakes(),
        pairs(&[
            ("limit", "limit.range"),
            ("q", "text.short"),
            ("group", "text.short"),
            ("is_active", "flag.invalid"),
            ("verification", "verification.unknown"),
            ("created_after", "time.invalid"),
        ])
    );
}

#[tokio::test]
async fn a_refused_token_names_its_reason() {
    let rig = Rig::start().await;
    let answer = rig.get("/api/v1/me").send().await;
    assert_eq!(answer.status.as_u16(), 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.problem("authentication-required");

    for value in ["Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi"] {
        let answer = rig.get("/api/v1/me").header("authorization", value);
        let answer = answer.send().await;
        assert_eq!(answer.status.as_u16(), 401, "{value}");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
        answer.problem("invalid-token");
    }
}

#[tokio::test]
async fn expired_and_foreign_tokens_have_different_problems() {
    let rig = Rig::start().await;
    let user = rig.user();
    let minted = |secret: &str, age: i64| {
        let ttl = Duration::from_secs(60);
        let issuer = "abu-alumni-connect";
        let tokens = JwtTokens::new(&secret.into(), issuer, issuer, ttl);
        let then = Utc::now() - TimeDelta::seconds(age);
        let issued = tokens.issue(
            user.id,
            abu_test_support::session_of(user.id),
            Uuid::new_v4(),
            then,
        );
        format!("bearer {}", issued.unwrap().token)
    };
    let ours = abu_test_support::SECRET;
    let theirs = "another secret that is long enough";
    for (token, slug) in [
        (minted(ours, 3_600), "token-expired"),
        (minted(theirs, 0), "invalid-token"),
        (minted(theirs, 3_600), "invalid-token"),
    ] {
        let answer = rig.get("/api/v1/me").header("authorization", &token);
        answer.send().await.problem(slug);
    }
    let good = rig
        .get("/api/v1/me")
        .header("authorization", &minted(ours, 0));
    good.send().await.expect(200);
}

#[tokio::test]
async fn a_suspended_account_and_one_that_is_gone_are_refused() {
    let rig = Rig::start().await;
    let suspended = rig.database().user().suspended().create();
    let answer = rig.get("/api/v1/me").by(&suspended).send().await;
    assert_eq!(answer.status.as_u16(), 403);
    answer.problem("account-suspended");

    let unknown = UserId::new(Uuid::new_v4());
    let answer = rig.get("/api/v1/rooms").by_id(unknown).send().await;
    assert_eq!(answer.status.as_u16(), 401);
    answer.problem("invalid-token");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let rig = Rig::start().await;
    let answer = rig.get("/api/v1/users").by(&rig.user()).send().await;
    assert_eq!(answer.status.as_u16(), 403);
    let problem = answer.problem("permission-denied");
    assert_eq!(problem["required"], json!(["can_view_user"]));
}
