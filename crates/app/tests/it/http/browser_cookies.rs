//! Cookie sessions in a browser: pages of two origins and a server of a third, all of one site.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use abu_domain::identity::user::User;
use serde_json::{Value, json};

use super::support::{PASSWORD, Rig};
use crate::browser::Browser;

const REFRESH: &str = "/api/v1/auth/refresh";
const LOG_OUT: &str = "/api/v1/auth/logout";

/// Serves an empty page on a free port until the test ends, and returns its origin. Ports do not count
/// for a site, so cookies of the server are same-site here.
fn origin() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    format!("http://localhost:{port}")
}

fn answer(mut stream: impl Read + Write) -> Option<()> {
    let mut head = [0; 4096];
    stream.read(&mut head).ok().filter(|bytes| *bytes > 0)?;
    let page = "<!doctype html><title>page</title><link rel=icon href=data:,>";
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{page}"
    );
    stream.write_all(answer.as_bytes()).ok()
}

/// A server, and a browser on a page whose origin the server lists.
struct Site {
    rig: Rig,
    browser: Browser,
    listed: String,
}

impl Site {
    async fn open() -> Self {
        let listed = origin();
        let allowed = vec![listed.clone()];
        let rig = Rig::start_with(|settings| settings.cors.allowed_origins = allowed).await;
        let browser = Browser::start().await;
        browser.open(&listed).await;
        Self {
            rig,
            browser,
            listed,
        }
    }

    /// What a page gets when it posts this with credentials: the status and the body, or the name of
    /// the error if the browser withholds the answer.
    async fn post(&self, path: &str, body: &Value) -> Value {
        let port = self.rig.server.address().port();
        let call = format!(
            "fetch('http://localhost:{port}{path}', {{
                method: 'POST', credentials: 'include',
                headers: {{'content-type': 'application/json'}}, body: JSON.stringify({body}),
            }}).then(
                async (answer) => ({{
                    status: answer.status, body: await answer.json().catch(() => null),
                }}),
                (error) => error.name,
            )"
        );
        self.browser.value(&call).await
    }

    /// Posts without a body, as any page can: the browser sends the cookie without asking the server.
    async fn forge(&self, path: &str) -> Value {
        let port = self.rig.server.address().port();
        let call = format!(
            "fetch('http://localhost:{port}{path}', {{
                method: 'POST', credentials: 'include', mode: 'no-cors',
            }}).then((answer) => answer.type)"
        );
        self.browser.value(&call).await
    }

    async fn log_in(&self, user: &User) -> Value {
        let email = user.email.as_str();
        let body = json!({"email": email, "password": PASSWORD, "session": "cookie"});
        self.post("/api/v1/auth/token", &body).await
    }

    async fn refresh(&self) -> Value {
        self.post(REFRESH, &json!({})).await
    }

    async fn log_out(&self) -> Value {
        self.post(LOG_OUT, &json!({})).await
    }
}

#[tokio::test]
async fn a_page_of_a_listed_origin_logs_in_refreshes_and_logs_out_by_cookie() {
    let site = Site::open().await;
    let user = site.rig.member();
    let log_in = site.log_in(&user).await;
    assert_eq!(log_in["status"], 200, "{log_in}");
    assert_eq!(log_in["body"].get("refresh_token"), None);
    // No script reads the cookie, and a reload keeps it.
    site.browser.open(&site.listed).await;
    assert_eq!(site.browser.value("document.cookie").await, "");
    let mut refreshed = json!(null);
    for _ in 0..2 {
        refreshed = site.refresh().await;
        assert_eq!(refreshed["status"], 200, "{refreshed}");
        assert_eq!(refreshed["body"].get("refresh_token"), None);
    }
    let me = || {
        site.rig
            .get("/api/v1/me")
            .bearing(&refreshed["body"]["access_token"])
    };
    me().send().await.expect(200);

    let log_out = site.log_out().await;
    assert_eq!(log_out, json!({"status": 204, "body": null}));
    me().send().await.problem("invalid-token");
    // The browser has deleted the cookie.
    let refused = site.refresh().await;
    assert_eq!(
        refused["body"]["type"], "/problems/invalid-token",
        "{refused}"
    );
}

#[tokio::test]
async fn a_page_of_another_origin_neither_uses_nor_ends_the_cookies_session() {
    let site = Site::open().await;
    let log_in = site.log_in(&site.rig.member()).await;
    assert_eq!(log_in["status"], 200, "{log_in}");
    site.browser.open(&origin()).await;
    for path in [REFRESH, LOG_OUT] {
        assert_eq!(site.post(path, &json!({})).await, "TypeError");
        assert_eq!(site.forge(path).await, "opaque");
    }
    let untouched = "(SELECT bool_and(refresh_count = 0 AND revoked_at IS NULL) FROM sessions)";
    site.rig.assert_stored(untouched);
    site.browser.open(&site.listed).await;
    let refreshed = site.refresh().await;
    assert_eq!(refreshed["status"], 200, "{refreshed}");
}
