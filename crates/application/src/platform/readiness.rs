//! The serving state of the process: starting, ready, database unavailable, draining.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::sync::Notify;

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingState {
    /// The database was not reached yet, or is being set up.
    Starting,
    /// Requests are served.
    Ready,
    /// The database has just refused a connection. Requests are still tried.
    DatabaseRefuses,
    /// The database does not answer; it is tried again and again.
    DatabaseAway,
    /// The server is going down. Nothing follows.
    Draining,
}

/// The state of one server. Cheap to clone and to read.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    code: AtomicU8,
    changed: Notify,
}

impl ServingState {
    const ALL: [Self; 5] = [
        Self::Starting,
        Self::Ready,
        Self::DatabaseRefuses,
        Self::DatabaseAway,
        Self::Draining,
    ];

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
    pub fn new(state: ServingState) -> Self {
        Self(Arc::new(Shared {
            code: AtomicU8::new(state.code()),
            changed: Notify::new(),
        }))
    }

    pub fn state(&self) -> ServingState {
        ServingState::from_code(self.0.code.load(Ordering::Relaxed))
    }

    pub fn is_ready(&self) -> bool {
        self.state() == ServingState::Ready
    }

    /// Notes a refused connection of a server that is ready.
    pub fn refused(&self) {
        let (ready, refuses) = (ServingState::Ready, ServingState::DatabaseRefuses);
        let changed = self.0.code.compare_exchange(
            ready.code(),
            refuses.code(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if changed.is_ok() {
            self.0.changed.notify_waiters();
        }
    }

    /// Goes to that state, unless the server is going down. Returns the state before.
    pub fn set(&self, state: ServingState) -> ServingState {
        let before = self
            .0
            .code
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |code| {
                (code != ServingState::Draining.code()).then_some(state.code())
            });
        self.0.changed.notify_waiters();
        ServingState::from_code(before.unwrap_or_else(|draining| draining))
    }

    /// Ends as soon as the server is in that state.
    pub async fn reaches(&self, state: ServingState) {
        loop {
            let mut changed = pin!(self.0.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            if self.state() == state {
                return;
            }
            changed.await;
        }
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

    #[tokio::test]
    async fn a_waiter_for_a_state_wakes_when_it_is_reached() {
        let readiness = Readiness::default();
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.reaches(ServingState::DatabaseAway).await }
        });
        readiness.set(ServingState::Ready);
        readiness.set(ServingState::DatabaseAway);
        waiting.await.unwrap();
    }
}
