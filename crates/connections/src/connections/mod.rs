//! Connection limits: slow-loris deadlines, and eviction of idle connections instead of refusal.
//!
//! The listener registers each accepted connection in [`Connections`] and drops it when the registry
//! ends it. The middleware reports through [`Connection`] what runs on it.

mod registry;
mod state;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::HttpRequest;
use parking_lot::Mutex;
use tokio::{sync::oneshot, time::sleep};

use crate::client_address::TrustedProxies;

use registry::Registry;
use state::{Elapsed, State};

/// How long an unfinished request, or a peer that does not read, may delay a graceful shutdown.
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);

/// Connections that no chat session takes, so that health checks and requests find room.
const RESERVED_FOR_REQUESTS: usize = 50;

#[derive(Debug)]
pub(crate) struct ConnectionLimits {
    /// Unauthenticated connections of one address; `None` for no limit.
    pub(crate) per_address: Option<usize>,
    /// All connections.
    pub(crate) total: usize,
    /// Deadline for the head and the body of a request together.
    pub(crate) request_timeout: Duration,
    /// Proxies, of whose connections `per_address` does not hold.
    pub(crate) trusted_proxies: TrustedProxies,
}

/// The open connections of one process. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<Shared>);

struct Shared {
    limits: ConnectionLimits,
    clock: Elapsed,
    draining: AtomicBool,
    registry: Mutex<Registry>,
}

/// A registered connection, for as long as its listener serves it.
pub(crate) struct Registration {
    pub(crate) connection: Connection,
    /// Completes when the connection must be dropped.
    pub(crate) ended: oneshot::Receiver<()>,
}

/// What the middleware and the listener report about one connection.
#[derive(Clone)]
pub struct Connection {
    state: Arc<State>,
    shared: Arc<Shared>,
}

/// A request that is being served; dropped once its response is handed to the connection.
#[derive(Default)]
pub struct InFlight(Option<Connection>);

/// All connections that may carry a chat do.
#[derive(Clone, Copy, Debug)]
pub struct NoRoomForChat;

/// A place among the chats that a handshake holds: free again where the handshake fails.
#[must_use]
pub struct ChatPlace {
    connection: Connection,
    is_used: bool,
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Shared {
            limits,
            clock: Elapsed::start(),
            draining: AtomicBool::new(false),
            registry: Mutex::default(),
        }))
    }

    /// Registers a connection from `peer`. Where there are too many, the one that is idle longest ends.
    pub(crate) fn register(&self, peer: IpAddr) -> Registration {
        let Shared {
            limits,
            clock,
            registry,
            ..
        } = &*self.0;
        let peer = peer.to_canonical();
        let address = one_subscriber(peer);
        let mut registry = registry.lock();
        let (state, ended) = registry.add(address, clock.now());
        if let Some(most) = limits
            .per_address
            .filter(|_| !limits.trusted_proxies.trust(peer))
        {
            registry.limit_unauthenticated(address, most);
        }
        registry.limit_total(limits.total);
        drop(registry);
        let connection = Connection {
            state,
            shared: Arc::clone(&self.0),
        };
        Registration { connection, ended }
    }

    /// Graceful shutdown: from here on no connection waits for its peer longer than a second.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.registry.lock().end_silent();
    }

    /// Ends connections past their deadline, until the last clone is dropped.
    pub async fn enforce(self) {
        let interval = (self.0.limits.request_timeout / 4).min(DRAIN_PATIENCE / 4);
        let shared = Arc::downgrade(&self.0);
        drop(self);
        loop {
            sleep(interval).await;
            let Some(shared) = shared.upgrade() else {
                return;
            };
            shared.end_overdue();
        }
    }
}

impl Shared {
    fn most_chats(&self) -> usize {
        self.limits.total.saturating_sub(RESERVED_FOR_REQUESTS)
    }

    fn end_overdue(&self) {
        let now = self.clock.now();
        let request = self.limits.request_timeout;
        let mut registry = self.registry.lock();
        if self.draining.load(Ordering::Relaxed) {
            // Some were accepted after the drain began.
            registry.end_silent();
            let receiving = request.min(DRAIN_PATIENCE);
            registry.end_where(|state| state.is_overdue(now, receiving, Some(DRAIN_PATIENCE)));
        } else {
            registry.end_where(|state| state.is_overdue(now, request, None));
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Connection { state, shared } = &self.connection;
        shared.registry.lock().remove(state);
    }
}

impl Connection {
    pub fn of(request: &HttpRequest) -> Option<&Self> {
        request.conn_data()
    }

    /// Bytes came from the peer.
    pub(crate) fn received(&self, bytes: usize) {
        if !self.carries_chat() {
            self.state.received(bytes as u64, self.shared.clock.now());
        }
    }

    /// The socket took bytes, or is `blocked` until the peer reads.
    pub(crate) fn sent(&self, blocked: bool) {
        self.state.sent(blocked, || self.shared.clock.now());
    }

    pub(crate) fn carries_chat(&self) -> bool {
        self.state.carries_chat()
    }

    /// A request's head is complete.
    pub fn begin(&self, has_body: bool) -> InFlight {
        self.state.begin(has_body, self.shared.clock.now());
        InFlight(Some(self.clone()))
    }

    /// The body of the current request is a file: it may take as long as it comes at 4 KB/s, over each half
    /// minute.
    pub fn begin_upload(&self) {
        self.state.begin_upload(self.shared.clock.now());
    }

    /// The body of the current request is complete.
    pub fn body_is_complete(&self) {
        self.state.body_is_complete();
    }

    /// A request with a valid credential came.
    pub fn authenticate(&self) {
        if self.state.authenticate() {
            self.shared.registry.lock().authenticated(&self.state);
        }
    }

    /// Takes nothing: a handshake that fails for want of room costs no more than this.
    pub fn has_room_for_chat(&self) -> Result<(), NoRoomForChat> {
        match self.shared.registry.lock().chat_places() < self.shared.most_chats() {
            true => Ok(()),
            false => Err(NoRoomForChat),
        }
    }

    /// Finds a place and takes it in one step, so that concurrent handshakes never take too many.
    pub fn take_chat_place(&self) -> Result<ChatPlace, NoRoomForChat> {
        let most = self.shared.most_chats();
        match self.shared.registry.lock().take_chat_place(most) {
            true => Ok(ChatPlace {
                connection: self.clone(),
                is_used: false,
            }),
            false => Err(NoRoomForChat),
        }
    }

    pub(crate) fn end(&self) {
        self.shared.registry.lock().end(&self.state);
    }
}

impl ChatPlace {
    /// A chat session runs on the connection from here on: it is never idle, and its body never ends.
    pub fn upgrade(mut self) {
        self.is_used = true;
        let Connection { state, shared } = &self.connection;
        state.upgrade_to_chat();
        shared.registry.lock().upgraded(state);
    }
}

impl Drop for ChatPlace {
    fn drop(&mut self) {
        if !self.is_used {
            self.connection.shared.registry.lock().free_chat_place();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(Connection { state, shared }) = &self.0 {
            state.answered(shared.clock.now());
        }
    }
}

/// A subscriber has one IPv4 address, or an IPv6 /64, within which it chooses addresses freely.
fn one_subscriber(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(peer) => Ipv6Addr::from_bits(peer.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    const MOST: usize = 4;

    fn connections(total: usize) -> Connections {
        Connections::new(ConnectionLimits {
            per_address: Some(MOST),
            total,
            request_timeout: Duration::from_secs(15),
            trusted_proxies: TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]),
        })
    }

    fn open(connections: &Connections, peer: &str, count: usize) -> Vec<Registration> {
        let peer = peer.parse().unwrap();
        (0..count).map(|_| connections.register(peer)).collect()
    }

    fn has_ended(registration: &mut Registration) -> bool {
        // The registry keeps the sender until it ends the connection.
        registration.ended.is_terminated() || registration.ended.try_recv().is_ok()
    }

    fn ended(registrations: &mut [Registration]) -> Vec<bool> {
        registrations.iter_mut().map(has_ended).collect()
    }

    /// Lets the clock of the connections reach another millisecond.
    fn next_moment(connections: &Connections) {
        let now = connections.0.clock.now();
        while connections.0.clock.now() == now {}
    }

    /// Upgrades without a look at the limit.
    fn upgrade(connection: &Connection) {
        let mut registry = connection.shared.registry.lock();
        assert!(registry.take_chat_place(usize::MAX));
        drop(registry);
        let place = ChatPlace {
            connection: connection.clone(),
            is_used: false,
        };
        place.upgrade();
    }

    #[test]
    fn one_connection_too_many_of_an_address_ends_the_longest_idle() {
        let connections = connections(100);
        let mut open = open(&connections, "192.0.2.1", MOST);
        next_moment(&connections);
        open[0].connection.received(1);
        let mut newest = connections.register("192.0.2.1".parse().unwrap());
        assert_eq!(ended(&mut open), [false, true, false, false]);
        assert!(!has_ended(&mut newest));
    }

    #[test]
    fn a_request_in_flight_outlasts_idle_connections() {
        let connections = connections(100);
        let mut open = open(&connections, "192.0.2.1", MOST);
        let _request = open[0].connection.begin(false);
        next_moment(&connections);
        let _newest = connections.register("192.0.2.1".parse().unwrap());
        assert_eq!(ended(&mut open), [false, true, false, false]);
    }

    #[test]
    fn authenticated_connections_and_trusted_proxies_do_not_count_for_an_address() {
        let connections = connections(100);
        let mut known = open(&connections, "192.0.2.1", MOST);
        known[0].connection.authenticate();
        known[1].connection.authenticate();
        upgrade(&known[1].connection);
        let mut more = open(&connections, "192.0.2.1", 2);
        let mut proxied = open(&connections, "::ffff:10.0.0.9", 2 * MOST);
        for open in [&mut known, &mut more, &mut proxied] {
            assert!(!ended(open).contains(&true));
        }
    }

    #[test]
    fn an_ipv6_network_of_one_subscriber_counts_as_one_address() {
        let connections = connections(100);
        let mut open = open(&connections, "2001:db8::1", MOST);
        let _other = connections.register("2001:db8:0:1::1".parse().unwrap());
        assert!(!ended(&mut open).contains(&true));
        let _neighbor = connections.register("2001:db8::2".parse().unwrap());
        assert_eq!(ended(&mut open), [true, false, false, false]);
    }

    #[test]
    fn at_the_total_the_unauthenticated_end_first_and_chats_never() {
        let connections = connections(3);
        let mut open: Vec<_> = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
            .map(|peer| connections.register(peer.parse().unwrap()))
            .into();
        upgrade(&open[0].connection);
        open[1].connection.authenticate();
        for expected in [[false, false, true], [false, true, true]] {
            next_moment(&connections);
            let newest = connections.register("192.0.2.4".parse().unwrap());
            newest.connection.authenticate();
            assert_eq!(ended(&mut open[..3]), expected);
            open.push(newest);
        }
    }

    #[test]
    fn chats_leave_room_for_requests() {
        let connections = connections(RESERVED_FOR_REQUESTS + 1);
        let one = connections.register("192.0.2.1".parse().unwrap());
        one.connection.has_room_for_chat().unwrap();
        one.connection.take_chat_place().unwrap().upgrade();
        assert!(one.connection.has_room_for_chat().is_err());
        drop(one);
        let other = connections.register("192.0.2.1".parse().unwrap());
        other.connection.has_room_for_chat().unwrap();
    }

    #[test]
    fn a_handshake_that_fails_gives_its_place_back() {
        let connections = connections(RESERVED_FOR_REQUESTS + 1);
        let one = connections.register("192.0.2.1".parse().unwrap());
        let place = one.connection.take_chat_place().unwrap();
        assert!(one.connection.has_room_for_chat().is_err());
        assert!(one.connection.take_chat_place().is_err());
        drop(place);
        one.connection.take_chat_place().unwrap().upgrade();
    }

    #[test]
    fn concurrent_handshakes_take_no_more_places_than_there_are() {
        const PLACES: usize = 8;
        const HANDSHAKES: usize = 32;
        let connections = connections(RESERVED_FOR_REQUESTS + PLACES);
        let start = Barrier::new(HANDSHAKES);
        let handshake = || {
            let registration = connections.register("10.0.0.1".parse().unwrap());
            start.wait();
            let place = registration.connection.take_chat_place();
            // As long as the session takes to open: all others have tried by then.
            start.wait();
            let is_chat = place.map(ChatPlace::upgrade).is_ok();
            (registration, is_chat)
        };
        let opened = thread::scope(|scope| {
            let running = [(); HANDSHAKES].map(|()| scope.spawn(handshake));
            running.map(|running| running.join().unwrap())
        });
        let chats = opened.iter().filter(|(_, is_chat)| *is_chat).count();
        assert_eq!(chats, PLACES);
        assert_eq!(connections.0.registry.lock().chat_places(), PLACES);
    }

    #[test]
    fn draining_ends_connections_that_sent_nothing() {
        let connections = connections(100);
        let mut open = open(&connections, "192.0.2.1", 2);
        open[1].connection.received(1);
        connections.drain();
        assert_eq!(ended(&mut open), [true, false]);
    }
}
