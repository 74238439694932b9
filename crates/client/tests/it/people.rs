//! A real server, and connected test users.

use std::{future::Future, time::Duration};

use abu_chat_client::{
    Chat, Client, ClientBuilder, Event, Events, Message, RoomId, Session, UserId,
};
use abu_test_support::TestServer;

/// A test fails where an awaited event takes longer.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A server without rate limits.
pub(crate) async fn server() -> TestServer {
    TestServer::start_with(|settings| {
        settings.rate_limits.enabled = false;
        settings.chat.rate_limits_enabled = false;
    })
    .await
}

/// A client with a short back-off.
pub(crate) fn builder(url: impl Into<String>) -> ClientBuilder {
    Client::builder(url)
        .backoff(Duration::from_millis(10), Duration::from_millis(200))
        .request_timeout(TEST_TIMEOUT)
}

pub(crate) fn client_of(server: &TestServer) -> Client {
    builder(server.url("")).build().unwrap()
}

/// A new account that is logged in through `client`.
pub(crate) fn account(server: &TestServer, client: &Client) -> (UserId, Session) {
    let user = server.database().user().create();
    let session = client.resume(server.refresh_token(user.id, 0));
    (UserId::from(user.id.uuid()), session)
}

/// A connected user.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) session: Session,
    pub(crate) chat: Chat,
    pub(crate) events: Events,
}

impl Person {
    /// A new account, connected through `client`.
    pub(crate) async fn new(server: &TestServer, client: &Client) -> Self {
        let (id, session) = account(server, client);
        Self::connect(id, session).await
    }

    pub(crate) async fn connect(id: UserId, session: Session) -> Self {
        let (chat, events) = session.connect().await.unwrap();
        Self {
            id,
            session,
            chat,
            events,
        }
    }

    /// Creates a group of this person and others, and waits until all of them got its `room-notify`.
    pub(crate) async fn group(&mut self, others: &mut [&mut Self]) -> RoomId {
        let ids: Vec<UserId> = others.iter().map(|other| other.id.clone()).collect();
        let room = self.session.open_group("Set of 1998", &ids).await.unwrap();
        self.hears_of(&room.id).await;
        for other in others {
            other.hears_of(&room.id).await;
        }
        room.id
    }

    pub(crate) async fn hears_of(&mut self, room: &RoomId) {
        until(&mut self.events, |event| match event {
            Event::Room(notice) if notice.room_id == *room => Some(()),
            _ => None,
        })
        .await;
    }

    /// The next message; skips other events.
    pub(crate) async fn message(&mut self) -> Message {
        until(&mut self.events, |event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
        .await
    }

    /// The next message, which must have this text.
    pub(crate) async fn hears(&mut self, text: &str) -> Message {
        let message = self.message().await;
        assert_eq!(message.text, text);
        message
    }
}

/// The first result that `wanted` returns for an event.
pub(crate) async fn until<T>(events: &mut Events, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    in_time(async {
        while let Some(event) = events.next().await {
            let shown = format!("{event:?}");
            if let Some(found) = wanted(event) {
                return found;
            }
            assert!(!shown.starts_with("Ended"), "{shown}");
        }
        panic!("the events are over");
    })
    .await
}

pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(TEST_TIMEOUT, work)
        .await
        .expect("it happens in time")
}
