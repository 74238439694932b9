//! How many connections the limit of open files (`RLIMIT_NOFILE`) allows.

use abu_rest::connections::ConnectionLimits;
use abu_settings::Settings;

use crate::{database, fd_limit};

/// Unauthenticated connections of one address.
const MAX_PER_ADDRESS: usize = 256;

/// Files beside connections and the database: logs, mail, name resolution, pipes, the listener.
const OTHER_FILES: usize = 64;
/// Files of a worker's event loops.
const FILES_PER_WORKER: usize = 8;
/// Database connections beside the pool: the server's own, and that of its lock.
const OWN_DATABASE_CONNECTIONS: usize = database::CONNECTIONS_OF_OUR_OWN as usize + 1;

/// Accepted connections that no worker has registered yet. The registry ends idle connections while the
/// listener still has this much room, so it never stops accepting for long.
const UNREGISTERED: usize = 64;

const MAX_PER_WORKER: usize = 25_000;

/// With fewer connections a few hundred users fill the server.
const SMALL: usize = 1_000;

pub(super) struct Capacity {
    pub(super) per_worker: usize,
    pub(super) limits: ConnectionLimits,
}

pub(super) fn of(settings: &Settings, workers: usize) -> Capacity {
    let files = usize::try_from(fd_limit::current()).unwrap_or(usize::MAX);
    let sockets = sockets(files, settings.database.pool_size as usize, workers);
    let total = sockets - UNREGISTERED;
    if total < SMALL {
        log::warn!(
            "the limit of open files ({files}) leaves room for {total} connections; raise it \
             (ulimit -n, LimitNOFILE of systemd)"
        );
    }
    Capacity {
        per_worker: sockets.div_ceil(workers),
        limits: ConnectionLimits {
            per_address: settings.rate_limits.enabled.then_some(MAX_PER_ADDRESS),
            total,
            request_timeout: settings.server.request_timeout,
            trusted_proxies: settings.server.trusted_proxies.clone(),
        },
    }
}

/// Even a tiny limit leaves some room: then the system refuses, and not the arithmetic.
fn sockets(files: usize, pool: usize, workers: usize) -> usize {
    let reserve = OTHER_FILES + pool + OWN_DATABASE_CONNECTIONS + workers * FILES_PER_WORKER;
    files
        .saturating_sub(reserve)
        .clamp(2 * UNREGISTERED, MAX_PER_WORKER * workers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_a_reserve_of_files() {
        assert_eq!(sockets(1_024, 10, 2), 1_024 - 64 - 10 - 7 - 16);
        assert_eq!(sockets(100, 10, 2), 2 * UNREGISTERED);
        assert_eq!(sockets(usize::MAX, 10, 2), 50_000);
    }
}
