//! Middleware of every response: request ids, security headers, CORS, caching, compression.

use abu_domain::access::Permission;
use abu_settings::Environment;
use serde_json::json;

use super::support::{Answer, Rig};

const PAGE: &str = "https://alumni.abu.edu.ng";

async fn rig_for_page() -> Rig {
    Rig::start_with(|settings| settings.cors.allowed_origins = vec![PAGE.to_owned()]).await
}

#[tokio::test]
async fn the_callers_request_id_comes_back_unless_it_cannot_be_printed() {
    let rig = Rig::start().await;
    let answer = rig
        .get("/health/live")
        .header("x-request-id", "trace/1-a.b")
        .send()
        .await;
    assert_eq!(answer.header("x-request-id"), "trace/1-a.b");
    let long = "x".repeat(65);
    for id in ["", "two words", &long] {
        let answer = rig.get("/nothing").header("x-request-id", id).send().await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{id}");
        answer.problem("not-found");
    }
}

#[tokio::test]
async fn two_requests_have_two_ids() {
    let rig = Rig::start().await;
    let one = rig.get("/health/live").send().await;
    let other = rig.get("/health/live").send().await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

fn assert_careful(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do() {
    let rig = Rig::start().await;
    let user = rig.user();
    for path in [
        "/api/v1/me",
        "/nothing",
        "/console",
        "/docs/index.html",
        "/problems/not-found",
        "/",
    ] {
        let answer = rig.get(path).by(&user).send().await;
        assert_careful(&answer);
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
    let me = rig.get("/api/v1/me").by(&user).send().await;
    assert_eq!(me.header("content-type"), "application/json");
}

#[tokio::test]
async fn cache_control_separates_public_personal_and_secret_responses() {
    let rig = Rig::start().await;
    let user = rig.user();
    for (call, expected) in [
        (rig.get("/api/v1/me"), "private, no-cache"),
        (rig.get("/api/v1/rooms"), "private, no-cache"),
        (rig.get("/docs/index.html"), "public, max-age=3600"),
        (rig.get("/openapi.json"), "public, max-age=3600"),
        (rig.get("/problems/not-found"), "public, max-age=3600"),
        (rig.get("/nothing"), "no-store"),
        (rig.get("/api/v1/users"), "no-store"),
        (rig.post("/api/v1/auth/ws-ticket"), "no-store"),
    ] {
        let answer = call.by(&user).send().await;
        assert_eq!(answer.header("cache-control"), expected, "{answer:?}");
    }
    let log_in = rig.post("/api/v1/auth/token").json(&json!({
        "email": abu_test_support::ADMIN_EMAIL,
        "password": abu_test_support::ADMIN_PASSWORD,
    }));
    let log_in = log_in.send().await;
    log_in.expect(200);
    assert_eq!(log_in.header("cache-control"), "no-store");
    assert!(!log_in.headers.contains_key("etag"));
}

#[tokio::test]
async fn production_binds_browsers_to_https() {
    let rig = Rig::start_with(|settings| settings.environment = Environment::Production).await;
    for path in ["/health/live", "/nothing"] {
        let answer = rig.get(path).send().await;
        assert!(
            answer
                .header("strict-transport-security")
                .contains("max-age=")
        );
    }
}

async fn preflight(rig: &Rig, origin: &str, method: &str, headers: &str) -> Answer {
    rig.call("OPTIONS", "/api/v1/rooms")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
        .send()
        .await
}

#[tokio::test]
async fn a_page_on_the_list_may_ask_and_read() {
    let rig = rig_for_page().await;
    let user = rig.user();
    let allowed = preflight(&rig, PAGE, "PATCH", "authorization,content-type,if-match").await;
    assert_eq!(allowed.status.as_u16(), 200);
    assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
    assert!(
        allowed
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");

    let answer = rig
        .get("/api/v1/me")
        .by(&user)
        .header("origin", PAGE)
        .send()
        .await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    let exposed = answer
        .header("access-control-expose-headers")
        .to_lowercase();
    for name in ["x-request-id", "etag", "link", "location", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert!(answer.header("vary").to_lowercase().contains("origin"));
}

#[tokio::test]
async fn a_page_on_the_list_may_read_problems_too() {
    let rig = rig_for_page().await;
    for path in ["/nothing", "/api/v1/me", "/api/v1/me?x=1"] {
        let answer = rig.get(path).header("origin", PAGE).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{path}");
    }
}

#[tokio::test]
async fn a_foreign_origin_gets_no_cors_headers() {
    let rig = rig_for_page().await;
    let user = rig.user();
    for origin in ["https://evil.example", "null", "http://alumni.abu.edu.ng"] {
        let refused = preflight(&rig, origin, "GET", "authorization").await;
        assert_eq!(refused.status.as_u16(), 400);
        for name in ["origin", "credentials"] {
            let name = format!("access-control-allow-{name}");
            assert!(!refused.headers.contains_key(&name));
        }
        refused.problem("bad-request");
        let answer = rig
            .get("/api/v1/me")
            .by(&user)
            .header("origin", origin)
            .send()
            .await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    preflight(&rig, PAGE, "TRACE", "authorization")
        .await
        .problem("bad-request");
    preflight(&rig, PAGE, "GET", "x-evil")
        .await
        .problem("bad-request");
}

#[tokio::test]
async fn answers_are_compressed_for_who_can_read_that() {
    let rig = Rig::start().await;
    let plain = rig.get("/openapi.json").send().await;
    assert!(!plain.headers.contains_key("content-encoding"));
    let packed = rig
        .get("/openapi.json")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let varies = packed.headers.get_all("vary").iter();
    let mut varies = varies.map(|value| value.to_str().unwrap().to_lowercase());
    assert!(varies.any(|value| value.contains("accept-encoding")));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    assert!(packed.body.len() < plain.body.len() / 4);
}

#[tokio::test]
async fn a_page_of_a_list_is_compressed_too() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    for _ in 0..20 {
        rig.user();
    }
    let plain = rig.get("/api/v1/users").by(&viewer).send().await;
    let packed = rig.get("/api/v1/users").by(&viewer);
    let packed = packed.header("accept-encoding", "gzip").send().await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < plain.body.len() / 3);
}

#[tokio::test]
async fn a_problem_is_readable_whatever_encoding_was_asked_for() {
    let rig = Rig::start().await;
    let answer = rig
        .get("/nothing")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    answer.problem("not-found");
    let refused = rig
        .get("/health/live")
        .header("accept-encoding", "identity;q=0, x-odd");
    let refused = refused.send().await;
    assert_eq!(refused.status.as_u16(), 406);
    refused.problem("not-acceptable");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let rig = Rig::start().await;
    let get = rig.get("/health/live").send().await;
    let head = rig.call("HEAD", "/health/live").send().await;
    assert_eq!(head.status, get.status);
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert!(head.body.is_empty());
    let missing = rig.call("HEAD", "/nothing").send().await;
    assert_eq!(missing.status.as_u16(), 404);
}

#[tokio::test]
async fn health_tells_whether_the_process_answers_and_whether_it_serves() {
    let rig = Rig::start().await;
    let live = rig.get("/health/live").send().await.expect(200);
    assert_eq!(live, json!({"status": "live"}));
    let ready = rig.get("/health/ready").send().await.expect(200);
    assert_eq!(ready, json!({"status": "ready"}));
}
