//! Readiness across database outages.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use abu_app::{
    server::{self, RunningServer},
    wiring::Wiring,
};
use abu_application::platform::{
    readiness::{Readiness, ServingState},
    system::{SystemClock, SystemIds},
};
use abu_security::JwtTokens;
use abu_settings::{Environment, Settings, Sources};
use abu_test_support::{PrivateCluster, TestDatabase};
use futures_util::future::join;
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

const EVENT_TIMEOUT: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3_600);

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";

fn sources(database: &TestDatabase, data: &TempDir) -> Sources {
    Sources::built_in(Environment::Test)
        .variable("ABU__DATABASE__URL", database.url().expose_secret())
        .variable("ABU__SERVER__WORKERS", "1")
        .variable("ABU__DATA__DIR", data.path())
        .variable("ABU__SUPERUSER__EMAIL", EMAIL)
        .variable("ABU__SUPERUSER__PASSWORD", PASSWORD)
}

fn start(sources: &Sources) -> RunningServer {
    server::start(Settings::load(sources).unwrap()).unwrap()
}

async fn get(server: &RunningServer, path: &str) -> Response {
    let url = format!("http://{}{path}", server.address());
    reqwest::get(url).await.unwrap()
}

async fn log_in(server: &RunningServer) -> Response {
    reqwest::Client::new()
        .post(format!("http://{}/api/v1/auth/token", server.address()))
        .json(&json!({ "email": EMAIL, "password": PASSWORD }))
        .send()
        .await
        .unwrap()
}

async fn expect_no_service(server: &RunningServer) {
    assert_eq!(get(server, "/health/live").await.status(), StatusCode::OK);
    let ready = get(server, "/health/ready").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let refused = log_in(server).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["status"], 503);
}

async fn expect_service(server: &RunningServer) {
    assert_eq!(get(server, "/health/ready").await.status(), StatusCode::OK);
    assert_eq!(log_in(server).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_server_answers_before_its_database_and_serves_once_available() {
    let mut cluster = PrivateCluster::start();
    let (database, data) = (cluster.database(), TempDir::new().unwrap());
    cluster.stop();
    let mut server = start(&sources(&database, &data));
    expect_no_service(&server).await;
    cluster.start_again();
    server.ready().await.unwrap();
    expect_service(&server).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_server_whose_database_goes_away_says_so_and_recovers_by_itself() {
    let mut cluster = PrivateCluster::start();
    let (database, data) = (cluster.database(), TempDir::new().unwrap());
    let mut server = start(&sources(&database, &data));
    server.ready().await.unwrap();
    cluster.stop();
    server.readiness().reaches(ServingState::DatabaseAway).await;
    expect_no_service(&server).await;
    cluster.start_again();
    server.readiness().reaches(ServingState::Ready).await;
    expect_service(&server).await;
    server.stop().await;
}

#[actix_web::test]
async fn a_server_can_be_stopped_while_it_waits_for_its_database() {
    let cluster = PrivateCluster::start();
    let (database, data) = (cluster.database(), TempDir::new().unwrap());
    cluster.stop();
    let server = start(&sources(&database, &data));
    let readiness = server.readiness().clone();
    server.stop().await;
    assert_eq!(readiness.state(), ServingState::Draining);
}

#[actix_web::test]
async fn starting_again_changes_nothing_and_leaves_the_password_as_it_was_changed() {
    let (database, data) = (TestDatabase::new(), TempDir::new().unwrap());
    let sources = sources(&database, &data);
    let mut first = start(&sources);
    first.ready().await.unwrap();
    first.stop().await;
    let mut second = start(&sources.variable("ABU__SUPERUSER__PASSWORD", "another one entirely"));
    second.ready().await.unwrap();
    expect_service(&second).await;
    second.stop().await;
}

#[actix_web::test]
async fn pending_migrations_stop_the_start_where_it_may_not_migrate() {
    let (database, data) = (TestDatabase::empty(), TempDir::new().unwrap());
    let may_not = sources(&database, &data).variable("ABU__DATABASE__MIGRATE_ON_START", "false");
    let mut server = start(&may_not);
    let refused = server.ready().await.unwrap_err();
    assert_eq!(refused.exit_code(), 5);
    assert!(
        refused.to_string().contains("abu-admin migrate"),
        "{refused}"
    );
    assert_eq!(server.readiness().state(), ServingState::Starting);
    server.stop().await;
}

#[actix_web::test]
async fn of_two_servers_that_start_at_once_one_serves_and_one_gives_up() {
    let (database, data) = (TestDatabase::empty(), TempDir::new().unwrap());
    let sources = sources(&database, &data);
    let (mut one, mut other) = (start(&sources), start(&sources));
    let (one_is, other_is) = join(one.ready(), other.ready()).await;
    let (serving, refused, idle) = match (one_is, other_is) {
        (Ok(()), Err(refused)) => (one, refused, other),
        (Err(refused), Ok(())) => (other, refused, one),
        both => panic!("{both:?}"),
    };
    assert_eq!(refused.exit_code(), 3);
    assert!(
        refused.to_string().contains("another server runs"),
        "{refused}"
    );
    expect_service(&serving).await;
    idle.stop().await;
    expect_service(&serving).await;
    serving.stop().await;
}

#[actix_web::test]
async fn a_server_that_starts_while_another_stops_takes_the_database_over() {
    let (database, data) = (TestDatabase::new(), TempDir::new().unwrap());
    let sources = sources(&database, &data);
    let mut first = start(&sources);
    first.ready().await.unwrap();
    let mut next = start(&sources);
    let (ready, _ending) = join(next.ready(), first.stop()).await;
    ready.unwrap();
    expect_service(&next).await;
    next.stop().await;
}

#[actix_web::test]
async fn services_that_are_dropped_end_their_threads() {
    let (database, data) = (TestDatabase::new(), TempDir::new().unwrap());
    let settings = Settings::load(&sources(&database, &data)).unwrap();
    let secret = "fQ3mW8xN1vB6kT9rY4cH7jL2pS5dG0zA";
    let store = database.store();
    // Each thread holds the store.
    let held = Arc::downgrade(&store);
    let wiring = Wiring {
        settings: &settings,
        secret: secret.into(),
        encryption_key: secret.into(),
        searches: store.clone(),
        store,
        readiness: Readiness::default(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        access_tokens: Arc::new(JwtTokens::new(&secret.into(), "abu", "abu", HOUR)),
    };
    drop(wiring.wire().unwrap());
    let began = Instant::now();
    while held.strong_count() > 0 {
        assert!(began.elapsed() < EVENT_TIMEOUT, "a thread runs on");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_have_a_listener_of_their_own() {
    let database = TestDatabase::new();
    let folder = TempDir::new().unwrap();
    let sources = sources(&database, &folder).variable("ABU__METRICS__LISTEN", "127.0.0.1:0");
    let mut server = start(&sources);
    server.ready().await.unwrap();
    assert_eq!(get(&server, "/metrics").await.status(), 404);
    get(&server, "/health/live").await;
    let metrics = format!("http://{}/metrics", server.metrics_address().unwrap());
    let text = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    for line in [
        "abu_ready 1",
        r#"abu_http_requests_total{method="GET",route="/health/live",status="200"} "#,
        "abu_writer_queue_length 0",
        "abu_mails_pending 0",
        "abu_audit_head ",
        // A rate misses the events with which a counter appears.
        r#"abu_chat_closed_total{code="4002"} "#,
        r#"abu_log_ins_failed_total{reason="second-factor"} "#,
        r#"abu_mails_total{outcome="dead"} "#,
        r#"abu_rate_limited_total{policy="anonymous"} "#,
        r#"abu_rate_limited_total{policy="claim-code"} "#,
        r#"abu_rate_limited_total{policy="messages-minute"} "#,
        r#"abu_jobs_total{kind="erase_accounts",outcome="dead"} "#,
        r#"abu_jobs_total{kind="import_judge",outcome="postponed"} "#,
        r#"abu_database_connections{state="idle"}"#,
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "abu_build_info{",
        "abu_http_request_seconds_bucket{",
        "# HELP abu_ready ",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn after_a_rotation_old_tokens_are_good_until_their_secret_goes() {
    const OLD: &str = "the secret before the rotation, 32 bytes long";
    const NEXT: &str = "the secret after the rotation, 32 bytes long too";
    let (database, data) = (TestDatabase::new(), TempDir::new().unwrap());
    let sources = sources(&database, &data);
    let with = |secret| sources.clone().variable("ABU__AUTH__JWT_SECRET", secret);
    let mut before = start(&with(OLD));
    before.ready().await.unwrap();
    let old: Value = log_in(&before).await.json().await.unwrap();
    before.stop().await;

    let mut rotated = start(&with(NEXT).variable("ABU__AUTH__PREVIOUS_JWT_SECRET", OLD));
    rotated.ready().await.unwrap();
    assert_eq!(me(&rotated, &old).await, StatusCode::OK);
    let refreshed = refresh(&rotated, &old).await;
    assert_eq!(refreshed.status(), StatusCode::OK);
    let new: Value = refreshed.json().await.unwrap();
    assert_eq!(me(&rotated, &new).await, StatusCode::OK);
    rotated.stop().await;

    let mut after = start(&with(NEXT));
    after.ready().await.unwrap();
    assert_eq!(me(&after, &old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&after, &new).await, StatusCode::OK);
    assert_eq!(refresh(&after, &new).await.status(), StatusCode::OK);
    after.stop().await;
}

async fn me(server: &RunningServer, tokens: &Value) -> StatusCode {
    let url = format!("http://{}/api/v1/me", server.address());
    let token = tokens["access_token"].as_str().unwrap();
    let response = reqwest::Client::new().get(url).bearer_auth(token).send();
    response.await.unwrap().status()
}

async fn refresh(server: &RunningServer, tokens: &Value) -> Response {
    let url = format!("http://{}/api/v1/auth/refresh", server.address());
    reqwest::Client::new()
        .post(url)
        .json(&json!({ "refresh_token": tokens["refresh_token"] }))
        .send()
        .await
        .unwrap()
}
