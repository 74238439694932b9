//! One connection attempt: access token, room list, WebSocket handshake, `welcome`.

use std::time::Duration;

use abu_chat_protocol::server::Welcome;
use tokio::time::timeout;

use super::link::{Link, Refusal};
use crate::{
    AccessToken, ApiError, EndReason, Problem, Room, Session, TokenError, event::Interruption,
};

pub(super) struct Attempt {
    pub(super) session: Session,
    /// A token that the server rejected as expired.
    pub(super) refused: Option<AccessToken>,
    /// Whether to read the room list first. The list precedes the handshake, so that the sync covers every
    /// message between the two.
    pub(super) needs_rooms: bool,
}

/// A connection after its `welcome`.
pub(super) struct Opened {
    pub(super) link: Link,
    pub(super) welcome: Welcome,
    pub(super) token: AccessToken,
    pub(super) rooms: Option<Vec<Room>>,
}

/// Why an attempt failed.
pub(super) enum Setback {
    Over(EndReason),
    NotNow {
        cause: Interruption,
        retry_after: Option<Duration>,
        /// The cause, for a person.
        what: String,
    },
}

impl Attempt {
    pub(super) async fn run(self) -> Result<Opened, Setback> {
        let tokens = &self.session.tokens;
        let token = match &self.refused {
            Some(refused) => tokens.other_than(refused).await?,
            None => tokens.get().await?,
        };
        let rooms = match self.needs_rooms {
            true => Some(self.session.rooms().await?),
            false => None,
        };
        let (mut link, token) = match self.link(&token).await {
            Err(Refusal::Status(problem)) if problem.status == 401 => {
                let other = tokens.other_than(&token).await?;
                let link = self.link(&other).await.map_err(Setback::from)?;
                (link, other)
            }
            link => (link?, token),
        };
        let connect_timeout = self.session.shared.settings.connect_timeout;
        let welcome = timeout(connect_timeout, link.welcome())
            .await
            .unwrap_or(Err(Interruption::Silent))?;
        Ok(Opened {
            link,
            welcome,
            token,
            rooms,
        })
    }

    async fn link(&self, token: &AccessToken) -> Result<Link, Refusal> {
        let shared = &self.session.shared;
        let connect_timeout = shared.settings.connect_timeout;
        timeout(connect_timeout, Link::open(&shared.rest, token))
            .await
            .unwrap_or_else(|_| Err(Refusal::Unreachable("no answer in time".to_owned())))
    }
}

impl From<Refusal> for Setback {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreachable(what) => Self::NotNow {
                cause: Interruption::Lost,
                retry_after: None,
                what,
            },
            Refusal::Status(problem) => problem.into(),
            Refusal::Unsupported => Self::Over(EndReason::UnsupportedServer),
        }
    }
}

/// Maps an HTTP rejection to a transient or permanent failure.
impl From<Problem> for Setback {
    fn from(problem: Problem) -> Self {
        match problem.status {
            // Request timeout, too early, too many requests, and server errors are transient.
            408 | 425 | 429 | 500.. => Self::NotNow {
                cause: Interruption::Refused(problem.status),
                retry_after: problem.retry_after,
                what: problem.to_string(),
            },
            _ => Self::Over(EndReason::from_problem(&problem)),
        }
    }
}

impl From<TokenError> for Setback {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Over(reason) => Self::Over(reason),
            TokenError::NotNow(what) => Self::NotNow {
                cause: Interruption::NoToken,
                retry_after: None,
                what,
            },
        }
    }
}

impl From<ApiError> for Setback {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused(problem) => problem.into(),
            ApiError::Token(reason) => Self::Over(reason),
            error => Self::NotNow {
                cause: Interruption::Lost,
                retry_after: None,
                what: error.to_string(),
            },
        }
    }
}

/// The connection ended before its `welcome`.
impl From<Interruption> for Setback {
    fn from(cause: Interruption) -> Self {
        use abu_chat_protocol::{CloseCode, Reconnect};
        match cause {
            Interruption::Closed(CloseCode::AccountSuspended) => Self::Over(EndReason::Suspended),
            Interruption::Closed(code) if code.reconnect() == Reconnect::Never => {
                Self::Over(EndReason::Closed)
            }
            cause => Self::NotNow {
                cause,
                retry_after: None,
                what: cause.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, kind: &str) -> Problem {
        let body = format!(r#"{{"type": "/problems/{kind}", "title": "T", "status": {status}}}"#);
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn only_transient_refusals_are_retried() {
        for (status, kind) in [(429, "rate-limited"), (503, "maintenance"), (502, "")] {
            let setback = Setback::from(problem(status, kind));
            assert!(matches!(setback, Setback::NotNow { .. }), "{status}");
        }
        for (status, kind, reason) in [
            (401, "invalid-token", EndReason::LoggedOut),
            (403, "account-suspended", EndReason::Suspended),
            (403, "account-deactivated", EndReason::Deactivated),
            (
                403,
                "origin-not-allowed",
                EndReason::Refused("T".to_owned()),
            ),
            (404, "not-found", EndReason::Refused("T".to_owned())),
        ] {
            match Setback::from(problem(status, kind)) {
                Setback::Over(given) => assert_eq!(given, reason),
                Setback::NotNow { .. } => panic!("{status} is tried again"),
            }
        }
    }
}
