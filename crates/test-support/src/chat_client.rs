//! A WebSocket client of the chat for tests.

use std::time::Duration;

use abu_chat_protocol::{
    ClientPacket, CloseCode, Decoded, Profile, RequestRef, ServerPacket,
    client::{ChatJoin, ListMessageRequest, MessageSend},
    server::{self, ListMessageResponse, MessageReceive, Welcome},
};
use abu_domain::RoomId;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL},
    },
};

/// A test fails where an awaited frame takes longer.
const FRAME_TIMEOUT: Duration = Duration::from_secs(20);

/// A chat session for tests. A method that awaits a packet panics on a timeout, another packet, or the end.
pub struct ChatClient {
    /// The socket, for frames that are not packets.
    pub socket: WebSocketStream<TcpStream>,
}

impl ChatClient {
    /// Connects to `url`, which starts with `ws://`, a host and a port.
    ///
    /// # Errors
    /// The rejected handshake, with its HTTP response.
    pub async fn connect(url: &str) -> Result<Self, tungstenite::Error> {
        Self::connect_with(url.into_client_request()?).await
    }

    /// Connects with the headers of `request`.
    ///
    /// # Errors
    /// The rejected handshake, with its HTTP response.
    pub async fn connect_with(request: Request) -> Result<Self, tungstenite::Error> {
        let host = request.uri().authority().expect("a whole address").as_str();
        let stream = TcpStream::connect(host).await?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self { socket })
    }

    /// Connects to `url` with profile v2, and reads its `welcome`.
    ///
    /// # Errors
    /// The rejected handshake, with its HTTP response.
    pub async fn connect_v2(url: &str) -> Result<(Self, Welcome), tungstenite::Error> {
        let mut request = url.into_client_request()?;
        let profile = HeaderValue::from_static(Profile::V2.subprotocol());
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, profile);
        let mut client = Self::connect_with(request).await?;
        match client.packet().await {
            ServerPacket::Welcome(welcome) => Ok((client, welcome)),
            other => panic!("a welcome was expected, not {other:?}"),
        }
    }

    /// Sends a packet with the `ref` `name`.
    pub async fn ask(&mut self, name: &str, packet: impl Into<ClientPacket>) {
        let name = RequestRef::new(name).expect("a short name");
        self.send_text(&packet.into().to_json_with_ref(&name)).await;
    }

    /// The next packet, which must have the `ref` `name`.
    pub async fn answer(&mut self, name: &str) -> ServerPacket {
        let (packet, request_ref) = self.packet_with_ref().await;
        let answers = request_ref.as_ref().map(RequestRef::as_str);
        assert_eq!(answers, Some(name), "{packet:?}");
        packet
    }

    pub async fn send(&mut self, packet: impl Into<ClientPacket>) {
        self.send_text(&packet.into().to_json()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .await
            .expect("the connection holds");
    }

    pub async fn say(&mut self, room: RoomId, text: &str) {
        self.send(MessageSend::new(room.uuid(), text)).await;
    }

    pub async fn join(&mut self) {
        self.send(ChatJoin::new()).await;
    }

    /// The next frame of any kind.
    pub async fn frame(&mut self) -> Message {
        tokio::time::timeout(FRAME_TIMEOUT, self.socket.next())
            .await
            .expect("a frame in time")
            .expect("a frame, not the end")
            .expect("the connection holds")
    }

    /// The next packet, which must have no `ref`. Skips pings, which the library answers.
    pub async fn packet(&mut self) -> ServerPacket {
        let (packet, request_ref) = self.packet_with_ref().await;
        assert_eq!(request_ref, None, "{packet:?}");
        packet
    }

    /// The next packet, and its `ref`.
    pub async fn packet_with_ref(&mut self) -> (ServerPacket, Option<RequestRef>) {
        loop {
            match self.frame().await {
                Message::Text(text) => {
                    match ServerPacket::decode(&text).expect("the connection holds") {
                        Decoded::Known {
                            packet,
                            request_ref,
                            ..
                        } => return (packet, request_ref),
                        other => panic!("an unknown packet: {other:?}"),
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("a packet was expected, not {other:?}"),
            }
        }
    }

    /// The next packet, which must be a message.
    pub async fn message(&mut self) -> MessageReceive {
        match self.packet().await {
            ServerPacket::MessageReceive(message) => message,
            other => panic!("a message was expected, not {other:?}"),
        }
    }

    /// The next packet, which must be an error.
    pub async fn error(&mut self) -> server::Error {
        match self.packet().await {
            ServerPacket::Error(error) => error,
            other => panic!("an error was expected, not {other:?}"),
        }
    }

    /// Requests history; the next packet must be the answer.
    pub async fn history(&mut self, request: ListMessageRequest) -> ListMessageResponse {
        self.send(request).await;
        match self.packet().await {
            ServerPacket::ListMessageResponse(page) => page,
            other => panic!("history was expected, not {other:?}"),
        }
    }

    /// Sends a marker message to `room`, and asserts that no other packet arrives before it.
    pub async fn hears_nothing_else(&mut self, room: RoomId) {
        let marker = uuid::Uuid::new_v4().to_string();
        self.say(room, &marker).await;
        assert_eq!(self.message().await.message, marker);
    }

    /// Waits for the server's close code.
    pub async fn closed(&mut self) -> CloseCode {
        loop {
            match self.frame().await {
                Message::Close(Some(frame)) => return CloseCode::from(u16::from(frame.code)),
                Message::Close(None) => panic!("a close without a code"),
                _ => {}
            }
        }
    }

    /// Completes the close handshake.
    pub async fn leave(mut self) {
        self.socket.close(None).await.expect("the connection holds");
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
