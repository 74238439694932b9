//! Crash recovery: `abu-server` killed during a chat and restarted.

use abu_chat_protocol::client::{ListMessageRequest, Order};
use abu_domain::RoomId;
use abu_test_support::ChatClient;
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, abu_server, folder, postgres_process};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a password for tests";

/// A running server, with its own PostgreSQL in its folder.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(folder: &TempDir) -> Self {
        let program = Program::start(
            abu_server(folder)
                .env("ABU__SUPERUSER__EMAIL", EMAIL)
                .env("ABU__SUPERUSER__PASSWORD", PASSWORD)
                .env("ABU__RATE_LIMITS__ENABLED", "false"),
        );
        let address = program.address();
        Self { program, address }
    }

    /// The administrator's token.
    pub(crate) async fn token(&self) -> String {
        log_in(&self.address, EMAIL, PASSWORD).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        post(&self.address, path, token, body).await
    }

    async fn chat(&self, token: &str) -> ChatClient {
        let url = format!("ws://{}/chat?token={token}", self.address);
        ChatClient::connect(&url).await.unwrap()
    }
}

pub(crate) async fn log_in(address: &str, email: &str, password: &str) -> String {
    let body = json!({"email": email, "password": password});
    let answer = post(address, "auth/token", None, body).await;
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn post(address: &str, path: &str, token: Option<&str>, body: Value) -> Value {
    let url = format!("http://{address}/api/v1/{path}");
    let mut request = reqwest::Client::new().post(url).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().json().await.unwrap()
}

/// Sends until the connection breaks, and returns what was seen to be stored.
async fn chat_until_cut(mut session: ChatClient, room: RoomId, prefix: String) -> Vec<String> {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;

    let mut seen = Vec::new();
    for n in 0.. {
        let text = json!({
            "type": "message-send",
            "payload": {"room_id": room.to_string(), "message": format!("{prefix} {n}")}
        });
        if session
            .socket
            .send(Message::text(text.to_string()))
            .await
            .is_err()
        {
            return seen;
        }
        match session.socket.next().await {
            Some(Ok(Message::Text(frame))) => {
                let packet: Value = serde_json::from_str(&frame).unwrap();
                if packet["type"] == "message-receive" {
                    seen.push(packet["payload"]["message"].as_str().unwrap().to_owned());
                }
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return seen,
        }
    }
    seen
}

async fn everything_in(session: &mut ChatClient, room: RoomId) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let mut request = ListMessageRequest::new(room.uuid());
        request.limit = std::num::NonZeroU64::new(100);
        request.skip = Some(all.len() as u64);
        request.order = Some(Order::Asc);
        let page = session.history(request).await;
        all.extend(page.messages.into_iter().map(|message| message.message));
        if all.len() as u64 == page.total_count {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn received_messages_survive_a_kill_of_server_and_database() {
    let folder = folder();
    let mut server = Server::start(&folder);
    let token = server.token().await;
    let body = json!({"kind": "group", "name": "Crash test", "member_ids": []});
    let room = server.post("rooms", Some(&token), body).await;
    let room = RoomId::new(room["uuid"].as_str().unwrap().parse().unwrap());

    let mut received = Vec::new();
    for round in 0..3 {
        let mut chats = Vec::new();
        for client in 0..4 {
            let session = server.chat(&token).await;
            let prefix = format!("round {round} client {client}");
            chats.push(tokio::spawn(chat_until_cut(session, room, prefix)));
        }
        // Well under way.
        let mut watcher = server.chat(&token).await;
        for _ in 0..200 {
            watcher.message().await;
        }
        if round == 1 {
            kill(postgres_process(&folder), Signal::SIGKILL).unwrap();
        }
        server.program.kill();
        for chat in chats {
            received.extend(chat.await.unwrap());
        }
        server = Server::start(&folder);
    }

    let mut session = server.chat(&token).await;
    let stored = everything_in(&mut session, room).await;
    let mut unique = stored.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), stored.len(), "nothing is stored twice");
    received.sort_unstable();
    received.dedup();
    assert!(received.len() > 100, "the chat was under way");
    let lost: Vec<_> = received
        .iter()
        .filter(|text| unique.binary_search(text).is_err())
        .collect();
    assert!(lost.is_empty(), "received, and not stored: {lost:?}");
}
