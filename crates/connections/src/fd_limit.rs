//! Limit of open file descriptors (`RLIMIT_NOFILE`): each connection takes one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Where the system does not say: what it promises at least (POSIX).
const LEAST: u64 = 20;

/// Raises the soft limit to the hard limit.
pub fn allow_as_many_as_possible() {
    match raise() {
        Ok(limit) => log::debug!(limit; "files that may be open"),
        Err(error) => log::warn!("the limit of open files could not be raised: {error}"),
    }
}

/// The limit in force.
pub fn current() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(LEAST, |(soft, _hard)| soft)
}

fn raise() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}
