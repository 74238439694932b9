//! Whether requests can be served now: known by all, and cheap to ask.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingState {
    /// The database was not reached yet, or is being set up.
    Starting,
    /// Requests are served.
    Ready,
    /// The database does not answer; it is tried again and again.
    DatabaseAway,
    /// The server is going down. Nothing follows.
    Draining,
}

/// The server's state, shared by everyone who asks for it. Cheap to clone and to read.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicU8>);

impl ServingState {
    const ALL: [Self; 4] = [
        Self::Starting,
        Self::Ready,
        Self::DatabaseAway,
        Self::Draining,
    ];

    /// A word for people and machines, such as the answer to a health check.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::DatabaseAway => "database-away",
            Self::Draining => "draining",
        }
    }

    const fn code(self) -> u8 {
        self as u8
    }

    fn from_code(code: u8) -> Self {
        let known = Self::ALL.into_iter().find(|state| state.code() == code);
        known.unwrap_or(Self::Draining)
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new(ServingState::Starting)
    }
}

impl Readiness {
    /// A server in that state.
    pub fn new(state: ServingState) -> Self {
        Self(Arc::new(AtomicU8::new(state.code())))
    }

    /// The state now.
    pub fn state(&self) -> ServingState {
        ServingState::from_code(self.0.load(Ordering::Relaxed))
    }

    /// Whether requests are served now.
    pub fn is_ready(&self) -> bool {
        self.state() == ServingState::Ready
    }

    /// Goes to that state, unless the server is going down. Returns the state before.
    pub fn set(&self, state: ServingState) -> ServingState {
        let changed = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |code| {
                (code != ServingState::Draining.code()).then_some(state.code())
            });
        ServingState::from_code(changed.unwrap_or_else(|draining| draining))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_goes_down_never_becomes_ready_again() {
        let readiness = Readiness::default();
        assert_eq!(readiness.set(ServingState::Ready), ServingState::Starting);
        assert!(readiness.clone().is_ready());
        readiness.set(ServingState::Draining);
        readiness.set(ServingState::Ready);
        assert_eq!(readiness.state(), ServingState::Draining);
    }
}
