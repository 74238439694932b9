use std::{
    future::{Future, ready},
    pin::Pin,
};

use abu_domain::{LoginSessionId, UserId};

/// Completes when a change has reached all affected connections of this process. A later broadcast
/// to a room goes to the members after the change.
pub type Applied = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The live connections of login sessions. Call both methods after the commit, from a thread that
/// may block. The change takes effect whether or not the caller awaits [`Applied`].
pub trait LiveSessions: Send + Sync + 'static {
    /// Closes all connections of a suspended account.
    fn account_suspended(&self, user: UserId) -> Applied;

    /// Closes the connections of revoked sessions.
    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied;
}

/// For a process without connections. A server in another process closes its connections by its own
/// watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLiveSessions;

impl LiveSessions for NoLiveSessions {
    fn account_suspended(&self, _user: UserId) -> Applied {
        Box::pin(ready(()))
    }

    fn sessions_ended(&self, _user: UserId, _sessions: &[LoginSessionId]) -> Applied {
        Box::pin(ready(()))
    }
}
