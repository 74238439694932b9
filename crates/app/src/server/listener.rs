//! The HTTP listener and its limits.
//!
//! It is the pipeline of `actix_web::HttpServer` around an [`Io`], so that the registry of connections sees
//! their progress and can end them.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    thread,
    time::Duration,
};

use abu_chat::{ChatEngine, HTTP_WRITE_BUFFER};
use abu_rest::{
    Shared,
    connections::{Connections, Registration},
};
use abu_settings::{ServerSettings, Settings};
use actix_http::{HttpService, Protocol};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service,
    map_config,
};
use actix_web::{dev::AppConfig, rt::net::TcpStream};
use socket2::{Domain, Protocol as Transport, Socket, Type};
use tokio::{select, time::timeout};

use super::{
    StartError, capacity,
    io::{Io, bound_sending},
};
use crate::wiring::hashing_places;

/// Exceeds the idle timeout of load balancers, so that they close idle connections first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time for a client to stop sending after an early response, so that it can read it.
const LINGER: Duration = Duration::from_secs(1);
/// Sized for a restart, after which all clients reconnect at once.
const BACKLOG: i32 = 2_048;
/// A server with a bound address that has no threads yet.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) builder: ServerBuilder,
    pub(super) connections: Connections,
    pub(super) workers: usize,
    pub(super) max_connections: usize,
}

/// A bound socket, for which the kernel accepts connections.
pub(super) struct Bound {
    pub(super) address: SocketAddr,
    pub(super) socket: TcpListener,
}

pub(super) fn bind(settings: &Settings) -> Result<Bound, StartError> {
    let ServerSettings { host, port, .. } = settings.server;
    let setting = "server.host and server.port (ABU__SERVER__HOST, ABU__SERVER__PORT)";
    bind_to(SocketAddr::new(host, port), setting)
}

pub(super) fn bind_for_metrics(wanted: SocketAddr) -> Result<Bound, StartError> {
    bind_to(wanted, "metrics.listen (ABU__METRICS__LISTEN)")
}

fn bind_to(wanted: SocketAddr, setting: &'static str) -> Result<Bound, StartError> {
    let bound = || {
        let socket = open(wanted)?;
        let address = socket.local_addr()?;
        Ok(Bound { address, socket })
    };
    bound().map_err(|source| StartError::Listen {
        address: wanted,
        setting,
        source,
    })
}

pub(super) fn prepare(
    settings: &Settings,
    Bound { address, socket }: Bound,
    rest: Shared,
    chat: ChatEngine,
) -> Result<Listener, StartError> {
    let workers = workers(settings);
    let capacity = capacity::of(settings, workers);
    let max_connections = capacity.limits.total;
    // The drain has deadlines of its own, all of them shorter.
    let longest_stop = settings.server.drain_spread + settings.server.shutdown_timeout;
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(capacity.per_worker)
        .shutdown_timeout(longest_stop.as_secs_f64().ceil() as u64)
        .worker_max_blocking_threads(blocking_threads(settings))
        .disable_signals();
    let connections = Connections::new(capacity.limits);
    let service = HttpConnections {
        rest,
        chat,
        connections: connections.clone(),
        draining: builder.graceful_shutdown_signal(),
        request_timeout: settings.server.request_timeout,
        send_timeout: settings.server.send_timeout,
        chat_send_buffer: settings.chat.send_buffer_bytes,
    };
    // Each worker calls it once: there is one socket.
    let builder = builder
        .listen("http", socket, move || service.clone().into_factory())
        .map_err(StartError::Threads)?;
    Ok(Listener {
        address,
        builder,
        connections,
        workers,
        max_connections,
    })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Transport::TCP),
    )?;
    // A restart must not wait for connections of the last run.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn workers(settings: &Settings) -> usize {
    match settings.server.workers {
        0 => thread::available_parallelism().map_or(2, usize::from),
        workers => workers,
    }
}

/// One thread for each place of the blocking pools, so no place waits for a thread.
fn blocking_threads(settings: &Settings) -> usize {
    settings.database.pool_size as usize + hashing_places()
}

/// What serves the connections of a worker.
#[derive(Clone)]
struct HttpConnections {
    rest: Shared,
    chat: ChatEngine,
    connections: Connections,
    draining: GracefulShutdownSignal,
    request_timeout: Duration,
    send_timeout: Duration,
    chat_send_buffer: usize,
}

impl HttpConnections {
    fn into_factory(
        self,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = io::Error, InitError = ()>
    {
        fn_factory(move || {
            let settings = Rc::new(self.clone());
            let http = self.clone().http();
            async move {
                let http = Rc::new(http.new_service(()).await?);
                Ok(fn_service(move |stream| {
                    let (settings, http) = (Rc::clone(&settings), Rc::clone(&http));
                    async move { settings.serve(stream, &*http).await }
                }))
            }
        })
    }

    fn http(
        self,
    ) -> impl ServiceFactory<
        (Io, Protocol, Option<SocketAddr>),
        Config = (),
        Response = (),
        InitError = (),
        Service = impl Service<(Io, Protocol, Option<SocketAddr>), Response = ()>,
    > {
        let draining = self.draining;
        let app = abu_rest::app(self.rest, self.chat.join_worker());
        let app = app.into_factory().map_err(|error| error.error_response());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let draining = draining.clone();
                async move { draining.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(self.request_timeout)
            .client_disconnect_timeout(LINGER)
            .h1_write_buffer_size(HTTP_WRITE_BUFFER)
            .on_connect_ext(|io: &Io, extensions| {
                abu_chat::on_connect(io.stream(), extensions);
                extensions.insert(io.connection().clone());
            })
            .finish(map_config(app, |()| AppConfig::default()))
    }

    /// Serves a connection until either side or the registry ends it.
    async fn serve<H>(&self, stream: TcpStream, http: &H) -> io::Result<()>
    where
        H: Service<(Io, Protocol, Option<SocketAddr>), Response = ()>,
    {
        let peer = stream.peer_addr()?;
        let mut registration = self.connections.register(peer.ip());
        bound_sending(&stream, self.send_timeout);
        if !self.speaks(&stream, &mut registration).await {
            return Ok(());
        }
        let connection = registration.connection.clone();
        let io = Io::new(stream, connection, self.chat_send_buffer);
        // Its buffers are made here: a connection that never speaks has none.
        let serving = Box::pin(http.call((io, Protocol::Http1, Some(peer))));
        select! {
            biased;
            // The other end or the protocol ended it, which the layers inside log.
            _ended = serving => Ok(()),
            _ = &mut registration.ended => Ok(()),
        }
    }

    /// Waits for the first byte.
    async fn speaks(&self, stream: &TcpStream, registration: &mut Registration) -> bool {
        select! {
            biased;
            _ = &mut registration.ended => false,
            first = timeout(self.request_timeout, stream.readable()) => matches!(first, Ok(Ok(()))),
        }
    }
}
