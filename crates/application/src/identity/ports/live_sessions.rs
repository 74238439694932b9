use std::{
    future::{Future, ready},
    pin::Pin,
};

use abu_domain::{LoginSessionId, UserId};

/// Ends when a change has reached every session of this process that it concerns. What is then
/// sent to the room is sent to the room as it is now.
pub type Applied = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The live connections of login sessions, as identity sees them: it ends them, and knows nothing else of
/// them. Both methods are called after the commit, from a thread that may block; the change is applied
/// whether or not a caller awaits [`Applied`].
pub trait LiveSessions: Send + Sync + 'static {
    /// The account was suspended: its connections end.
    fn account_suspended(&self, user: UserId) -> Applied;

    /// These login sessions were revoked: the connections that came of them end.
    fn sessions_ended(&self, user: UserId, sessions: &[LoginSessionId]) -> Applied;
}

/// No live connections in this process. Those of a server that runs in another process end by its own watch.
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
