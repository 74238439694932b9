//! Test rig: a server with the chat engine alone.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, mpsc},
    time::Duration,
};

use abu_application::{
    BlockingPool, Context, Database,
    identity::ports::{AccessTokens, IssuedToken, TokenClaims, TokenError},
    messaging::{
        messages::Messaging,
        ports::EventBus,
        rooms::{RoomDraft, RoomLimits, Rooms},
        writer::WriterPolicy,
    },
    platform::{
        ports::StoreError,
        rate_limits::RateLimits,
        system::{SystemClock, SystemIds},
    },
    store::{Reads, Statements, Store, Writes},
};
use abu_chat::{ChatEngine, ChatHub, ChatSettings, Connecting, HTTP_WRITE_BUFFER, Worker};
use abu_chat_protocol::server::Welcome;
use abu_domain::{
    LoginSessionId, RoomId, UserId, messaging::text::RoomName, platform::network::Network,
};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, rt::net::TcpStream, web,
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite;
use uuid::Uuid;

use abu_storage::FolderStore;
pub(crate) use abu_test_support::{ChatClient as Client, caller};

/// How long anything may take before the test has failed.
pub(crate) const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a token is good that does not end within a test.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A chat server of one test.
pub(crate) struct Chat {
    pub(crate) address: SocketAddr,
    pub(crate) engine: ChatEngine,
    pub(crate) rooms: Rooms,
    pub(crate) messaging: Messaging,
    pub(crate) people: abu_test_support::TestDatabase,
    handle: ServerHandle,
}

/// Settings that let a test send as fast as it likes.
pub(crate) fn unlimited() -> ChatSettings {
    ChatSettings {
        rate_limits_enabled: false,
        ..ChatSettings::default()
    }
}

impl Chat {
    pub(crate) fn start() -> Self {
        Self::with(unlimited())
    }

    pub(crate) fn with(settings: ChatSettings) -> Self {
        let people = abu_test_support::TestDatabase::new();
        let store = people.store();
        Self::on(people, store, settings)
    }

    /// A chat on that store, which need not be the test database's own.
    pub(crate) fn on(
        people: abu_test_support::TestDatabase,
        store: Arc<dyn Store>,
        settings: ChatSettings,
    ) -> Self {
        let database = Database::new(store, BlockingPool::new(8, Duration::from_secs(5)));
        let clock = Arc::new(SystemClock);
        let ids = Arc::new(SystemIds);
        let hub = ChatHub::start(database.store(), &settings).unwrap();
        let context = Context {
            database,
            clock,
            ids,
            events: hub.clone(),
            presence: hub.clone(),
            limits: Arc::new(RateLimits::off()),
            // The chat stores no files.
            files: Arc::new(FolderStore::new("unused")),
        };
        let messaging = {
            let limits = settings.message_limits();
            let limits = settings.rate_limits_enabled.then_some(limits);
            Messaging::start(context.clone(), WriterPolicy::default(), limits).unwrap()
        };
        let tokens = Arc::new(PlainTokens);
        let engine = ChatEngine::start(hub, messaging.clone(), tokens, settings.clone()).unwrap();
        let rooms = Rooms {
            context,
            limits: RoomLimits {
                max_members: 1_000,
                max_rooms_per_user: 100,
                quotas: None,
            },
            read_marks: Arc::clone(&messaging.read_marks),
        };
        let (address, handle) = serve(engine.clone(), settings);
        Self {
            address,
            engine,
            rooms,
            messaging,
            people,
            handle,
        }
    }

    pub(crate) fn events(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.messaging.context.events)
    }

    /// Which of these people joined the chat.
    pub(crate) fn online(&self, users: &[UserId]) -> Vec<bool> {
        self.messaging.context.presence.online(users)
    }

    /// Creates a user.
    pub(crate) fn user(&self) -> UserId {
        self.people.user().create().id
    }

    /// A group of these people; the first owns it.
    pub(crate) async fn room(&self, members: &[UserId]) -> RoomId {
        let draft = RoomDraft::Group {
            name: RoomName::parse("Class of 1998").unwrap(),
            members: members[1..].to_vec(),
        };
        self.rooms
            .open(caller(members[0]), draft)
            .await
            .unwrap()
            .room
            .room
            .id
    }

    pub(crate) async fn connect(&self, user: UserId) -> Client {
        self.connect_for(user, HOUR).await
    }

    /// Connects with a token that is good for `lifetime`.
    pub(crate) async fn connect_for(&self, user: UserId, lifetime: Duration) -> Client {
        self.try_connect(user, lifetime).await.unwrap()
    }

    pub(crate) async fn try_connect(
        &self,
        user: UserId,
        lifetime: Duration,
    ) -> Result<Client, tungstenite::Error> {
        Client::connect(&self.url(user, lifetime)).await
    }

    /// Connects with profile v2.
    pub(crate) async fn connect_v2(&self, user: UserId) -> Client {
        self.connect_v2_for(user, HOUR).await.0
    }

    /// The same with a token that is good for `lifetime`, and the welcome.
    pub(crate) async fn connect_v2_for(
        &self,
        user: UserId,
        lifetime: Duration,
    ) -> (Client, Welcome) {
        Client::connect_v2(&self.url(user, lifetime)).await.unwrap()
    }

    fn url(&self, user: UserId, lifetime: Duration) -> String {
        format!("ws://{}/chat/{user}/{}", self.address, lifetime.as_millis())
    }

    /// Connects every user with one session.
    pub(crate) async fn connect_all(&self, users: &[UserId]) -> Vec<Client> {
        let mut clients = Vec::new();
        for user in users {
            clients.push(self.connect(*user).await);
        }
        clients
    }

    /// Ends the server the way a signal does.
    pub(crate) async fn shut_down(&self) {
        let stopping = self.handle.stop(true);
        let closing = self.engine.close_sessions(Duration::ZERO);
        tokio::time::timeout(EVENT_TIMEOUT, closing).await.unwrap();
        stopping.await;
        let engine = self.engine.clone();
        let is_stored = tokio::task::spawn_blocking(move || engine.stop()).await;
        assert!(is_stored.unwrap());
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // The runtime of the test may be gone; the command is sent at once, waiting is optional.
        drop(self.handle.stop(false));
    }
}

/// What a [`StoppableStore`] stops after.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hold {
    Read,
    Transaction,
}

/// A store that a test can stop after a call has taken effect and before it returns.
pub(crate) struct StoppableStore {
    store: Arc<dyn Store>,
    next: Mutex<Option<Stop>>,
}

struct Stop {
    after: Hold,
    reached: oneshot::Sender<()>,
    /// Ends with the test's side.
    held: mpsc::Receiver<()>,
}

/// A stop that is to come; it goes on when this, or what it becomes, is dropped.
pub(crate) struct Held {
    reached: oneshot::Receiver<()>,
    holding: mpsc::Sender<()>,
}

impl Held {
    /// Waits until the store is stopped.
    pub(crate) async fn reached(self) -> mpsc::Sender<()> {
        let reached = tokio::time::timeout(EVENT_TIMEOUT, self.reached);
        reached.await.unwrap().unwrap();
        self.holding
    }
}

impl StoppableStore {
    pub(crate) fn on(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            next: Mutex::new(None),
        }
    }

    /// Stops once after the next read, or the next transaction that is committed.
    pub(crate) fn stop_after_next(&self, after: Hold) -> Held {
        let (tell, reached) = oneshot::channel();
        let (holding, held) = mpsc::channel();
        *self.next.lock() = Some(Stop {
            after,
            reached: tell,
            held,
        });
        Held { reached, holding }
    }

    fn stop_after(&self, what: Hold) {
        let stop = self.next.lock().take_if(|stop| stop.after == what);
        if let Some(stop) = stop {
            let _ = stop.reached.send(());
            let _ = stop.held.recv();
        }
    }
}

impl Store for StoppableStore {
    fn run_transaction(
        &self,
        work: &mut dyn FnMut(&mut dyn Writes) -> bool,
    ) -> Result<(), StoreError> {
        let result = self.store.run_transaction(work);
        self.stop_after(Hold::Transaction);
        result
    }

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Reads)) -> Result<(), StoreError> {
        let result = self.store.run_read(work);
        self.stop_after(Hold::Read);
        result
    }

    fn run_autocommit(&self, work: &mut dyn FnMut(&mut dyn Statements)) -> Result<(), StoreError> {
        let result = self.store.run_autocommit(work);
        self.stop_after(Hold::Transaction);
        result
    }

    fn ping(&self) -> Result<(), StoreError> {
        self.store.ping()
    }
}

/// Unsigned test tokens: user, session and expiry.
struct PlainTokens;

/// A token of the user's own log-in that is good for `lifetime`.
pub(crate) fn token_of(user: UserId, log_in: LoginSessionId, lifetime: Duration) -> String {
    let until = (Utc::now() + lifetime).timestamp_millis();
    format!("{user}/{log_in}/{until}")
}

impl AccessTokens for PlainTokens {
    fn issue(
        &self,
        _user: UserId,
        _session: LoginSessionId,
        _token_id: Uuid,
        _now: DateTime<Utc>,
    ) -> Result<IssuedToken, Box<dyn std::error::Error + Send + Sync>> {
        Err("the chat issues no tokens".into())
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<TokenClaims, TokenError> {
        let read = || {
            let (user, rest) = token.split_once('/')?;
            let (session, until) = rest.split_once('/')?;
            Some(TokenClaims {
                user_id: UserId::new(user.parse().ok()?),
                session_id: LoginSessionId::new(session.parse().ok()?),
                token_id: Uuid::nil(),
                expires_at: DateTime::from_timestamp_millis(until.parse().ok()?)?,
            })
        };
        let claims = read().ok_or(TokenError::Invalid)?;
        match claims.expires_at > now {
            true => Ok(claims),
            false => Err(TokenError::Expired),
        }
    }
}

async fn chat(
    request: HttpRequest,
    payload: web::Payload,
    who: web::Path<(Uuid, u64)>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let (user, lifetime_ms) = who.into_inner();
    let connecting = Connecting {
        user_id: UserId::new(user),
        session_id: abu_test_support::session_of(UserId::new(user)),
        expires_at: Utc::now() + Duration::from_millis(lifetime_ms),
        network: Network::of(Ipv4Addr::LOCALHOST.into()),
    };
    match worker.connect(&request, payload, connecting).await {
        Ok(response) => response,
        Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
    }
}

/// Serves on a free port, from threads of its own.
fn serve(engine: ChatEngine, settings: ChatSettings) -> (SocketAddr, ServerHandle) {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(web::Data::new(engine.join_worker()))
                    .route("/chat/{user}/{lifetime_ms}", web::get().to(chat))
            })
            .h1_write_buffer_size(HTTP_WRITE_BUFFER)
            .on_connect(move |io, extensions| {
                // Every connection carries a chat.
                let stream = io.downcast_ref::<TcpStream>().unwrap();
                let buffer = settings.send_buffer_bytes;
                SockRef::from(stream).set_send_buffer_size(buffer).unwrap();
                abu_chat::on_connect(io, extensions);
            })
            .workers(2)
            .disable_signals()
            .shutdown_timeout(5)
            .bind(("127.0.0.1", 0))
            .unwrap();
            let address = server.addrs()[0];
            let server = server.run();
            tell.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    told.recv().unwrap()
}
