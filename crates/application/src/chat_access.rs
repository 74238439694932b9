//! Tickets for the chat's handshake: they keep the access token out of URLs, which proxies log.

use std::sync::Arc;

use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    Database,
    access::{self, AccessError, Caller},
    ports::{ChatTicket, Clock, Ids, StoreError},
};

/// For how long a ticket can be used.
pub const TICKET_LIFETIME: TimeDelta = TimeDelta::seconds(30);

/// The use cases of getting into the chat.
#[derive(Clone)]
pub struct ChatAccess {
    /// The store.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and secrets.
    pub ids: Arc<dyn Ids>,
}

/// Who came with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketHolder {
    /// The user.
    pub user_id: UserId,
    /// Their log-in.
    pub session_id: LoginSessionId,
    /// When their session must end, as the access token behind it does.
    pub access_expires_at: DateTime<Utc>,
}

/// Why a ticket was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// Unknown, used or expired: which, is not told.
    #[error("the ticket is not valid")]
    Invalid,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChatAccess {
    /// A ticket for somebody whose access token ends at `access_expires_at`. 32 random bytes; only
    /// their hash is kept.
    pub async fn issue_ticket(
        &self,
        caller: Caller,
        access_expires_at: DateTime<Utc>,
    ) -> Result<[u8; 32], AccessError> {
        let secret = self.ids.secret();
        let now = self.clock.now();
        let ticket = ChatTicket {
            user_id: caller.user,
            session_id: caller.session,
            expires_at: now + TICKET_LIFETIME,
            access_expires_at,
        };
        self.database
            .transaction(move |tx| {
                access::require_active(tx, &caller)?;
                tx.insert_ticket(&Sha256::digest(secret), &ticket, now)?;
                Ok(secret)
            })
            .await
    }

    /// Uses a ticket up. Looked up by its hash, so the time it takes says nothing about others.
    pub async fn use_ticket(&self, secret: [u8; 32]) -> Result<TicketHolder, TicketError> {
        let now = self.clock.now();
        let ticket = self
            .database
            .transaction::<_, TicketError>(move |tx| Ok(tx.take_ticket(&Sha256::digest(secret))?))
            .await?;
        match ticket {
            Some(ticket) if ticket.expires_at > now => Ok(TicketHolder {
                user_id: ticket.user_id,
                session_id: ticket.session_id,
                access_expires_at: ticket.access_expires_at,
            }),
            _ => Err(TicketError::Invalid),
        }
    }
}
