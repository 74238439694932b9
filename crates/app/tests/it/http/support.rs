//! Test rig: a server, an HTTP client, and assertions on responses.

use std::sync::LazyLock;

use abu_application::identity::ports::PasswordHasher;
use abu_domain::{
    UserId,
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::{text::NewPassword, user::User},
};
use abu_security::BcryptHasher;
use abu_settings::Settings;
use abu_test_support::{TestDatabase, TestServer};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
    redirect::Policy,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The password of users that can log in.
pub(super) const PASSWORD: &str = "harmattan over kongo hill";

static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| {
    let password = NewPassword::parse(PASSWORD.into()).unwrap();
    BcryptHasher::new(4).hash(&password).unwrap()
});

/// The hash of [`PASSWORD`].
pub(super) fn password_hash() -> &'static str {
    &PASSWORD_HASH
}

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

    /// A server without rate limits.
    pub(super) async fn without_limits() -> Self {
        Self::start_with(|settings| settings.rate_limits.enabled = false).await
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

    /// A user without permissions.
    pub(super) fn user(&self) -> User {
        self.database().user().create()
    }

    /// A superuser.
    pub(super) fn superuser(&self) -> User {
        let user = self.database().user();
        user.superuser().in_group(SUPER_ADMIN_GROUP).create()
    }

    /// A user whom the university confirmed.
    pub(super) fn verified_user(&self) -> User {
        let user = self.user();
        self.verify(&user);
        user
    }

    pub(super) fn verify(&self, user: &User) {
        self.database().execute(&format!(
            "UPDATE users SET verification = 'verified' WHERE id = '{}'",
            user.id
        ));
    }

    /// A user without permissions who can log in with [`PASSWORD`].
    pub(super) fn member(&self) -> User {
        let user = self.database().user();
        user.password_hash(password_hash()).create()
    }

    /// The tokens of a log-in with [`PASSWORD`].
    pub(super) async fn log_in(&self, user: &User) -> Value {
        self.try_log_in(user.email.as_str(), PASSWORD)
            .await
            .expect(200)
    }

    /// The access token of a log-in, for [`Call::with`].
    pub(super) async fn log_in_as(&self, email: &str, password: &str) -> String {
        let answer = self.try_log_in(email, password).await.expect(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/v1/auth/token").json(&body).send().await
    }

    /// Makes sure that this condition holds in the database.
    #[track_caller]
    pub(super) fn assert_stored(&self, condition: &str) {
        let quoted = condition.replace('\'', "''");
        self.database().execute(&format!(
            "DO $do$ BEGIN ASSERT ({condition}), '{quoted}'; END $do$"
        ));
    }

    /// Makes sure that the audit log has so many entries of this about the target, with this in their
    /// details.
    #[track_caller]
    pub(super) fn assert_audited(&self, action: &str, target: &str, detail: &str, entries: usize) {
        self.assert_stored(&format!(
            "(SELECT count(*) FROM audit_log WHERE action = '{action}' AND target_id = '{target}'
              AND details LIKE '%{detail}%') = {entries}"
        ));
    }

    /// A user with exactly these permissions, through a role and a group of their own.
    pub(super) fn holder_of(&self, permissions: &[Permission]) -> User {
        let user = self.user();
        self.grant(user.id, permissions);
        user
    }

    /// Grants these permissions in addition.
    pub(super) fn grant(&self, user: UserId, permissions: &[Permission]) {
        let names: Vec<&str> = permissions.iter().map(|one| one.name()).collect();
        let group = self.group_of(&self.role_of(&names));
        self.database().execute(&format!(
            "INSERT INTO user_group (user_id, group_id)
             SELECT '{user}', id FROM groups WHERE name = '{group}'"
        ));
    }

    /// A new role that gives these permissions.
    pub(super) fn role_of(&self, permissions: &[&str]) -> String {
        let name = format!("role_{}", Uuid::new_v4().simple());
        self.database().execute(&format!(
            "WITH r AS (INSERT INTO roles (id, name, description, created_at, last_modified)
                 VALUES (gen_random_uuid(), '{name}', '', now(), now()) RETURNING id)
             INSERT INTO permission_role (role_id, permission_id)
             SELECT r.id, p.id FROM r, permissions p WHERE p.name IN ('{}')",
            permissions.join("', '")
        ));
        name
    }

    /// A new group that gives this role.
    pub(super) fn group_of(&self, role: &str) -> String {
        let name = format!("group_{}", Uuid::new_v4().simple());
        self.database().execute(&format!(
            "WITH g AS (INSERT INTO groups (id, name, description, created_at, last_modified)
                 VALUES (gen_random_uuid(), '{name}', '', now(), now()) RETURNING id)
             INSERT INTO role_group (group_id, role_id)
             SELECT g.id, r.id FROM g, roles r WHERE r.name = '{role}'"
        ));
        name
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

    pub(super) fn put(&self, path: &str) -> Call<'_> {
        self.call("PUT", path)
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

/// One of each thing that paths name.
pub(super) struct Subjects {
    /// A room.
    pub(super) room: String,
    /// An account without permissions, with one-time passwords.
    pub(super) user: String,
    permission: String,
    role: String,
    given: String,
    group: String,
    assignment: String,
    invitation: String,
    own_claim: String,
    claim: String,
    batch: String,
    record: String,
    import: String,
    term: String,
    pub(super) other_term: String,
    entry: String,
}

impl Subjects {
    /// Well-formed names of nothing.
    pub(super) fn nothing() -> Self {
        let id = || Uuid::new_v4().to_string();
        Self {
            room: id(),
            user: id(),
            permission: "no_permission".to_owned(),
            role: "no_role".to_owned(),
            given: "no_role_either".to_owned(),
            group: "no_group".to_owned(),
            assignment: id(),
            invitation: id(),
            own_claim: id(),
            claim: id(),
            batch: id(),
            record: id(),
            import: id(),
            term: id(),
            other_term: id(),
            entry: id(),
        }
    }

    /// New ones, in a room of `owner` that the user is in too; the role gives `permission`, and the group
    /// and the assigned role give nothing.
    pub(super) fn of(rig: &Rig, owner: &User, permission: Permission) -> Self {
        let given = rig.role_of(&[]);
        let user = rig.user().id;
        let room = rig.database().group(owner.id).member(user).create();
        let subjects = Self {
            room: room.id.to_string(),
            user: user.to_string(),
            permission: format!("can_{}", Uuid::new_v4().simple()),
            role: rig.role_of(&[permission.name()]),
            group: rig.group_of(&given),
            given,
            assignment: Uuid::new_v4().to_string(),
            invitation: Uuid::new_v4().to_string(),
            own_claim: Uuid::new_v4().to_string(),
            claim: Uuid::new_v4().to_string(),
            batch: Uuid::new_v4().to_string(),
            record: Uuid::new_v4().to_string(),
            import: Uuid::new_v4().to_string(),
            term: Uuid::new_v4().to_string(),
            other_term: Uuid::new_v4().to_string(),
            entry: Uuid::new_v4().to_string(),
        };
        let Self {
            room,
            invitation,
            permission,
            assignment,
            user,
            given,
            own_claim,
            claim,
            batch,
            record,
            import,
            term,
            other_term,
            entry,
            ..
        } = &subjects;
        rig.database().execute(&format!(
            "INSERT INTO permissions (id, name, description, created_at, last_modified)
                 VALUES (gen_random_uuid(), '{permission}', '', now(), now());
             INSERT INTO role_assignments (id, user_id, role_id, scope_type, valid_from, created_at,
                                           last_modified)
                 SELECT '{assignment}', '{user}', id, 'global', now(), now(), now()
                 FROM roles WHERE name = '{given}';
             INSERT INTO room_invitations (id, room_id, user_id, invited_by, created_at)
                 VALUES ('{invitation}', '{room}', '{user}', '{}', now());
             INSERT INTO claims (id, user_id, state, awards, names, list_me, due_at, created_at, last_modified)
                 VALUES ('{own_claim}', '{}', 'draft', '[]', '{{Amina Bello}}', true, now(), now(), now()),
                        ('{claim}', '{user}', 'rejected', '[]', '{{Amina Bello}}', true, now(), now(), now());
             INSERT INTO invitation_batches (id, channel, segment, state, expires_at, created_at, last_modified)
                 VALUES ('{batch}', 'printed', '{{}}', 'ready', now(), now(), now());
             INSERT INTO alumni_records (id, surname, given_names, name_tokens, created_at, last_modified)
                 VALUES ('{record}', 'Bello', 'Amina', '{{amina,bello}}', now(), now());
             INSERT INTO experiences (id, user_id, title, is_current)
                 VALUES ('{entry}', '{0}', 'Clerk', true);
             INSERT INTO educations (id, user_id, institution) VALUES ('{entry}', '{0}', 'A school');
             INSERT INTO profile_links (id, user_id, kind, url, created_at)
                 VALUES ('{entry}', '{0}', 'website', 'https://example.com', now());
             INSERT INTO employers (uuid, name, name_key, created_at, last_modified)
                 SELECT id::uuid, name, name, now(), now()
                 FROM (SELECT id, translate(id, '0123456789-', 'ghijklmnop') AS name
                       FROM (VALUES ('{term}'), ('{other_term}')) AS given (id)) AS named;
             INSERT INTO imports (id, kind, state, file_name, file_hash, bytes, mapping, mapping_hash, legal_basis,
                                  created_at, last_modified)
                 VALUES ('{import}', 'awards', 'discarded', 'graduates.csv', sha256('file'), 1,
                         '{{\"surname\":{{\"column\":\"Surname\"}}}}', sha256('mapping'),
                         'public task', now(), now());
             INSERT INTO totp_secrets (user_id, sealed_secret, created_at, confirmed_at)
                 VALUES ('{user}', '\\x00', now(), now())",
            owner.id, owner.id
        ));
        subjects
    }

    /// The path with all its parameters filled in; a permission in a role is `perm_name`.
    pub(super) fn fill(&self, path: &str, perm_name: &str) -> String {
        let (id, name) = match path.split('/').nth(3) {
            Some("rooms") => (&self.room, &self.role),
            _ if path.starts_with("/api/v1/me/claims") => (&self.own_claim, &self.role),
            _ if path.starts_with("/api/v1/admin/claims") => (&self.claim, &self.role),
            _ if path.starts_with("/api/v1/admin/invitations") => (&self.batch, &self.role),
            _ if path.starts_with("/api/v1/admin/alumni-records") => (&self.record, &self.role),
            _ if path.starts_with("/api/v1/me/profile/") => (&self.entry, &self.role),
            _ if path.starts_with("/api/v1/admin/vocabularies") => (&self.term, &self.role),
            _ if path.starts_with("/api/v1/admin/imports") => (&self.import, &self.role),
            Some("room-invitations") => (&self.invitation, &self.role),
            Some("role-assignments") => (&self.assignment, &self.role),
            Some("permissions") => (&self.user, &self.permission),
            Some("groups") => (&self.user, &self.group),
            _ => (&self.user, &self.role),
        };
        let role_name = match path.contains("{group_name}") {
            true => &self.given,
            false => &self.role,
        };
        // The lists that tests read stay as they were loaded.
        let (kind, code) = match path.starts_with("/api/v1/admin/reference/") {
            true => ("departments", "history"),
            false => ("faculties", "{code}"),
        };
        path.replace("{user_uuid}", &self.user)
            .replace("{kind}", kind)
            .replace("{code}", code)
            .replace("{version}", "1")
            .replace("{vocabulary}", "employers")
            .replace("{evidence_uuid}", &self.import)
            .replace("{uuid}", id)
            .replace("{message_id}", "0198c1a2-b3c4-7d5e-8f60-718293a4b5c6")
            .replace("{emoji}", "%F0%9F%91%8D")
            .replace("{name}", name)
            .replace("{role_name}", role_name)
            .replace("{perm_name}", perm_name)
            .replace("{group_name}", &self.group)
            .replace("{reset_uuid}", &self.user)
            // A code of no invitation.
            .replace("{code}", "ABU-0000-0000-0000")
            .replace("{day}", "2026-12-25")
            .replace("{file}", "index.html")
            .replace("{slug}", "not-found")
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

    /// With the access token of a log-in.
    pub(super) fn with(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The same, with the token as it came.
    pub(super) fn bearing(self, token: &Value) -> Self {
        self.with(token.as_str().unwrap())
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// With the fields of a form.
    pub(super) fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish())
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
