//! The caller's sessions: list and revoke.

use abu_domain::LoginSessionId;
use secrecy::SecretString;

use super::{EndedSessions, Sessions, ending_sessions};
use crate::{
    access::{self, AccessError, Authority, Caller},
    identity::ports::{EndReason, SessionListing, WhichSessions},
    platform::{
        Origin,
        audit::{Action, Actor, Entry, Target},
        lists::{ListRequest, Listed, TimePosition},
        ports::StoreError,
    },
};

#[derive(Clone, Debug)]
pub struct OwnSession {
    pub listing: SessionListing,
    /// Whether it is the session of the request.
    pub is_current: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("there is no such session")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// A page of the caller's sessions, most recently used first.
    pub async fn list(
        &self,
        caller: Caller,
        page: ListRequest<TimePosition<LoginSessionId>>,
    ) -> Result<Listed<OwnSession>, AccessError> {
        let now = self.context.clock.now();
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                let listed = page.fetch(
                    tx,
                    |tx, seek, limit| tx.list_sessions(caller.user, seek, limit, now),
                    |tx| tx.count_sessions(caller.user, now),
                )?;
                Ok(listed.map(|listing| OwnSession {
                    is_current: listing.id == caller.session,
                    listing,
                }))
            })
            .await
    }

    /// Revokes the caller's session. Its chat connections have received the close when this
    /// returns, as with the next two methods.
    pub async fn log_out(&self, caller: Caller) -> Result<(), SessionError> {
        let which = WhichSessions::Only(caller.session);
        self.end(caller, which, EndReason::LogOut).await
    }

    /// Revokes the session of a refresh token, also of an outdated one: its reuse would revoke the
    /// session too. `NotFound` if the session has ended.
    pub async fn log_out_by(
        &self,
        token: SecretString,
        origin: Origin,
    ) -> Result<(), SessionError> {
        let found = self.refresh_tokens.read(&token);
        let (session, _number) = found.ok_or(SessionError::NotFound)?;
        let (now, entry_id) = self.context.now_and_entry_id();
        ending_sessions(&self.context, move |tx| {
            let found = tx.lock_session(session)?;
            let user = found.ok_or(SessionError::NotFound)?.user_id;
            let because = EndReason::LogOut;
            let sessions = tx.end_sessions(user, WhichSessions::Only(session), because, now)?;
            if sessions.is_empty() {
                return Err(SessionError::NotFound);
            }
            Entry::new(Actor::User(user), Action::SessionEnd)
                .from(&origin)
                .on(Target::session(session))
                .with("reason", because.name())
                .with("sessions", sessions.len().to_string())
                .write(tx, entry_id, now)?;
            Ok(((), EndedSessions { user, sessions }))
        })
        .await
    }

    /// Revokes all sessions of the caller.
    pub async fn log_out_everywhere(&self, caller: Caller) -> Result<(), SessionError> {
        self.end(caller, WhichSessions::All, EndReason::LogOutEverywhere)
            .await
    }

    /// Revokes one session of the caller.
    pub async fn revoke(&self, caller: Caller, id: LoginSessionId) -> Result<(), SessionError> {
        self.end(caller, WhichSessions::Only(id), EndReason::Revoked)
            .await
    }

    async fn end(
        &self,
        caller: Caller,
        which: WhichSessions,
        because: EndReason,
    ) -> Result<(), SessionError> {
        let (now, entry_id) = self.context.now_and_entry_id();
        ending_sessions(&self.context, move |tx| {
            access::require_self(tx, &caller)?;
            let sessions = tx.end_sessions(caller.user, which, because, now)?;
            let target = match which {
                WhichSessions::Only(id) => Target::session(id),
                WhichSessions::All | WhichSessions::AllBut(_) => Target::user(caller.user),
            };
            if sessions.is_empty() {
                return Err(SessionError::NotFound);
            }
            caller
                .entry(Action::SessionEnd)
                .on(target)
                .with("reason", because.name())
                .with("sessions", sessions.len().to_string())
                .write(tx, entry_id, now)?;
            let ended = EndedSessions {
                user: caller.user,
                sessions,
            };
            Ok(((), ended))
        })
        .await
    }
}
