//! The build that runs.

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `docker/build` and `scripts/run` set the variable; cargo alone builds without it.
pub(crate) const COMMIT: &str = match option_env!("ABU_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
