//! What happened to accounts and their login sessions.

use abu_domain::{LoginSessionId, UserId};
use serde::{Deserialize, Serialize};

/// An event by ids alone: each subscriber, in this process or another, applies it by what they name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IdentityEvent {
    AccountSuspended {
        user: UserId,
    },
    SessionsRevoked {
        user: UserId,
        sessions: Vec<LoginSessionId>,
    },
}
