//! Domain events of the identity area.

use abu_domain::{LoginSessionId, UserId};
use serde::{Deserialize, Serialize};

/// Carries ids only: each subscriber, in this process or another, reads what it needs.
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
