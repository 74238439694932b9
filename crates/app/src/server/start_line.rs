//! The line of a start: what runs, where it listens, and its limits.

use std::net::SocketAddr;

use abu_connections::{Listener, fd_limit};
use abu_settings::Settings;

use crate::{
    version::{COMMIT, VERSION},
    wiring::hashing_places,
};

pub(super) fn log(settings: &Settings, listener: &Listener, metrics: Option<SocketAddr>) {
    let metrics = metrics.map_or_else(|| "off".to_owned(), |address| address.to_string());
    let server = &settings.server;
    log::info!(
        target: "abu_app::server",
        version = VERSION,
        commit = COMMIT,
        environment:% = settings.environment,
        listen:% = listener.address,
        metrics = metrics.as_str(),
        workers = listener.workers,
        descriptors = fd_limit::current(),
        connections = listener.max_connections,
        database_connections = settings.database.pool_size,
        password_hashings = hashing_places(),
        chat_sessions_of_a_user = settings.chat.max_sessions_per_user,
        writer_queue = settings.writer.queue,
        stop_seconds = (server.drain_delay + server.drain_spread + server.shutdown_timeout).as_secs_f64();
        "abu-server starts"
    );
}
