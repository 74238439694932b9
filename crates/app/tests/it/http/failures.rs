//! Server faults: database outage, failing dependencies, panics.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use abu_app::wiring::{Services, Wiring};
use abu_application::{
    identity::ports::{AccessTokens, IssuedToken, TokenClaims, TokenError},
    platform::{
        ports::{Ids, StoreError},
        readiness::{Readiness, ServingState},
        system::{SystemClock, SystemIds},
    },
    store::{Reads, Statements, Store, Writes},
};
use abu_domain::{LoginSessionId, UserId};
use abu_security::JwtTokens;
use abu_settings::{Environment, Settings, Sources};
use abu_test_support::{TestDatabase, session_of};
use actix_web::HttpServer;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::support::{Answer, client};

/// Internal details that no response may contain.
const DETAIL: &str = "the secret detail";

/// A store that fails, each time in the same way.
struct BrokenStore(fn() -> StoreError);

impl Store for BrokenStore {
    fn run_transaction(
        &self,
        _work: &mut dyn FnMut(&mut dyn Writes) -> bool,
    ) -> Result<(), StoreError> {
        Err(self.0())
    }

    fn run_read(&self, _work: &mut dyn FnMut(&mut dyn Reads)) -> Result<(), StoreError> {
        Err(self.0())
    }

    fn run_autocommit(&self, _work: &mut dyn FnMut(&mut dyn Statements)) -> Result<(), StoreError> {
        Err(self.0())
    }

    fn ping(&self) -> Result<(), StoreError> {
        Err(self.0())
    }
}

/// Tokens of which one makes the server panic.
struct PanickingTokens(JwtTokens);

impl AccessTokens for PanickingTokens {
    fn issue(
        &self,
        user: UserId,
        session: LoginSessionId,
        token_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn std::error::Error + Send + Sync>> {
        self.0.issue(user, session, token_id, now)
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError> {
        assert!(token != "panic", "{DETAIL}");
        self.0.verify(token, now)
    }
}

/// Identifiers of which the first makes the server panic.
struct PanickingIds(AtomicBool);

impl Ids for PanickingIds {
    fn random(&self) -> Uuid {
        assert!(self.0.swap(true, Ordering::Relaxed), "{DETAIL}");
        SystemIds.random()
    }

    fn time_ordered(&self) -> Uuid {
        SystemIds.time_ordered()
    }

    fn secret(&self) -> [u8; 32] {
        SystemIds.secret()
    }
}

/// A server something of which is broken.
struct BrokenServer {
    address: SocketAddr,
    token: String,
    readiness: Readiness,
}

impl BrokenServer {
    /// One whose store is broken.
    fn start(error: fn() -> StoreError) -> Self {
        let user = UserId::new(Uuid::new_v4());
        Self::start_with(Arc::new(BrokenStore(error)), Arc::new(SystemIds), user)
    }

    fn start_with(store: Arc<dyn Store>, ids: Arc<dyn Ids>, user: UserId) -> Self {
        let sources = Sources::built_in(Environment::Test)
            .variable("ABU__CORS__ALLOWED_ORIGINS", "https://alumni.abu.edu.ng");
        let settings = Settings::load(&sources).unwrap();
        let secret = "a secret of this test alone, long enough";
        let tokens = JwtTokens::new(&secret.into(), "abu", "abu", Duration::from_secs(600));
        let token = tokens
            .issue(user, session_of(user), Uuid::new_v4(), Utc::now())
            .unwrap()
            .token;
        let readiness = Readiness::new(ServingState::Ready);
        let services = Wiring {
            settings: &settings,
            secret: secret.into(),
            encryption_key: secret.into(),
            searches: Arc::clone(&store),
            store,
            readiness: readiness.clone(),
            clock: Arc::new(SystemClock),
            ids,
            access_tokens: Arc::new(PanickingTokens(tokens)),
        };
        let Services { chat, rest, .. } = services.wire().unwrap();
        let server = HttpServer::new(move || abu_rest::app(rest.clone(), chat.join_worker()))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        Self {
            address,
            token,
            readiness,
        }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        let request = client()
            .get(format!("http://{}{path}", self.address))
            .header("origin", "https://alumni.abu.edu.ng")
            .header("accept-encoding", "gzip")
            .bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn a_server_error_hides_its_details() {
    let server = BrokenServer::start(|| StoreError::Other(DETAIL.into()));
    for path in ["/api/v1/me", "/api/v1/users", "/api/v1/rooms"] {
        let answer = server.get(path, &server.token).await;
        assert_eq!(answer.status.as_u16(), 500);
        let problem = answer.problem("internal-error");
        assert!(!problem.to_string().contains(DETAIL));
        assert_eq!(
            problem["detail"],
            "The request could not be answered. The fault is the server's."
        );
    }
}

#[tokio::test]
async fn a_panic_is_answered_like_any_fault_and_the_server_goes_on() {
    let server = BrokenServer::start(|| StoreError::Other(DETAIL.into()));
    for _ in 0..3 {
        let answer = server.get("/api/v1/me", "panic").await;
        assert_eq!(answer.status.as_u16(), 500);
        let problem = answer.problem("internal-error");
        assert!(!problem.to_string().contains(DETAIL));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin, "https://alumni.abu.edu.ng");
    }
    let live = server.get("/health/live", &server.token).await;
    assert_eq!(live.status.as_u16(), 200);
}

#[tokio::test]
async fn a_panic_lets_an_idempotency_key_go() {
    let database = TestDatabase::new();
    let user = database.user().create().id;
    let ids = Arc::new(PanickingIds(AtomicBool::new(false)));
    let server = BrokenServer::start_with(database.store(), ids, user);
    let open = || async {
        let request = client()
            .post(format!("http://{}/api/v1/rooms", server.address))
            .header("idempotency-key", "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")
            .json(&json!({"kind": "group", "name": "room", "member_ids": []}))
            .bearer_auth(&server.token);
        Answer::of(request.send().await.unwrap()).await
    };
    let panicked = open().await;
    assert_eq!(panicked.status.as_u16(), 500);
    let problem = panicked.problem("internal-error");
    assert!(!problem.to_string().contains(DETAIL));
    let again = open().await;
    assert!(!again.headers.contains_key("idempotency-replayed"));
    let room = again.expect(201);
    assert_eq!(open().await.expect(201), room);
}

#[tokio::test]
async fn an_unavailable_database_answers_503_with_retry_after() {
    let server = BrokenServer::start(|| StoreError::Unavailable(DETAIL.into()));
    for path in [
        "/api/v1/me",
        "/api/v1/rooms",
        "/chat?ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let answer = server.get(path, &server.token).await;
        assert_eq!(answer.status.as_u16(), 503, "{path}");
        let problem = answer.problem("unavailable");
        assert_eq!(
            problem["retry_after"].to_string(),
            answer.header("retry-after")
        );
        assert!(!problem.to_string().contains(DETAIL));
    }
}

#[tokio::test]
async fn a_commit_in_doubt_has_its_own_problem() {
    let server = BrokenServer::start(|| StoreError::CommitInDoubt(DETAIL.into()));
    let problem = server
        .get("/api/v1/me", &server.token)
        .await
        .problem("unavailable");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("whether it was done")
    );
}

#[tokio::test]
async fn health_follows_the_server_from_its_start_to_its_end() {
    let server = BrokenServer::start(|| StoreError::Unavailable(DETAIL.into()));
    for (state, slug) in [
        (ServingState::Starting, "maintenance"),
        (ServingState::DatabaseAway, "unavailable"),
        (ServingState::Draining, "maintenance"),
    ] {
        server.readiness.set(ServingState::Ready);
        let ready = server.get("/health/ready", "").await;
        assert_eq!(ready.status.as_u16(), 200, "{state:?}");
        server.readiness.set(state);
        let answer = server.get("/health/ready", "").await;
        assert_eq!(answer.status.as_u16(), 503);
        answer.header("retry-after");
        answer.problem(slug);
        let live = server.get("/health/live", "").await;
        assert_eq!(live.status.as_u16(), 200);
    }
}
