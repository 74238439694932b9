//! What one account's chat costs the whole server: memory, processor time, and the answers of others.

use std::{
    fs,
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use abu_chat_protocol::{CloseCode, client::ListMessageRequest};
use abu_domain::{RoomId, UserId};
use abu_test_support::{ChatClient, TestDatabase};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    crash::log_in,
    program::{Program, abu_server, folder},
};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a password for tests";
/// What an attack may cost.
const MOST_MEMORY: u64 = 64 << 20;

/// A server of its own process, and a room with a hundred of the longest messages.
struct Scene {
    program: Program,
    address: String,
    token: String,
    room: RoomId,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let (folder, database) = (folder(), TestDatabase::new());
        let program = Program::start(
            abu_server(&folder)
                .env("ABU__DATABASE__URL", database.url().expose_secret())
                .env("ABU__SUPERUSER__EMAIL", EMAIL)
                .env("ABU__SUPERUSER__PASSWORD", PASSWORD)
                .env("ABU__CHAT__MAX_SESSIONS_PER_USER", "40")
                .env("ABU__SERVER__WORKERS", "2"),
        );
        let address = program.address();
        let token = log_in(&address, EMAIL, PASSWORD).await;
        let me: Value = api(&address, &token, "me").await;
        let me = UserId::new(me["uuid"].as_str().unwrap().parse().unwrap());
        let room = database.group(me).create().id;
        for _ in 0..100 {
            database.message(room, me, &"\u{1f600}".repeat(4_000));
        }
        Self {
            program,
            address,
            token,
            room,
            _database: database,
            _folder: folder,
        }
    }

    async fn chat(&self) -> ChatClient {
        let url = format!("ws://{}/chat?token={}", self.address, self.token);
        ChatClient::connect(&url).await.unwrap()
    }

    /// Resident memory in bytes.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().nth(1))
            .unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    }

    /// Processor time so far, in hundredths of a second.
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.program.id())).unwrap();
        // Behind the name in parentheses, which may hold anything.
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = rest.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// A page of the longest messages, of which the client reads only that it comes.
    async fn unread_page(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        // What the client's own kernel takes is no matter of the server's.
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(self.address.parse().unwrap()).await.unwrap();
        let head = format!(
            "GET /api/v1/rooms/{}/messages?limit=100 HTTP/1.1\r\nHost: abu\r\nAuthorization: Bearer {}\r\n\r\n",
            self.room, self.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        is_sent_to(&stream).await;
        stream
    }
}

async fn api(address: &str, token: &str, path: &str) -> Value {
    let url = format!("http://{address}/api/v1/{path}");
    let request = reqwest::Client::new().get(url).bearer_auth(token);
    request.send().await.unwrap().json().await.unwrap()
}

/// Waits until the server has sent something that the client does not read.
async fn is_sent_to(stream: &TcpStream) {
    let mut first = [0];
    let sent = timeout(Duration::from_secs(60), stream.peek(&mut first));
    assert!(sent.await.unwrap().unwrap() > 0);
}

/// Asks for the server's health until it is stopped; each answer comes within a second.
struct Watch {
    stop: Arc<AtomicBool>,
    watching: JoinHandle<usize>,
}

impl Watch {
    fn start(address: &str) -> Self {
        let url = format!("http://{address}/health/live");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watching = tokio::spawn(async move {
            let client = reqwest::Client::new();
            let mut answers = 0;
            while !stopped.load(Ordering::Relaxed) {
                let asked = client.get(&url).timeout(Duration::from_secs(1)).send();
                assert!(asked.await.unwrap().status().is_success());
                answers += 1;
            }
            answers
        });
        Self { stop, watching }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.watching.await.unwrap() > 0);
    }
}

fn page_request(room: RoomId) -> ListMessageRequest {
    let mut request = ListMessageRequest::new(room.uuid());
    request.limit = NonZeroU64::new(100);
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_read_nothing_hold_one_answer_each() {
    let scene = Scene::start().await;
    let mut reader = scene.chat().await;
    reader.history(page_request(scene.room)).await;
    let before = scene.memory();
    let watch = Watch::start(&scene.address);
    let mut sessions = Vec::new();
    for _ in 0..28 {
        let mut session = scene.chat().await;
        for _ in 0..20 {
            session.send(page_request(scene.room)).await;
        }
        is_sent_to(session.socket.get_ref()).await;
        sessions.push(session);
    }
    // The server has handled what it is going to read of them.
    for _ in 0..20 {
        let page = reader.history(page_request(scene.room)).await;
        assert_eq!(page.messages.len(), 100);
    }
    let grown = scene.memory().saturating_sub(before);
    assert!(grown <= MOST_MEMORY, "{} MB", grown >> 20);
    watch.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_unread_pages_of_one_account_cost_little_memory() {
    let scene = Scene::start().await;
    drop(scene.unread_page().await);
    let before = scene.memory();
    let watch = Watch::start(&scene.address);
    let mut pages = Vec::new();
    for _ in 0..100 {
        pages.push(scene.unread_page().await);
    }
    let grown = scene.memory().saturating_sub(before);
    assert!(grown <= MOST_MEMORY, "{} MB", grown >> 20);
    watch.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn millions_of_empty_frames_cost_next_to_nothing() {
    let scene = Scene::start().await;
    let (before, began) = (scene.memory(), scene.ticks());
    let watch = Watch::start(&scene.address);
    // The start of a text; then empty frames, masked.
    let start = [1, 0x81, 1, 2, 3, 4, b' '];
    let empty_continuation = [0, 0x80, 1, 2, 3, 4];
    let empty_ping = [0x89, 0x80, 1, 2, 3, 4];
    for (start, frame) in [(&start[..], empty_continuation), (&[], empty_ping)] {
        let mut session = scene.chat().await;
        let stream = session.socket.get_mut();
        stream.write_all(start).await.unwrap();
        let frames = frame.repeat(10_000);
        let mut sent = 0;
        while sent < 44_000_000 && stream.write_all(&frames).await.is_ok() {
            sent += 10_000;
        }
        assert!(sent < 5_000_000, "the server read {sent} frames");
    }
    let mut session = scene.chat().await;
    let frames = [&start[..], &empty_continuation.repeat(1_024)].concat();
    session.socket.get_mut().write_all(&frames).await.unwrap();
    assert_eq!(session.closed().await, CloseCode::PolicyViolation);
    watch.end().await;
    let grown = scene.memory().saturating_sub(before);
    assert!(grown <= MOST_MEMORY, "{} MB", grown >> 20);
    let ticks = scene.ticks() - began;
    assert!(ticks < 100, "{ticks} hundredths of a second");
}
