//! Rate limits. No quota of these tests refills while a test runs.

use abu_application::platform::rate_limits::Quota;
use abu_domain::identity::user::User;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, PASSWORD, Rig};

const HOUR: u32 = 3_600;

/// The answer to one who asked too often.
#[track_caller]
fn assert_refused(answer: &Answer, policy: &str) {
    assert_eq!(answer.status.as_u16(), 429, "{}", answer.text());
    let problem = answer.problem("rate-limited");
    let seconds = answer.header("retry-after");
    assert_eq!(problem["retry_after"].to_string(), seconds);
    assert!((1..=HOUR).contains(&seconds.parse().unwrap()), "{seconds}");
    let limit = answer.header("ratelimit");
    assert_eq!(limit, format!("\"{policy}\";r=0;t={seconds}"));
}

async fn me(rig: &Rig, user: &User) -> Answer {
    rig.get("/api/v1/me").by(user).send().await
}

async fn log_in(rig: &Rig, email: &str, from: &str) -> Answer {
    rig.post("/api/v1/auth/token")
        .header("x-forwarded-for", from)
        .json(&json!({"email": email, "password": "a wrong password"}))
        .send()
        .await
}

#[tokio::test]
async fn every_answer_says_what_is_allowed_and_what_is_left() {
    let rig = Rig::start_with(|settings| settings.rate_limits.default = Quota::new(4, HOUR)).await;
    let user = rig.user();
    for (path, left) in [("/api/v1/me", 3), ("/api/v1/users", 2), ("/nothing", 1)] {
        let answer = rig.get(path).by(&user).send().await;
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=4;w=3600");
        assert_eq!(
            answer.header("ratelimit"),
            format!("\"default\";r={left};t=900"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_default_is_what_is_promised() {
    let rig = Rig::start().await;
    let answer = me(&rig, &rig.user()).await;
    assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=300;w=60");
    assert_eq!(answer.header("ratelimit"), "\"default\";r=299;t=1");
}

#[tokio::test]
async fn a_rate_limit_refuses_one_client_and_no_other() {
    let rig = Rig::start_with(|settings| settings.rate_limits.default = Quota::new(2, HOUR)).await;
    let (eager, other) = (rig.user(), rig.user());
    for _ in 0..2 {
        me(&rig, &eager).await.expect(200);
    }
    assert_refused(&me(&rig, &eager).await, "default");
    me(&rig, &other).await.expect(200);
    let anonymous = rig.get("/api/v1/me").send().await;
    anonymous.problem("authentication-required");
}

#[tokio::test]
async fn bad_tokens_count_for_the_network_they_come_from() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.anonymous = Quota::new(2, HOUR)).await;
    let guess = |number| {
        let token = format!("Bearer guess.{number}.x");
        let call = rig.get("/api/v1/me").header("authorization", &token);
        call.send()
    };
    for number in 0..2 {
        guess(number).await.problem("invalid-token");
    }
    assert_refused(&guess(2).await, "anonymous");
    assert_refused(&rig.get("/api/v1/me").send().await, "anonymous");
    me(&rig, &rig.user()).await.expect(200);
}

#[tokio::test]
async fn health_and_documentation_are_not_counted() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.anonymous = Quota::new(1, HOUR)).await;
    for path in [
        "/",
        "/console",
        "/docs",
        "/docs/index.html",
        "/openapi.json",
        "/health/live",
        "/health/ready",
        "/problems/rate-limited",
    ] {
        for _ in 0..3 {
            let answer = rig.get(path).send().await;
            assert!(answer.status.as_u16() < 400, "{path}");
            assert!(!answer.headers.contains_key("ratelimit"), "{path}");
        }
    }
}

#[tokio::test]
async fn where_limits_are_turned_off_nothing_is_counted_or_shown() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.rate_limits.default = Quota::new(1, HOUR);
        settings.rate_limits.log_in_account = Quota::new(1, HOUR);
    })
    .await;
    let user = rig.user();
    for _ in 0..3 {
        let answer = me(&rig, &user).await;
        answer.expect(200);
        assert!(!answer.headers.contains_key("ratelimit"));
        assert!(!answer.headers.contains_key("ratelimit-policy"));
        let answer = log_in(&rig, "amina@example.com", "192.0.2.1").await;
        answer.problem("invalid-credentials");
    }
}

#[tokio::test]
async fn log_ins_to_existing_and_unknown_accounts_are_limited_alike() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.log_in_account = Quota::new(2, HOUR)).await;
    let user = rig.user();
    for email in [user.email.as_str(), "unknown@example.com"] {
        for _ in 0..2 {
            let answer = log_in(&rig, email, "").await;
            answer.problem("invalid-credentials");
        }
        let answer = log_in(&rig, email, "").await;
        assert_refused(&answer, "log-in-account");
        let shouted = log_in(&rig, &email.to_uppercase(), "").await;
        assert_refused(&shouted, "log-in-account");
    }
}

#[tokio::test]
async fn only_failed_log_ins_count_and_then_the_right_password_is_refused() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.log_in_account = Quota::new(2, HOUR)).await;
    let right = || {
        let call = rig.post("/api/v1/auth/token").json(&json!({
            "email": abu_test_support::ADMIN_EMAIL,
            "password": abu_test_support::ADMIN_PASSWORD,
        }));
        call.send()
    };
    for _ in 0..3 {
        right().await.expect(200);
    }
    for _ in 0..2 {
        let wrong = log_in(&rig, abu_test_support::ADMIN_EMAIL, "").await;
        wrong.problem("invalid-credentials");
    }
    assert_refused(&right().await, "log-in-account");
}

#[tokio::test]
async fn malformed_log_ins_are_not_counted() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.log_in_network = Quota::new(1, HOUR)).await;
    for _ in 0..3 {
        let call = rig.post("/api/v1/auth/token").json(&json!({"email": "x"}));
        assert_eq!(call.send().await.status.as_u16(), 422);
    }
    log_in(&rig, "amina@example.com", "")
        .await
        .problem("invalid-credentials");
    let answer = log_in(&rig, "musa@example.com", "").await;
    assert_refused(&answer, "log-in-network");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_network_has_its_own_count() {
    let rig = Rig::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.rate_limits.log_in_network = Quota::new(1, HOUR);
    })
    .await;
    let mut accounts = 0;
    let mut from = |address: &'static str| {
        accounts += 1;
        let email = format!("account{accounts}@example.com");
        let rig = &rig;
        async move { log_in(rig, &email, address).await }
    };
    from("192.0.2.1").await.problem("invalid-credentials");
    assert_refused(&from("192.0.2.200").await, "log-in-network");
    from("192.0.3.1").await.problem("invalid-credentials");
    // What the client claimed itself stands before what the proxy added.
    let spoofed = from("203.0.113.5, 192.0.2.1").await;
    assert_refused(&spoofed, "log-in-network");
    from("2001:db8:1:1::1").await.problem("invalid-credentials");
    let neighbor = from("2001:db8:1:2::1, 127.0.0.9").await;
    assert_refused(&neighbor, "log-in-network");
    // What makes no sense is counted for the proxy.
    from("nonsense").await.problem("invalid-credentials");
    assert_refused(&from("").await, "log-in-network");
}

#[tokio::test]
async fn what_is_recorded_is_the_client_and_not_the_proxy() {
    let rig = Rig::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let call = rig.post("/api/v1/auth/token").json(&json!({
        "email": abu_test_support::ADMIN_EMAIL,
        "password": abu_test_support::ADMIN_PASSWORD,
    }));
    let call = call.header("x-forwarded-for", "6.6.6.6, ::ffff:192.0.2.1");
    let answer = call.send().await;
    answer.expect(200);
    let request = answer.header("x-request-id");
    rig.database().execute(&format!(
        "DO $$ BEGIN ASSERT (SELECT address FROM audit_log WHERE request_id = '{request}')
             = '192.0.2.1'; END $$"
    ));
}

#[tokio::test]
async fn an_untrusted_client_cannot_forge_its_address() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.log_in_network = Quota::new(1, HOUR)).await;
    log_in(&rig, "amina@example.com", "192.0.2.1")
        .await
        .problem("invalid-credentials");
    let elsewhere = log_in(&rig, "musa@example.com", "192.0.3.1").await;
    assert_refused(&elsewhere, "log-in-network");
}

#[tokio::test]
async fn messages_are_limited_by_user_and_by_the_chats_own_settings() {
    let rig = Rig::start_with(|settings| {
        settings.chat.messages_per_second = 100;
        settings.chat.messages_per_minute = 2;
    })
    .await;
    let (me, other) = (rig.user(), rig.user());
    let room = rig.database().group(me.id).member(other.id).create().id;
    let say = |user: &User| {
        let call = rig.post(&format!("/api/v1/rooms/{room}/messages")).by(user);
        let call = call.json(&json!({"message": "sannu", "client_message_id": Uuid::new_v4()}));
        call.send()
    };
    for _ in 0..2 {
        say(&me).await.expect(201);
    }
    let refused = say(&me).await;
    assert_eq!(
        refused.header("ratelimit-policy"),
        "\"messages-minute\";q=2;w=60"
    );
    refused.problem("rate-limited");
    say(&other).await.expect(201);
}

#[tokio::test]
async fn the_text_of_messages_is_limited_in_bytes() {
    let rig = Rig::start_with(|_settings| {}).await;
    let me = rig.user();
    let room = rig.database().group(me.id).create().id;
    let say = |text: String| {
        let call = rig.post(&format!("/api/v1/rooms/{room}/messages")).by(&me);
        let call = call.json(&json!({"message": text, "client_message_id": Uuid::new_v4()}));
        call.send()
    };
    for _ in 0..4 {
        say("\u{1f600}".repeat(4_000)).await.expect(201);
    }
    let refused = say("\u{1f600}".repeat(4_000)).await;
    assert_refused(&refused, "message-bytes");
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=4).contains(&seconds), "{seconds}");
    say("short ones pass".to_owned()).await.expect(201);
}

#[tokio::test]
async fn the_chats_door_counts_users_and_failures_by_network() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.handshake = Quota::new(2, HOUR);
        settings.rate_limits.failed_handshake = Quota::new(3, HOUR);
        settings.rate_limits.default = Quota::new(1, HOUR);
        settings.rate_limits.anonymous = Quota::new(1, HOUR);
    })
    .await;
    let ticket = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let knock = |query: String| rig.get(&format!("/chat?{query}")).send();
    for bad in [
        format!("ticket={ticket}"),
        "ticket=x".to_owned(),
        "token=x".to_owned(),
    ] {
        knock(bad).await.problem("invalid-token");
    }
    let refused = knock(format!("ticket={ticket}")).await;
    assert_refused(&refused, "failed-handshake");

    // Genuine ones of the same network come through.
    let (eager, other) = (rig.user(), rig.user());
    for _ in 0..2 {
        let answer = knock(format!("token={}", rig.server.token(eager.id))).await;
        answer.problem("upgrade-required");
    }
    let refused = knock(format!("token={}", rig.server.token(eager.id))).await;
    assert_refused(&refused, "handshake");
    let ticket = rig.post("/api/v1/auth/ws-ticket").by(&other).send().await;
    let ticket = ticket.json()["ticket"].as_str().unwrap().to_owned();
    let answer = knock(format!("ticket={ticket}")).await;
    answer.problem("upgrade-required");
}

#[tokio::test]
async fn a_page_may_read_what_is_left() {
    let page = "https://alumni.abu.edu.ng";
    let rig =
        Rig::start_with(|settings| settings.cors.allowed_origins = vec![page.to_owned()]).await;
    let answer = rig.get("/api/v1/me").header("origin", page).send().await;
    let exposed = answer
        .header("access-control-expose-headers")
        .to_lowercase();
    for header in [
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "idempotency-replayed",
    ] {
        assert!(
            exposed.split(',').any(|name| name.trim() == header),
            "{exposed}"
        );
    }
}

#[tokio::test]
async fn mails_to_one_address_are_few_and_the_answer_does_not_tell() {
    let rig = Rig::start().await;
    let owner = rig.member();
    for email in [owner.email.as_str(), "unknown@example.com"] {
        let register = registration(email);
        let address = json!({"email": email});
        for _ in 0..2 {
            for (path, body) in [
                ("/api/v1/auth/register", &register),
                ("/api/v1/auth/forgot-password", &address),
                ("/api/v1/auth/verify-email/resend", &address),
            ] {
                rig.post(path).json(body).send().await.expect(202);
            }
        }
    }
    let mails = |kinds: &str| {
        rig.database().texts(&format!(
            "SELECT count(*)::text FROM email_outbox WHERE kind {kinds} GROUP BY recipient ORDER BY 1"
        ))
    };
    assert_eq!(mails("<> 'account_exists'"), ["2", "3"]);
    assert_eq!(mails("= 'account_exists'"), ["2"]);
}

fn registration(email: &str) -> Value {
    json!({
        "email": email, "firstname": "Musa", "lastname": "Danladi", "terms_version": "1", "consents": {},
    })
}

#[tokio::test]
async fn one_network_requests_mails_to_few_addresses() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.recover_network = Quota::new(2, HOUR))
            .await;
    let forget = |email: &str| {
        let call = rig.post("/api/v1/auth/forgot-password");
        call.json(&json!({"email": email})).send()
    };
    for email in ["a@example.com", "b@example.com", "a@example.com"] {
        forget(email).await.expect(202);
    }
    assert_refused(&forget("c@example.com").await, "recover-network");
}

#[tokio::test]
async fn registrations_from_one_network_are_limited_once_they_are_valid() {
    let rig = Rig::start_with(|settings| settings.rate_limits.register = Quota::new(2, HOUR)).await;
    let register = |body: &Value| rig.post("/api/v1/auth/register").json(body).send();
    for _ in 0..3 {
        let answer = register(&json!({"email": "x"})).await;
        assert_eq!(answer.status.as_u16(), 422);
    }
    for number in 0..2 {
        let body = registration(&format!("{number}@example.com"));
        register(&body).await.expect(202);
    }
    assert_refused(
        &register(&registration("late@example.com")).await,
        "register",
    );
}

#[tokio::test]
async fn password_checks_within_a_session_are_limited_together() {
    let rig =
        Rig::start_with(|settings| settings.rate_limits.log_in_account = Quota::new(4, HOUR)).await;
    let owner = rig.member();
    let change = json!({"current_password": "a guess", "new_password": "a heron over the hill"});
    let claim = json!({"email": "b@example.com", "password": "a guess"});
    let of_account = format!("/api/v1/users/{}/password", owner.id);
    let routes = [
        ("/api/v1/me/password", &change),
        (of_account.as_str(), &change),
        ("/api/v1/me/emails", &claim),
        ("/api/v1/me/email", &claim),
    ];
    let try_at = |(path, body): (&str, &Value)| rig.post(path).by(&owner).json(body).send();
    for route in routes {
        try_at(route).await.problem("validation-failed");
    }
    for route in routes {
        assert_refused(&try_at(route).await, "password-check");
    }
}

#[tokio::test]
async fn a_flood_of_log_ins_does_not_stop_those_of_other_networks() {
    let rig = Rig::start_with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.auth.bcrypt_cost = 9;
    })
    .await;
    let user = rig.member();
    let flood = (0..200).map(|number| {
        let from = format!("203.0.{}.1", number % 4);
        let email = format!("made-up-{number}@example.com");
        let rig = &rig;
        async move { log_in(rig, &email, &from).await.status.as_u16() }
    });
    let (answers, ()) = tokio::join!(futures_util::future::join_all(flood), async {
        let call = rig
            .post("/api/v1/auth/token")
            .header("x-forwarded-for", "192.0.2.1");
        let body = json!({"email": user.email.as_str(), "password": PASSWORD});
        call.json(&body).send().await.expect(200);
        rig.get("/health/live").send().await.expect(200);
    });
    assert!(
        answers.iter().all(|status| [401, 503].contains(status)),
        "{answers:?}"
    );
}
