//! How many files the process may have open: every connection is one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system lets us.
pub fn allow_as_many_as_possible() {
    match raise() {
        Ok(limit) => log::debug!(limit; "files that may be open"),
        Err(error) => log::warn!("the limit of open files could not be raised: {error}"),
    }
}

fn raise() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}
