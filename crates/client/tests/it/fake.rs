//! A scripted server, for cases that the real one produces rarely.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    num::NonZeroU64,
    sync::{Arc, Mutex},
    time::Duration,
};

use abu_chat_client::{AccessToken, Session};
use abu_chat_protocol::{
    ClientPacket, CloseCode, Decoded, Profile, ServerPacket,
    server::{Heartbeat, Limits, MessageReceive, ServerClosing, Welcome},
};
use chrono::DateTime;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message as Frame,
        handshake::server::{Request, Response},
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::CloseFrame,
    },
};

use crate::people::builder;

/// The script of one connection to the chat.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// This raw HTTP response instead of an upgrade.
    Refuse(&'static str),
    /// `welcome`, then a close with this code.
    Close(CloseCode),
    /// `welcome`, then `server-closing` with this wait, and a close with 1001.
    Drain(Duration),
    /// `welcome`, then no answer to any packet.
    Stay,
    /// `welcome`, then an answer to the first message after the client's next frame.
    AnswerLate,
    /// A server without profile v2.
    OldServer,
}

/// A server without rooms. Each connection to the chat runs the next script; the last one repeats.
pub(crate) struct FakeServer {
    address: SocketAddr,
    /// The access tokens of the connections, in order.
    pub(crate) tokens: mpsc::UnboundedReceiver<String>,
    /// The texts of the received messages.
    pub(crate) said: mpsc::UnboundedReceiver<String>,
}

impl FakeServer {
    pub(crate) async fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scripts = Arc::new(Mutex::new(VecDeque::from_iter(scripts)));
        let (tell, tokens) = mpsc::unbounded_channel();
        let (tell_said, said) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let scripts = Arc::clone(&scripts);
                tokio::spawn(serve(stream, scripts, tell.clone(), tell_said.clone()));
            }
        });
        Self {
            address,
            tokens,
            said,
        }
    }

    /// A session with the tokens `token-1`, `token-2` and so on.
    pub(crate) fn session(&self) -> Session {
        let client = builder(format!("http://{}", self.address)).build().unwrap();
        let given = Arc::new(Mutex::new(0));
        client.with_tokens(move || {
            let mut given = given.lock().unwrap();
            *given += 1;
            let token = AccessToken::new(format!("token-{given}"));
            async move { Ok(token) }
        })
    }
}

async fn serve(
    mut stream: TcpStream,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    tell: mpsc::UnboundedSender<String>,
    tell_said: mpsc::UnboundedSender<String>,
) {
    let mut beginning = [0; 10];
    let is_chat = stream.peek(&mut beginning).await.is_ok() && beginning.starts_with(b"GET /chat ");
    if !is_chat {
        answer(&mut stream, &no_rooms()).await;
        return;
    }
    let script = {
        let mut scripts = scripts.lock().unwrap();
        match scripts.len() {
            1 => scripts[0].clone(),
            _ => scripts.pop_front().unwrap(),
        }
    };
    let closing = match script {
        Script::Drain(wait) => Some(ServerPacket::from(ServerClosing::new(wait))),
        _ => None,
    };
    let answers_late = matches!(script, Script::AnswerLate);
    let code = match script {
        Script::Refuse(text) => {
            let request = answer(&mut stream, text).await;
            let token = request.lines().find_map(|line| {
                let (name, value) = line.split_once(": Bearer ")?;
                name.eq_ignore_ascii_case("authorization")
                    .then(|| value.to_owned())
            });
            let _ = tell.send(token.unwrap_or_default());
            return;
        }
        Script::OldServer => {
            let _ = tell.send(String::new());
            let plain = accept_hdr_async(stream, |_: &Request, response: Response| Ok(response));
            // Waits until the client closes the connection.
            if let Ok(mut socket) = plain.await {
                while let Some(Ok(_)) = socket.next().await {}
            }
            return;
        }
        Script::Close(code) => Some(code),
        Script::Drain(_) => Some(CloseCode::GoingAway),
        Script::Stay | Script::AnswerLate => None,
    };
    let upgraded = accept_hdr_async(stream, |request: &Request, mut response: Response| {
        let token = request.headers()["authorization"].to_str().unwrap();
        let _ = tell.send(token.trim_start_matches("Bearer ").to_owned());
        let profile = HeaderValue::from_static(Profile::V2.subprotocol());
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, profile);
        Ok(response)
    });
    let mut socket = upgraded.await.unwrap();
    socket.send(Frame::text(welcome().to_json())).await.unwrap();
    if let Some(closing) = closing {
        socket.send(Frame::text(closing.to_json())).await.unwrap();
    }
    if let Some(code) = code {
        let frame = CloseFrame {
            code: u16::from(code).into(),
            reason: code.reason().into(),
        };
        socket.close(Some(frame)).await.unwrap();
    }
    if answers_late {
        answer_late(&mut socket, &tell_said).await;
    }
    while let Some(Ok(_)) = socket.next().await {}
}

/// Answers the first message when the client's next frame has arrived but is unread.
async fn answer_late(
    socket: &mut WebSocketStream<TcpStream>,
    tell: &mpsc::UnboundedSender<String>,
) {
    while let Some(Ok(frame)) = socket.next().await {
        let Frame::Text(text) = frame else {
            continue;
        };
        let Ok(Decoded::Known {
            packet: ClientPacket::MessageSend(message),
            request_ref: Some(name),
            ..
        }) = ClientPacket::decode(&text)
        else {
            continue;
        };
        let _ = tell.send(message.message.clone());
        socket.get_ref().peek(&mut [0]).await.unwrap();
        let time = DateTime::UNIX_EPOCH;
        let stored = MessageReceive::new(message.room_id, "amina", message.message, time)
            .stored_as("message", NonZeroU64::MIN);
        let answer = ServerPacket::from(stored).to_json_with_ref(&name);
        socket.send(Frame::text(answer)).await.unwrap();
        return;
    }
}

fn welcome() -> ServerPacket {
    let time = DateTime::UNIX_EPOCH;
    let heartbeat = Heartbeat::new(Duration::from_secs(25), Duration::from_secs(60));
    let limits = Limits::new(65_536, 4_000, Duration::from_secs(900));
    Welcome::new("session", "amina", time, time, heartbeat, limits).into()
}

/// Reads a request without a body, and writes `answer`.
async fn answer(stream: &mut TcpStream, answer: &str) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(stream.read(&mut byte).await, Ok(1)) {
            break;
        }
        request.push(byte[0]);
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    String::from_utf8_lossy(&request).into_owned()
}

fn no_rooms() -> String {
    let body = r#"{"items": [], "next_cursor": null}"#;
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
