//! The HTTP listener and its limits.
//!
//! It is the pipeline of `actix_web::HttpServer` around an [`Io`], so that the registry of connections sees
//! their progress and can end them.

use std::{
    any::Any,
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    time::Duration,
};

use actix_http::{HttpService, Protocol};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service,
    map_config,
};
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{AppConfig, Extensions, ServiceRequest, ServiceResponse},
    rt::net::TcpStream,
};
use ipnet::IpNet;
use socket2::{Domain, Protocol as Transport, Socket, Type};
use tokio::{select, time::timeout};

use crate::{
    capacity,
    connections::{Connections, Registration},
    io::{Io, bound_sending},
};

/// Exceeds the idle timeout of load balancers, so that they close idle connections first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time for a client to stop sending after an early response, so that it can read it.
const LINGER: Duration = Duration::from_secs(1);
/// Sized for a restart, after which all clients reconnect at once.
const BACKLOG: i32 = 2_048;

/// Limits that the operator sets, and what the served applications need.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    pub workers: usize,
    pub blocking_threads: usize,
    /// They take file descriptors, too.
    pub database_connections: usize,
    /// Whether unauthenticated connections of one address are limited.
    pub limits_addresses: bool,
    /// Proxies, whose connections have no such limit.
    pub trusted_proxies: Vec<IpNet>,
    /// Deadline for the head and the body of a request together.
    pub request_timeout: Duration,
    /// Deadline for a peer to acknowledge what was sent.
    pub send_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub write_buffer: usize,
    /// The kernel's send buffer, once a connection carries a chat.
    pub chat_send_buffer: usize,
    /// Prepares an accepted connection.
    pub on_connect: fn(&dyn Any, &mut Extensions),
}

/// A server with a bound address that has no threads yet.
pub struct Listener {
    pub address: SocketAddr,
    pub builder: ServerBuilder,
    pub connections: Connections,
    pub workers: usize,
    pub max_connections: usize,
}

/// Prepares to serve on a bound socket. Each worker thread serves an application that `app` makes.
pub fn prepare<A, S, B>(
    settings: ListenerSettings,
    listener: TcpListener,
    app: A,
) -> io::Result<Listener>
where
    A: Fn() -> App<S> + Clone + Send + 'static,
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let capacity = capacity::of(&settings);
    let shutdown_seconds = settings.shutdown_timeout.as_secs_f64().ceil() as u64;
    let builder = Server::build()
        .workers(settings.workers)
        .max_concurrent_connections(capacity.per_worker)
        .shutdown_timeout(shutdown_seconds)
        .worker_max_blocking_threads(settings.blocking_threads)
        .disable_signals();
    let (workers, max_connections) = (settings.workers, capacity.limits.total);
    let connections = Connections::new(capacity.limits);
    let service = HttpConnections {
        app,
        connections: connections.clone(),
        draining: builder.graceful_shutdown_signal(),
        settings,
    };
    // Each worker calls it once: there is one socket.
    let builder = builder.listen("http", listener, move || service.clone().into_factory())?;
    Ok(Listener {
        address,
        builder,
        connections,
        workers,
        max_connections,
    })
}

/// Binds the address; the kernel accepts connections from here on.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
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

/// What serves the connections of a worker.
#[derive(Clone)]
struct HttpConnections<A> {
    app: A,
    connections: Connections,
    draining: GracefulShutdownSignal,
    settings: ListenerSettings,
}

impl<A, S, B> HttpConnections<A>
where
    A: Fn() -> App<S> + Clone + 'static,
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
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
        let on_connect = self.settings.on_connect;
        let app = (self.app)();
        let app = app.into_factory().map_err(|error| error.error_response());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let draining = draining.clone();
                async move { draining.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(self.settings.request_timeout)
            .client_disconnect_timeout(LINGER)
            .h1_write_buffer_size(self.settings.write_buffer)
            .on_connect_ext(move |io: &Io, extensions| {
                on_connect(io.stream(), extensions);
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
        bound_sending(&stream, self.settings.send_timeout);
        if !self.speaks(&stream, &mut registration).await {
            return Ok(());
        }
        let connection = registration.connection.clone();
        let io = Io::new(stream, connection, self.settings.chat_send_buffer);
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
        let patience = self.settings.request_timeout;
        select! {
            biased;
            _ = &mut registration.ended => false,
            first = timeout(patience, stream.readable()) => matches!(first, Ok(Ok(()))),
        }
    }
}
