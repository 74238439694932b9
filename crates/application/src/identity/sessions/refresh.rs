//! Refresh-token rotation with reuse detection (RFC 9700, 4.14).
//!
//! Each refresh token has one successor. For a grace period the token before the newest gets the
//! same successor again. Its response was lost, or two requests overlapped. Later use means that
//! two clients hold tokens of one session, and one of them stole it. The server cannot tell which,
//! so it revokes the session.

use std::sync::Arc;

use abu_domain::{LoginSessionId, identity::user::User};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{EndedSessions, LogIn, SessionPolicy, Sessions, ending_sessions};
use crate::{
    access::ports::CallerRecord,
    identity::ports::{EndReason, RefreshableSession, SessionRefresh, WhichSessions},
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        mail::{self, MailContent},
        ports::{Ids, StoreError},
        rate_limits::{Key, RateLimited, Shaping},
    },
    store::Writes,
};

/// Grace period after a refresh in which the previous token gets the same successor.
const GRACE: TimeDelta = TimeDelta::seconds(30);

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Forged or unknown, or its session has ended. The error does not say which.
    #[error("the refresh token is not valid")]
    Invalid,
    #[error("the session has expired")]
    Expired,
    /// Reuse detection has revoked the session.
    #[error("the refresh token was used before")]
    Reused,
    #[error("the account is suspended")]
    Suspended,
    /// The session refreshes too often, or the network sends too many forged tokens.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the session could not be refreshed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Successor,
    SameSuccessor,
    /// Reuse detection: two clients hold tokens of the session.
    Reused,
}

fn worth(
    session: &RefreshableSession,
    number: u32,
    now: DateTime<Utc>,
) -> Result<Worth, RefreshError> {
    match session.ended {
        None | Some(EndReason::Suspended) if !session.is_active => {
            return Err(RefreshError::Suspended);
        }
        None => {}
        Some(_) => return Err(RefreshError::Invalid),
    }
    if session.expires_at <= now {
        return Err(RefreshError::Expired);
    }
    match session.refresh_count.checked_sub(number) {
        Some(0) => Ok(Worth::Successor),
        // Clocks of servers differ, and requests overtake each other.
        Some(1) if now - session.refreshed_at <= GRACE => Ok(Worth::SameSuccessor),
        Some(_) => Ok(Worth::Reused),
        // Issued after the backup that the database was restored from.
        None => Err(RefreshError::Invalid),
    }
}

enum Outcome {
    Refreshed {
        number: u32,
        user: Box<User>,
        record: CallerRecord,
    },
    Reused,
}

struct Exchange {
    session: LoginSessionId,
    number: u32,
    origin: Origin,
    now: DateTime<Utc>,
    entry_id: Uuid,
    ids: Arc<dyn Ids>,
    policy: Arc<SessionPolicy>,
}

impl Sessions {
    /// Exchanges a refresh token for a new access token and its successor.
    pub async fn refresh(
        &self,
        token: SecretString,
        origin: Origin,
    ) -> Result<LogIn, RefreshError> {
        let limits = &self.context.limits;
        let Some((session, number)) = self.refresh_tokens.read(&token) else {
            if let Some(network) = origin.network() {
                limits.take(Shaping::FailedRefresh, Key::Network(network))?;
            }
            return Err(RefreshError::Invalid);
        };
        limits.take(Shaping::Refresh, Key::Session(session))?;
        let now = self.context.clock.now();
        let exchange = Exchange {
            session,
            number,
            origin,
            now,
            entry_id: self.context.ids.time_ordered(),
            ids: Arc::clone(&self.context.ids),
            policy: Arc::clone(&self.policy),
        };
        let outcome = ending_sessions(&self.context, move |tx| exchange.write(tx));
        match outcome.await? {
            Outcome::Refreshed {
                number,
                user,
                record,
            } => Ok(LogIn {
                access_token: self
                    .tokens
                    .issue(user.id, session, self.context.ids.random(), now)
                    .map_err(RefreshError::Internal)?,
                refresh_token: self.refresh_tokens.make(session, number),
                lasts_for: self.policy.lifetime,
                user: *user,
                permissions: record.into_permissions(),
            }),
            Outcome::Reused => Err(RefreshError::Reused),
        }
    }
}

impl Exchange {
    fn write(self, tx: &mut dyn Writes) -> Result<(Outcome, EndedSessions), RefreshError> {
        let session = tx
            .lock_session(self.session)?
            .ok_or(RefreshError::Invalid)?;
        let account = tx.user(session.user_id)?.ok_or(RefreshError::Invalid)?;
        let none = EndedSessions {
            user: account.id,
            sessions: Vec::new(),
        };
        let (number, since) = match worth(&session, self.number, self.now)? {
            Worth::Successor => (session.refresh_count + 1, self.now),
            Worth::SameSuccessor => (session.refresh_count, session.refreshed_at),
            Worth::Reused => return Ok((Outcome::Reused, self.end(tx, session, &account)?)),
        };
        self.note(tx, number, since, &account)?;
        let record = tx
            .caller(account.id, self.session)?
            .ok_or(RefreshError::Invalid)?;
        let user = Box::new(account);
        let refreshed = Outcome::Refreshed {
            number,
            user,
            record,
        };
        Ok((refreshed, none))
    }

    fn note(
        &self,
        tx: &mut dyn Writes,
        refresh_count: u32,
        refreshed_at: DateTime<Utc>,
        account: &User,
    ) -> Result<(), StoreError> {
        let required = self.policy.totp.requires(&account.groups);
        let refresh = SessionRefresh {
            refresh_count,
            refreshed_at,
            used_at: self.now,
            network: self.origin.network(),
            expires_at: self.now + self.policy.lifetime,
            totp_due: required && !tx.has_totp(account.id)?,
        };
        tx.refresh_session(self.session, &refresh)?;
        match refresh.network {
            Some(network) => tx.note_network(account.id, network, self.now),
            None => Ok(()),
        }
    }

    /// Revokes the session and mails its owner.
    fn end(
        self,
        tx: &mut dyn Writes,
        session: RefreshableSession,
        owner: &User,
    ) -> Result<EndedSessions, StoreError> {
        let because = EndReason::RefreshReused;
        let which = WhichSessions::Only(self.session);
        let sessions = tx.end_sessions(owner.id, which, because, self.now)?;
        let content = MailContent::RefreshReused {
            firstname: owner.firstname.clone(),
            device_name: session.device_name,
            at: self.now,
        };
        mail::enqueue(tx, &*self.ids, self.now, &owner.email, content)?;
        // The client may be the owner or the thief.
        Entry::new(Actor::Anonymous, Action::SessionEnd)
            .from(&self.origin)
            .on(Target::session(self.session))
            .with("reason", because.name())
            .write(tx, self.entry_id, self.now)?;
        Ok(EndedSessions {
            user: owner.id,
            sessions,
        })
    }
}

#[cfg(test)]
mod tests {
    use abu_domain::UserId;

    use super::*;

    fn session() -> RefreshableSession {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        RefreshableSession {
            user_id: UserId::new(Uuid::nil()),
            device_name: None,
            refresh_count: 5,
            refreshed_at: now,
            expires_at: now + TimeDelta::days(60),
            ended: None,
            is_active: true,
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn within_the_grace_period_the_previous_token_gets_the_same_successor() {
        let worth = |number, seconds| worth(&session(), number, at(seconds)).unwrap();
        assert_eq!(worth(5, 1_000_000), Worth::Successor);
        assert_eq!(worth(4, 30), Worth::SameSuccessor);
        assert_eq!(worth(4, -1), Worth::SameSuccessor);
        assert_eq!(worth(4, 31), Worth::Reused);
        assert_eq!(worth(3, 1), Worth::Reused);
        assert_eq!(worth(0, 1), Worth::Reused);
    }

    #[test]
    fn a_token_of_an_ended_session_is_refused() {
        let refused = |change: fn(&mut RefreshableSession), number| {
            let mut session = session();
            change(&mut session);
            worth(&session, number, at(0)).unwrap_err()
        };
        for number in 0..=6 {
            let error = refused(|session| session.ended = Some(EndReason::LogOut), number);
            assert!(matches!(error, RefreshError::Invalid), "{error:?}");
            let error = refused(|session| session.expires_at = at(0), number);
            assert!(matches!(error, RefreshError::Expired), "{error:?}");
            let error = refused(|session| session.is_active = false, number);
            assert!(matches!(error, RefreshError::Suspended), "{error:?}");
        }
        let error = refused(|_session| {}, 6);
        assert!(matches!(error, RefreshError::Invalid), "{error:?}");
    }

    #[test]
    fn a_session_ended_otherwise_does_not_reveal_a_suspension() {
        let mut session = session();
        session.is_active = false;
        session.ended = Some(EndReason::LogOut);
        let error = worth(&session, 5, at(0)).unwrap_err();
        assert!(matches!(error, RefreshError::Invalid), "{error:?}");
        session.ended = Some(EndReason::Suspended);
        let error = worth(&session, 5, at(0)).unwrap_err();
        assert!(matches!(error, RefreshError::Suspended), "{error:?}");
    }
}
