use abu_domain::{LoginSessionId, UserId};
use chrono::{DateTime, Utc};

use crate::platform::ports::StoreError;

/// A one-use ticket for the chat's handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatTicket {
    pub user_id: UserId,
    /// The log-in whose access token bought it.
    pub session_id: LoginSessionId,
    /// When the ticket is worth nothing any more.
    pub expires_at: DateTime<Utc>,
    /// When the access token that bought it expires.
    pub access_expires_at: DateTime<Utc>,
}

/// Tickets in the store, known by their hash alone.
pub trait TicketWrites {
    /// Keeps a ticket; also drops those that expired before `now`.
    fn insert_ticket(
        &mut self,
        ticket_hash: &[u8],
        ticket: &ChatTicket,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Takes the ticket out: of two who come with the same one, one gets it.
    fn take_ticket(&mut self, ticket_hash: &[u8]) -> Result<Option<ChatTicket>, StoreError>;
}
