//! Accepting connections.

use std::{net::SocketAddr, time::Duration};

use abu_chat::ChatEngine;
use actix_web::{HttpServer, dev::Server};

use super::StartError;
use crate::{settings::Settings, wiring::hashing_places};
use abu_rest::Shared;

/// Longer than load balancers keep idle connections, so that they close them and not we.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send a request's head.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted: all clients come at once when a server was restarted.
const BACKLOG: u32 = 2_048;
/// How much of an answer is made before it is written. A chat session whose client does not read holds
/// this much beside its outbox, so it is small; what is larger is merely written in more pieces.
const WRITE_BUFFER: usize = 8 * 1024;
/// Connections of one worker, chat sessions among them.
const MAX_CONNECTIONS: usize = 25_000;

/// A server about to accept connections, on an address that is taken.
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
    // Called once in each worker: it listens on one socket.
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

/// Enough for all places of the blocking pools: who has a place waits for no thread.
fn blocking_threads(settings: &Settings) -> usize {
    settings.database.pool_size as usize + hashing_places()
}
