//! The log of `abu-server` as an operator sees it.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD, ChatClient, TestDatabase};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, abu_server, folder};

const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

/// `abu-server` on the database, with its own filter of the log.
fn on(database: &TestDatabase, folder: &TempDir) -> Command {
    let mut command = abu_server(folder);
    command
        .env_remove("RUST_LOG")
        .env("ABU__DATABASE__URL", database.url().expose_secret());
    command
}

async fn get(address: &str, path: &str) -> StatusCode {
    let client = reqwest::Client::builder().timeout(EVENT_TIMEOUT).build();
    let answer = client
        .unwrap()
        .get(format!("http://{address}{path}"))
        .send();
    answer.await.unwrap().status()
}

/// The administrator's access token.
async fn log_in(address: &str) -> String {
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/api/v1/auth/token"))
        .json(&json!({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}))
        .send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn set_filter(folder: &TempDir, filter: &str) {
    let config = folder.path().join("config");
    fs::create_dir_all(&config).unwrap();
    let settings = format!("[log]\nfilter = \"{filter}\"\n");
    fs::write(config.join("test.toml"), settings).unwrap();
}

#[tokio::test]
async fn sighup_reads_the_filter_again_and_sigusr1_does_nothing() {
    let (folder, database) = (folder(), TestDatabase::new());
    set_filter(&folder, "warn");
    let server = Program::start(&mut on(&database, &folder));
    let address = server.address();
    get(&address, "/before").await;
    set_filter(&folder, "info");
    server.signal(Signal::SIGUSR1);
    server.signal(Signal::SIGHUP);
    let line = server.logs(": ");
    assert!(
        line.contains("log.filter was read again filter=info"),
        "{line}"
    );
    get(&address, "/health/live").await;
    get(&address, "/after").await;
    let line = server.logs(": ");
    assert!(line.contains("GET /after 404"), "{line}");

    set_filter(&folder, "warning");
    server.signal(Signal::SIGHUP);
    let line = server.logs("log.filter stays as it was");
    assert!(line.contains("log.filter must be a level"), "{line}");
    set_filter(&folder, "debug");
    server.signal(Signal::SIGHUP);
    server.logs("log.filter was read again filter=debug");
    get(&address, "/health/live").await;
    server.logs("GET /health/live 200");

    server.signal(Signal::SIGQUIT);
    server.logs("received SIGQUIT");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// Reads lines, all of them JSON, up to one with this message.
fn object(server: &Program, message: &str) -> Value {
    loop {
        let line: Value = serde_json::from_str(&server.logs("")).unwrap();
        if line["message"] == message {
            return line;
        }
    }
}

#[tokio::test]
async fn json_lines_hold_the_start_each_request_and_each_chat_as_fields() {
    let (folder, database) = (folder(), TestDatabase::new());
    let mut command = on(&database, &folder);
    command
        .env("ABU__LOG__FORMAT", "json")
        .env("ABU__LOG__FILTER", "info")
        .env("ABU__SUPERUSER__PASSWORD", ADMIN_PASSWORD);
    let server = Program::start(&mut command);
    let start = object(&server, "abu-server starts");
    assert_eq!(start["environment"], "test");
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(start["database_connections"], 10);
    assert!(start["descriptors"].as_u64().unwrap() > 0);
    assert!(start["connections"].as_u64().unwrap() > 0);
    object(&server, "ready");
    let address = start["listen"].as_str().unwrap();
    get(address, "/nothing?token=secret").await;
    let access = object(&server, "GET /nothing 404");
    assert_eq!(access["target"], "abu_app::access");
    assert_eq!(access["method"], "GET");
    assert_eq!(access["path"], "/nothing");
    assert_eq!(access["status"], 404);
    assert_eq!(access["network"], "127.0.0.0/24");

    let url = format!("ws://{address}/chat?token={}", log_in(address).await);
    let (chat, welcome) = ChatClient::connect_v2(&url).await.unwrap();
    chat.leave().await;
    let end = object(&server, "chat session ended");
    assert_eq!(end["code"], 1000);
    assert_eq!(end["session"], welcome.session_id.to_string());
    assert_eq!(end["user"], welcome.user_id.to_string());
    assert_eq!(end["network"], "127.0.0.0/24");
    assert_eq!(end["packets_in"], 0);
    assert_eq!(end["packets_out"], 1);
    assert!(end["bytes_out"].as_u64() > end["bytes_in"].as_u64());
    assert!(end["seconds"].as_f64().unwrap() >= 0.0);

    server.signal(Signal::SIGTERM);
    object(&server, "stopped");
    let (status, _) = server.end();
    assert_eq!(status.code(), Some(0));
}

/// A server whose log is not read; killed when dropped.
struct Unread(Child);

impl Drop for Unread {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn address(child: &mut Child) -> String {
    let banner = BufReader::new(child.stdout.take().unwrap());
    let mut lines = banner.lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("listens on")).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_log_that_is_not_read_stops_neither_requests_nor_the_shutdown() {
    let (folder, database) = (folder(), TestDatabase::new());
    let child = on(&database, &folder)
        .env("ABU__LOG__FILTER", "trace")
        .env("ABU__RATE_LIMITS__ENABLED", "false")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut server = Unread(child);
    let address = address(&mut server.0);
    // Far more than a pipe holds.
    let path = format!("/{}", "x".repeat(200));
    for _ in 0..1_000 {
        assert_eq!(get(&address, &path).await, StatusCode::NOT_FOUND);
    }
    kill(Pid::from_raw(server.0.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}
