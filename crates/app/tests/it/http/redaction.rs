//! What the log shows of a request, and what it never does.

use std::{
    sync::{Condvar, Mutex},
    time::Duration,
};

use log::{LevelFilter, Log, Metadata, Record};
use serde_json::json;

use super::support::Rig;

/// How long a line may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps every line of the process's log, of all levels and modules.
struct Lines {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

static LINES: Lines = Lines {
    lines: Mutex::new(Vec::new()),
    more: Condvar::new(),
};

impl Log for Lines {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let pairs = Pairs::of(record);
        let line = format!("{} {}{pairs}", record.target(), record.args());
        self.lines.lock().unwrap().push(line);
        self.more.notify_all();
    }

    fn flush(&self) {}
}

/// The pairs of a record, as ` key=value` each.
struct Pairs;

impl Pairs {
    fn of(record: &Record<'_>) -> String {
        struct Text(String);
        impl<'kvs> log::kv::VisitSource<'kvs> for Text {
            fn visit_pair(
                &mut self,
                key: log::kv::Key<'kvs>,
                value: log::kv::Value<'kvs>,
            ) -> Result<(), log::kv::Error> {
                self.0.push_str(&format!(" {key}={value}"));
                Ok(())
            }
        }
        let mut text = Text(String::new());
        record.key_values().visit(&mut text).unwrap();
        text.0
    }
}

pub(super) fn listen() {
    // Whichever test is first installs it.
    if log::set_logger(&LINES).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

/// Waits for the line of the access log that ends a request.
pub(super) fn access_line(request: &str) -> String {
    let mine = format!(" request={request}");
    let is_mine = |line: &&String| line.starts_with("abu_app::access") && line.contains(&mine);
    let lines = LINES.lines.lock().unwrap();
    let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| is_mine(&line));
    let (lines, _) = LINES
        .more
        .wait_timeout_while(lines, PATIENCE, missing)
        .unwrap();
    let line = lines.iter().find(is_mine).cloned();
    // The lock is given back before anything fails: all other tests log through it.
    drop(lines);
    line.expect("the request has its line in time")
}

fn assert_nowhere(secret: &str) {
    let lines = LINES.lines.lock().unwrap();
    let line = lines.iter().find(|line| line.contains(secret)).cloned();
    drop(lines);
    assert_eq!(line, None);
}

#[tokio::test]
async fn each_request_has_one_line_that_names_the_caller_and_no_query() {
    listen();
    let rig = Rig::start().await;
    let user = rig.user();
    let me = rig.get("/api/v1/me").by(&user).send().await;
    let line = access_line(me.header("x-request-id"));
    assert!(line.contains("GET /api/v1/me 200"), "{line}");
    assert!(line.contains(&format!(" user={}", user.id)), "{line}");
    assert!(
        line.contains(&format!(" bytes={}", me.body.len())),
        "{line}"
    );

    let query = rig.get("/nothing?where=nowhere").send().await;
    let line = access_line(query.header("x-request-id"));
    assert!(line.contains("GET /nothing 404"), "{line}");
    assert!(
        !line.contains("nowhere") && !line.contains("user="),
        "{line}"
    );
}

#[tokio::test]
async fn tokens_tickets_and_passwords_are_nowhere_in_the_log() {
    listen();
    let rig = Rig::start().await;
    let user = rig.user();
    let token = rig.server.token(user.id);
    let ticket = rig.post("/api/v1/auth/ws-ticket").by(&user).send().await;
    let ticket = ticket.expect(200)["ticket"].as_str().unwrap().to_owned();
    let password = "the password in the test of the log";
    let email = "in.the.test.of.the.log@example.com";
    let mut requests = Vec::new();
    for call in [
        rig.get(&format!("/chat?token={token}")),
        rig.get(&format!("/chat?ticket={ticket}")),
        rig.get(&format!(
            "/chat?token={token}&ticket={ticket}&tokne={token}"
        )),
        rig.get(&format!("/chat/?token={token}")),
        rig.get(&format!("/api/v1/me?token={token}")),
        rig.post("/api/v1/auth/token")
            .json(&json!({"email": email, "password": password})),
        rig.post("/api/v1/auth/token")
            .json(&json!({"email": email, "password": [password]})),
    ] {
        let answer = call.send().await;
        assert!(!answer.text().contains(&token), "{}", answer.text());
        requests.push(answer.header("x-request-id").to_owned());
    }
    for request in &requests {
        access_line(request);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, signature] = parts[..] else {
        panic!("a token has three parts")
    };
    for secret in [&claims[..40], signature, &ticket, password, email] {
        assert_nowhere(secret);
    }
}
