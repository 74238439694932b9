//! A server, a client, and answers that can be looked at.

use abu_app::settings::Settings;
use abu_domain::{UserId, access::Permission, user::User};
use abu_test_support::{TestDatabase, TestServer};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};
use serde_json::Value;
use uuid::Uuid;

/// A server with a client that follows no redirects.
pub(super) struct Rig {
    pub(super) server: TestServer,
    client: reqwest::Client,
}

impl Rig {
    pub(super) async fn start() -> Self {
        Self::start_with(|_settings| {}).await
    }

    pub(super) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(TestServer::start_with(change).await)
    }

    pub(super) fn on(server: TestServer) -> Self {
        Self {
            server,
            client: client(),
        }
    }

    pub(super) fn database(&self) -> &TestDatabase {
        self.server.database()
    }

    /// Somebody without any permission.
    pub(super) fn user(&self) -> User {
        self.database().user().create()
    }

    /// Somebody who holds these permissions and no other.
    pub(super) fn holder_of(&self, permissions: &[Permission]) -> User {
        let user = self.user();
        for permission in permissions {
            self.grant(user.id, *permission);
        }
        user
    }

    fn grant(&self, user: UserId, permission: Permission) {
        let name = permission.name();
        let own = Uuid::new_v4().simple();
        self.database().execute(&format!(
            "WITH r AS (INSERT INTO roles (id, name, description, created_at, last_modified)
                 VALUES (gen_random_uuid(), 'role_{own}', '', now(), now()) RETURNING id),
             g AS (INSERT INTO groups (id, name, description, created_at, last_modified)
                 VALUES (gen_random_uuid(), 'group_{own}', '', now(), now()) RETURNING id),
             rp AS (INSERT INTO permission_role (role_id, permission_id)
                 SELECT r.id, p.id FROM r, permissions p WHERE p.name = '{name}'),
             rg AS (INSERT INTO role_group (group_id, role_id) SELECT g.id, r.id FROM g, r)
             INSERT INTO user_group (user_id, group_id) SELECT '{user}', g.id FROM g"
        ));
    }

    pub(super) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Call {
            rig: self,
            request: self.client.request(method, self.server.url(path)),
        }
    }

    pub(super) fn get(&self, path: &str) -> Call<'_> {
        self.call("GET", path)
    }

    pub(super) fn post(&self, path: &str) -> Call<'_> {
        self.call("POST", path)
    }

    pub(super) fn patch(&self, path: &str) -> Call<'_> {
        self.call("PATCH", path)
    }

    pub(super) fn delete(&self, path: &str) -> Call<'_> {
        self.call("DELETE", path)
    }

    /// The description of the API as the server sends it.
    pub(super) async fn description(&self) -> Value {
        self.get("/openapi.json").send().await.json()
    }
}

/// A client that follows no redirects.
pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// A request about to be sent.
pub(super) struct Call<'a> {
    rig: &'a Rig,
    request: RequestBuilder,
}

impl Call<'_> {
    /// As this user.
    pub(super) fn by(self, user: &User) -> Self {
        self.by_id(user.id)
    }

    pub(super) fn by_id(self, user: UserId) -> Self {
        let token = self.rig.server.token(user);
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    pub(super) fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    pub(super) async fn send(self) -> Answer {
        Answer::of(self.request.send().await.unwrap()).await
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(super) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        match self.headers.get(name) {
            Some(value) => value.to_str().unwrap(),
            None => panic!("no header {name}: {self:?}"),
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON body, which must have come with this status.
    #[track_caller]
    pub(super) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// Nothing, with 204.
    #[track_caller]
    pub(super) fn expect_nothing(&self) {
        assert_eq!(self.status, StatusCode::NO_CONTENT, "{}", self.text());
        assert!(self.body.is_empty());
    }

    /// The problem document of this kind, whole and consistent with the answer it came in.
    #[track_caller]
    pub(super) fn problem(&self, slug: &str) -> Value {
        assert_eq!(
            self.headers.get(CONTENT_TYPE).unwrap(),
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{problem}");
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        assert_eq!(problem["instance"], self.header("x-request-id"));
        for words in ["title", "detail"] {
            assert!(!problem[words].as_str().unwrap().is_empty(), "{problem}");
        }
        assert!(!self.headers.contains_key("content-encoding"));
        problem
    }

    /// Place and code of each mistake that the answer names.
    #[track_caller]
    pub(super) fn mistakes(&self) -> Vec<(String, String)> {
        let problem = self.problem("validation-failed");
        assert_eq!(self.status.as_u16(), 422);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| {
                let place = error.get("pointer").unwrap_or(&error["parameter"]);
                assert!(!error["message"].as_str().unwrap().is_empty());
                (text(place), text(&error["code"]))
            })
            .collect()
    }
}

/// Pairs of texts, to compare [`Answer::mistakes`] with.
pub(super) fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(place, code): &(&str, &str)| ((*place).to_owned(), (*code).to_owned());
    pairs.iter().map(own).collect()
}
