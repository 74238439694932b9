//! The whole application on a free port, for one test.

use std::net::SocketAddr;

use abu_app::server::{self, RunningServer};
use abu_application::{
    identity::ports::{AccessTokens, RefreshTokens},
    platform::{ports::Clock, readiness::Readiness, system::SystemClock},
};
use abu_domain::UserId;
use abu_security::{HmacRefreshTokens, JwtTokens};
use abu_settings::{Environment, Settings, Sources};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{TestDatabase, session_of};

/// The bootstrap superuser of every test server.
pub const ADMIN_EMAIL: &str = "admin@example.com";
pub const ADMIN_PASSWORD: &str = "a password for tests";

/// The signing key of every test server's tokens.
pub const SECRET: &str = "fQ3mW8xN1vB6kT9rY4cH7jL2pS5dG0zA";

/// A real server on a free port, with its own database and test settings. It ends with the test's runtime.
pub struct TestServer {
    database: TestDatabase,
    running: RunningServer,
    tokens: JwtTokens,
    /// The server's data folder; dropped with it.
    _data: TempDir,
}

impl TestServer {
    /// Starts a server, and waits until it is ready.
    pub async fn start() -> Self {
        Self::start_with(|_settings| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(TestDatabase::new(), change).await
    }

    pub async fn start_on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        let data = TempDir::with_prefix("abu-test-").expect("a temporary folder can be made");
        let mut settings = settings(&database, &data);
        change(&mut settings);
        let tokens = JwtTokens::new(
            &SECRET.into(),
            &settings.auth.issuer,
            &settings.auth.audience,
            settings.auth.access_token_ttl,
        );
        let mut running = server::start(settings).expect("the server starts");
        running.ready().await.expect("the server is set up");
        Self {
            database,
            running,
            tokens,
            _data: data,
        }
    }

    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The URL of `path`, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The chat's URL with an access token of `user`.
    pub fn chat_url(&self, user: UserId) -> String {
        format!("ws://{}/chat?token={}", self.address(), self.token(user))
    }

    /// An access token of `user`; creates the login session [`session_of`] if there is none.
    pub fn token(&self, user: UserId) -> String {
        self.token_issued_at(user, SystemClock.now())
    }

    /// An access token of a day ago, of the same login session as [`token`](Self::token).
    pub fn expired_token(&self, user: UserId) -> String {
        self.token_issued_at(user, SystemClock.now() - TimeDelta::days(1))
    }

    fn token_issued_at(&self, user: UserId, time: DateTime<Utc>) -> String {
        let session = session_of(user);
        self.database.execute(&format!(
            "INSERT INTO sessions (id, user_id, created_at, last_used_at, refreshed_at, expires_at)
             SELECT '{session}', id, now(), now(), now(), now() + interval '1 day'
             FROM users WHERE id = '{user}'
             ON CONFLICT DO NOTHING"
        ));
        self.tokens
            .issue(user, session, Uuid::new_v4(), time)
            .expect("a token can be signed")
            .token
    }

    /// The refresh token with this rotation number, of the same login session as [`token`](Self::token).
    pub fn refresh_token(&self, user: UserId, number: u32) -> String {
        let tokens = HmacRefreshTokens::new(SECRET.as_bytes());
        let token = tokens.make(session_of(user), number);
        token.expose_secret().to_owned()
    }

    pub fn readiness(&self) -> &Readiness {
        self.running.readiness()
    }

    /// Shuts the server down gracefully.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

fn settings(database: &TestDatabase, data: &TempDir) -> Settings {
    let sources = Sources::built_in(Environment::Test)
        .variable("ABU__DATABASE__URL", database.url().expose_secret())
        .variable("ABU__DATABASE__POOL_SIZE", "4")
        .variable("ABU__SERVER__WORKERS", "2")
        .variable("ABU__AUTH__JWT_SECRET", SECRET)
        .variable("ABU__SUPERUSER__EMAIL", ADMIN_EMAIL)
        .variable("ABU__SUPERUSER__PASSWORD", ADMIN_PASSWORD)
        .variable("ABU__DATA__DIR", data.path());
    Settings::load(&sources).expect("the settings of tests are right")
}
