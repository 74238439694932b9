//! Tickets for the chat's handshake: they keep the access token out of URLs, which proxies log.

use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{
    Context,
    access::{self, AccessError, Caller},
    messaging::ports::ChatTicket,
    platform::ports::StoreError,
};

/// For how long a ticket can be used.
pub const TICKET_LIFETIME: TimeDelta = TimeDelta::seconds(30);

/// The use cases of getting into the chat.
#[derive(Clone)]
pub struct ChatAccess {
    pub context: Context,
}

/// Who came with a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketHolder {
    pub user_id: UserId,
    /// Their log-in.
    pub session_id: LoginSessionId,
    /// When their session must end, as the access token behind it does.
    pub access_expires_at: DateTime<Utc>,
}

/// Why a ticket was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// Unknown, used or expired: the answer does not tell these apart.
    #[error("the ticket is not valid")]
    Invalid,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChatAccess {
    /// Issues a ticket of 32 random bytes and stores only its hash. `access_expires_at` is the expiry of
    /// the access token behind it.
    pub async fn issue_ticket(
        &self,
        caller: Caller,
        access_expires_at: DateTime<Utc>,
    ) -> Result<[u8; 32], AccessError> {
        let secret = self.context.ids.secret();
        let now = self.context.clock.now();
        let ticket = ChatTicket {
            user_id: caller.user,
            session_id: caller.session,
            expires_at: now + TICKET_LIFETIME,
            access_expires_at,
        };
        self.context
            .database
            .transaction(move |tx| {
                access::require_active(tx, &caller)?;
                tx.insert_ticket(&Sha256::digest(secret), &ticket, now)?;
                Ok(secret)
            })
            .await
    }

    /// Uses a ticket up. Looked up by its hash, so the time it takes says nothing about others.
    pub async fn use_ticket(&self, secret: [u8; 32]) -> Result<TicketHolder, TicketError> {
        let now = self.context.clock.now();
        let ticket = self
            .context
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
