//! Sessions whose refresh token is in a cookie.

use abu_domain::identity::user::User;
use abu_settings::Environment;
use serde_json::{Value, json};

use super::{
    post::Post,
    support::{Answer, Call, PASSWORD, Rig, pairs},
};

const PAGE: &str = "https://alumni.abu.edu.ng";
const ATTRIBUTES: &str = "Path=/api/v1/auth; Max-Age=5184000; HttpOnly; Secure; SameSite=Strict";
const CLEARED: &str =
    "refresh_token=; Path=/api/v1/auth; Max-Age=0; HttpOnly; Secure; SameSite=Strict";

async fn rig_for_page() -> Rig {
    Rig::start_with(|settings| settings.cors.allowed_origins = vec![PAGE.to_owned()]).await
}

async fn log_in(rig: &Rig, user: &User) -> Answer {
    let body = json!({"email": user.email.as_str(), "password": PASSWORD, "session": "cookie"});
    rig.post("/api/v1/auth/token").json(&body).send().await
}

/// Name and value of the cookie that an answer sets, as a browser sends them back.
#[track_caller]
fn cookie(answer: &Answer) -> String {
    let (pair, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert_eq!(attributes, ATTRIBUTES);
    pair.to_owned()
}

fn with_cookie<'a>(rig: &'a Rig, path: &str, cookie: &str) -> Call<'a> {
    rig.post(path).header("cookie", cookie)
}

async fn refresh(rig: &Rig, cookie: &str) -> Answer {
    let call = with_cookie(rig, "/api/v1/auth/refresh", cookie);
    call.header("origin", PAGE).send().await
}

async fn is_accepted(rig: &Rig, tokens: &Value) -> bool {
    let me = rig.get("/api/v1/me").bearing(&tokens["access_token"]);
    me.send().await.status.as_u16() == 200
}

#[tokio::test]
async fn a_cookie_holds_the_refresh_token_that_the_body_omits() {
    let rig = rig_for_page().await;
    let user = rig.member();
    let answer = log_in(&rig, &user).await;
    let mut tokens = answer.expect(200);
    assert!(tokens.get("refresh_token").is_none(), "{tokens}");
    let mut newest = cookie(&answer);
    assert!(newest.starts_with("refresh_token="), "{newest}");
    for _ in 0..2 {
        let next = refresh(&rig, &newest).await;
        tokens = next.expect(200);
        assert!(tokens.get("refresh_token").is_none(), "{tokens}");
        assert!(is_accepted(&rig, &tokens).await);
        assert_ne!(cookie(&next), newest);
        newest = cookie(&next);
    }
    // A body without a token serves as well as none.
    let call = with_cookie(&rig, "/api/v1/auth/refresh", &newest).header("origin", PAGE);
    cookie(&call.json(&json!({})).send().await);

    let in_body = rig.log_in(&user).await;
    assert!(in_body["refresh_token"].is_string());
    let body = json!({"email": user.email.as_str(), "password": PASSWORD, "session": "both"});
    let refused = rig.post("/api/v1/auth/token").json(&body).send().await;
    let mistakes = pairs(&[("/session", "session.unknown")]);
    assert_eq!(refused.mistakes(), mistakes);
}

#[tokio::test]
async fn a_cookie_counts_from_listed_origins_and_the_servers_own_alone() {
    let rig = rig_for_page().await;
    let user = rig.member();
    let answer = log_in(&rig, &user).await;
    let (tokens, cookie) = (answer.expect(200), cookie(&answer));
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        for origin in [None, Some("null"), Some("https://evil.example")] {
            let call = with_cookie(&rig, path, &cookie);
            let call = match origin {
                Some(origin) => call.header("origin", origin),
                None => call,
            };
            let refused = call.send().await;
            assert_eq!(refused.status.as_u16(), 403);
            refused.problem("origin-not-allowed");
            assert!(!refused.headers.contains_key("set-cookie"));
        }
    }
    assert!(is_accepted(&rig, &tokens).await);
    let own = format!("http://{}", rig.server.address());
    let call = with_cookie(&rig, "/api/v1/auth/refresh", &cookie);
    call.header("origin", &own).send().await.expect(200);
}

#[tokio::test]
async fn a_star_lets_no_page_use_a_cookie() {
    let rig =
        Rig::start_with(|settings| settings.cors.allowed_origins = vec!["*".to_owned()]).await;
    let user = rig.member();
    let answer = log_in(&rig, &user).await;
    let refused = refresh(&rig, &cookie(&answer)).await;
    refused.problem("origin-not-allowed");
    let allows = "access-control-allow-credentials";
    assert!(!refused.headers.contains_key(allows));

    let rig = rig_for_page().await;
    let answer = rig.get("/nothing").header("origin", PAGE).send().await;
    assert_eq!(answer.header(allows), "true");
    let foreign = rig.get("/nothing").header("origin", "https://evil.example");
    assert!(!foreign.send().await.headers.contains_key(allows));
}

#[tokio::test]
async fn a_token_in_the_body_counts_before_the_cookie() {
    let rig = rig_for_page().await;
    let (amina, musa) = (rig.member(), rig.member());
    let cookie = cookie(&log_in(&rig, &amina).await);
    let tokens = rig.log_in(&musa).await;
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let call = with_cookie(&rig, "/api/v1/auth/refresh", &cookie);
    let answer = call.json(&body).send().await;
    let next = answer.expect(200);
    assert_eq!(next["user"]["uuid"], musa.id.to_string());
    assert!(next["refresh_token"].is_string());
    assert!(!answer.headers.contains_key("set-cookie"));
    let neither = rig.post("/api/v1/auth/refresh").json(&json!({}));
    neither.send().await.problem("invalid-token");
}

#[tokio::test]
async fn logging_out_by_the_cookie_ends_its_session_and_deletes_it() {
    let rig = rig_for_page().await;
    let user = rig.member();
    let answer = log_in(&rig, &user).await;
    let (tokens, cookie) = (answer.expect(200), cookie(&answer));
    for _ in 0..2 {
        let call = with_cookie(&rig, "/api/v1/auth/logout", &cookie).header("origin", PAGE);
        let left = call.send().await;
        left.expect_nothing();
        assert_eq!(left.header("set-cookie"), CLEARED);
        assert!(!is_accepted(&rig, &tokens).await);
    }
    rig.assert_stored("(SELECT count(*) FROM audit_log WHERE action = 'session.end') = 1");
    refresh(&rig, &cookie).await.problem("invalid-token");
}

#[tokio::test]
async fn logging_out_with_a_dead_access_token_ends_the_cookies_session() {
    let rig = rig_for_page().await;
    let user = rig.member();
    let ended = rig.log_in(&user).await;
    let log_out = rig.post("/api/v1/auth/logout");
    let log_out = log_out.bearing(&ended["access_token"]).send();
    log_out.await.expect_nothing();
    let expired = rig.server.expired_token(user.id);
    for dead in [
        json!(expired),
        json!("no token"),
        ended["access_token"].clone(),
    ] {
        let answer = log_in(&rig, &user).await;
        let (tokens, cookie) = (answer.expect(200), cookie(&answer));
        let refused = with_cookie(&rig, "/api/v1/auth/logout", &cookie);
        let refused = refused
            .bearing(&dead)
            .header("origin", "https://evil.example");
        refused.send().await.problem("origin-not-allowed");
        assert!(is_accepted(&rig, &tokens).await);

        let call = with_cookie(&rig, "/api/v1/auth/logout", &cookie);
        let left = call.bearing(&dead).header("origin", PAGE).send().await;
        left.expect_nothing();
        assert_eq!(left.header("set-cookie"), CLEARED);
        assert!(!is_accepted(&rig, &tokens).await, "{dead}");
    }
    let alone = rig.post("/api/v1/auth/logout").bearing(&json!(expired));
    alone.send().await.problem("token-expired");
}

#[tokio::test]
async fn logging_out_by_an_access_token_deletes_the_cookie_too() {
    let rig = rig_for_page().await;
    let user = rig.member();
    for path in ["/api/v1/auth/logout", "/api/v1/auth/logout-all"] {
        let answer = log_in(&rig, &user).await;
        let tokens = answer.expect(200);
        let call = with_cookie(&rig, path, &cookie(&answer));
        let left = call.bearing(&tokens["access_token"]).send().await;
        left.expect_nothing();
        assert_eq!(left.header("set-cookie"), CLEARED);
        assert!(!is_accepted(&rig, &tokens).await);
    }
    let tokens = rig.log_in(&user).await;
    let left = rig
        .post("/api/v1/auth/logout")
        .bearing(&tokens["access_token"]);
    assert!(!left.send().await.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn in_production_the_cookies_name_is_good_over_https_alone() {
    let rig = Rig::start_with(|settings| settings.environment = Environment::Production).await;
    let user = rig.member();
    let answer = log_in(&rig, &user).await;
    let pair = cookie(&answer);
    assert!(pair.starts_with("__Secure-refresh_token="), "{pair}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_completes_with_a_cookie_too() {
    let (rig, post) = Post::start().await;
    let email = "fatima@example.com";
    let draft = json!({
        "email": email, "firstname": "Fatima", "lastname": "Bello", "terms_version": "1",
        "consents": {},
    });
    let register = rig.post("/api/v1/auth/register").json(&draft);
    register.send().await.expect(202);
    let letter = post.letter(email, "Confirm your e-mail address");
    let body = json!({
        "token": letter.link("verify-email"), "password": PASSWORD, "session": "cookie",
    });
    let answer = rig
        .post("/api/v1/auth/verify-email")
        .json(&body)
        .send()
        .await;
    assert!(answer.expect(200).get("refresh_token").is_none());
    cookie(&answer);
}
