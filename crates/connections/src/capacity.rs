//! How many connections the limit of open files (`RLIMIT_NOFILE`) allows.

use crate::{
    client_address::TrustedProxies, connections::ConnectionLimits, fd_limit,
    listener::ListenerSettings,
};

/// Unauthenticated connections of one address.
const MAX_PER_ADDRESS: usize = 256;

/// Files beside connections and the database: logs, mail, name resolution, pipes, the listener.
const OTHER_FILES: usize = 64;
/// Files of a worker's event loops.
const FILES_PER_WORKER: usize = 8;

/// Accepted connections that no worker has registered yet. The registry ends idle connections while the
/// listener still has this much room, so it never stops accepting for long.
const UNREGISTERED: usize = 64;

const MAX_PER_WORKER: usize = 25_000;

/// A lower limit of open files is too small for a community: usual limits are 65,536 and more.
const FEW_FILES: usize = 4_096;

pub(crate) struct Capacity {
    pub(crate) per_worker: usize,
    pub(crate) limits: ConnectionLimits,
}

pub(crate) fn of(settings: &ListenerSettings) -> Capacity {
    let files = usize::try_from(fd_limit::current()).unwrap_or(usize::MAX);
    let sockets = sockets(files, settings.database_connections, settings.workers);
    let total = sockets - UNREGISTERED;
    if files < FEW_FILES {
        log::warn!(
            "the limit of open files ({files}) leaves room for {total} connections; raise it \
             (ulimit -n, LimitNOFILE of systemd)"
        );
    }
    Capacity {
        per_worker: sockets.div_ceil(settings.workers),
        limits: ConnectionLimits {
            per_address: settings.limits_addresses.then_some(MAX_PER_ADDRESS),
            total,
            request_timeout: settings.request_timeout,
            trusted_proxies: TrustedProxies::new(&settings.trusted_proxies),
        },
    }
}

/// Even a tiny limit leaves some room: then the system refuses, and not the arithmetic.
fn sockets(files: usize, database_connections: usize, workers: usize) -> usize {
    let reserve = OTHER_FILES + database_connections + workers * FILES_PER_WORKER;
    files
        .saturating_sub(reserve)
        .clamp(2 * UNREGISTERED, MAX_PER_WORKER * workers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_a_reserve_of_files() {
        assert_eq!(sockets(1_024, 17, 2), 1_024 - 64 - 17 - 16);
        assert_eq!(sockets(100, 17, 2), 2 * UNREGISTERED);
        assert_eq!(sockets(usize::MAX, 17, 2), 50_000);
    }
}
