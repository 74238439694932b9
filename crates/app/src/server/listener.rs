//! The HTTP listener: the REST application and the chat on `abu-connections`.

use std::{net::SocketAddr, thread};

use abu_chat::{ChatEngine, HTTP_WRITE_BUFFER};
use abu_connections::{Listener, ListenerSettings};
use abu_rest::Shared;
use abu_settings::Settings;

use super::StartError;
use crate::{database, wiring::hashing_places};

/// Database connections beside the pool: the server's own, and that of its lock.
const OWN_DATABASE_CONNECTIONS: usize = database::CONNECTIONS_OF_OUR_OWN as usize + 1;

pub(super) fn listen(
    settings: &Settings,
    rest: Shared,
    chat: ChatEngine,
) -> Result<Listener, StartError> {
    let settings = listener_settings(settings);
    let address = settings.address;
    let app = move || abu_rest::app(rest.clone(), chat.join_worker());
    abu_connections::listen(settings, app).map_err(|source| StartError::Listen { address, source })
}

fn listener_settings(settings: &Settings) -> ListenerSettings {
    let server = &settings.server;
    let pool = settings.database.pool_size as usize;
    ListenerSettings {
        address: SocketAddr::new(server.host, server.port),
        workers: match server.workers {
            0 => thread::available_parallelism().map_or(2, usize::from),
            workers => workers,
        },
        // One thread for each place of the blocking pools, so no place waits for a thread.
        blocking_threads: pool + hashing_places(),
        database_connections: pool + OWN_DATABASE_CONNECTIONS,
        limits_addresses: settings.rate_limits.enabled,
        trusted_proxies: server.trusted_proxies.clone(),
        request_timeout: server.request_timeout,
        send_timeout: server.send_timeout,
        shutdown_timeout: server.shutdown_timeout,
        write_buffer: HTTP_WRITE_BUFFER,
        chat_send_buffer: settings.chat.send_buffer_bytes,
        on_connect: abu_chat::on_connect,
    }
}
