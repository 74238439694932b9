//! The HTTP listener: the REST application and the chat on `abu-connections`.

use std::{
    net::{SocketAddr, TcpListener},
    thread,
};

use abu_chat::{ChatEngine, HTTP_WRITE_BUFFER};
use abu_connections::{Listener, ListenerSettings};
use abu_rest::Shared;
use abu_settings::{ServerSettings, Settings};

use super::StartError;
use crate::{database, wiring::hashing_places};

/// Database connections beside the pool: the server's own, and that of its lock.
const OWN_DATABASE_CONNECTIONS: usize = database::CONNECTIONS_OF_OUR_OWN as usize + 1;

pub(super) fn bind(settings: &Settings) -> Result<TcpListener, StartError> {
    let ServerSettings { host, port, .. } = settings.server;
    let setting = "server.host and server.port (ABU__SERVER__HOST, ABU__SERVER__PORT)";
    bind_to(SocketAddr::new(host, port), setting)
}

pub(super) fn bind_for_metrics(wanted: SocketAddr) -> Result<TcpListener, StartError> {
    bind_to(wanted, "metrics.listen (ABU__METRICS__LISTEN)")
}

fn bind_to(address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    abu_connections::bind(address).map_err(|source| StartError::Listen {
        address,
        setting,
        source,
    })
}

pub(super) fn prepare(
    settings: &Settings,
    socket: TcpListener,
    rest: Shared,
    chat: ChatEngine,
) -> Result<Listener, StartError> {
    let app = move || abu_rest::app(rest.clone(), chat.join_worker());
    abu_connections::prepare(listener_settings(settings), socket, app).map_err(StartError::Threads)
}

fn listener_settings(settings: &Settings) -> ListenerSettings {
    let server = &settings.server;
    let pool = settings.database.pool_size as usize;
    ListenerSettings {
        workers: match server.workers {
            0 => thread::available_parallelism().map_or(2, usize::from),
            workers => workers,
        },
        // One thread for each place of the blocking pools, so no place waits for a thread.
        blocking_threads: pool + hashing_places(),
        database_connections: pool + OWN_DATABASE_CONNECTIONS + settings.jobs.workers,
        limits_addresses: settings.rate_limits.enabled,
        trusted_proxies: server.trusted_proxies.clone(),
        request_timeout: server.request_timeout,
        send_timeout: server.send_timeout,
        // The drain has shorter deadlines of its own.
        shutdown_timeout: server.drain_spread + server.shutdown_timeout,
        write_buffer: HTTP_WRITE_BUFFER,
        chat_send_buffer: settings.chat.send_buffer_bytes,
        on_connect: abu_chat::on_connect,
    }
}
