//! The HTTP listener and its limits.

use std::{net::SocketAddr, time::Duration};

use abu_chat::ChatEngine;
use actix_web::{HttpServer, dev::Server};

use super::StartError;
use crate::{settings::Settings, wiring::hashing_places};
use abu_rest::Shared;

/// Exceeds the idle timeout of load balancers, so that they close idle connections first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Deadline for a request's head; limits slow-loris clients.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Sized for a restart, after which all clients reconnect at once.
const BACKLOG: u32 = 2_048;
/// Buffered bytes of a response. A chat session with a slow client holds this much beside its
/// outbox, so it is small. Larger responses take more writes.
const WRITE_BUFFER: usize = 8 * 1024;
/// Connections per worker, chat sessions included.
const MAX_CONNECTIONS: usize = 25_000;

/// A server with a bound address that does not accept yet.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) server: Server,
}

pub(super) fn listen(
    settings: &Settings,
    rest: Shared,
    chat: ChatEngine,
) -> Result<Listener, StartError> {
    let wanted = SocketAddr::new(settings.server.host, settings.server.port);
    let refused = |source| StartError::Listen {
        address: wanted,
        source,
    };
    let chat_settings = settings.chat.clone();
    let shutdown_seconds = settings.server.shutdown_timeout.as_secs_f64().ceil() as u64;
    // Each worker calls it once; `listen` binds one socket.
    let server = HttpServer::new(move || abu_rest::app(rest.clone(), chat.join_worker()))
        .backlog(BACKLOG)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST_TIMEOUT)
        .max_connections(MAX_CONNECTIONS)
        .shutdown_timeout(shutdown_seconds)
        .h1_write_buffer_size(WRITE_BUFFER)
        .worker_max_blocking_threads(blocking_threads(settings))
        .disable_signals()
        .on_connect(move |connection, extensions| {
            abu_chat::on_connect(&chat_settings, connection, extensions);
        });
    let server = match settings.server.workers {
        0 => server,
        workers => server.workers(workers),
    };
    let server = server.bind(wanted).map_err(refused)?;
    let address = server.addrs().first().copied().unwrap_or(wanted);
    Ok(Listener {
        address,
        server: server.run(),
    })
}

/// One thread for each place of the blocking pools, so no place waits for a thread.
fn blocking_threads(settings: &Settings) -> usize {
    settings.database.pool_size as usize + hashing_places()
}
