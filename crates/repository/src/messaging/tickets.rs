//! Single-use tickets for the WebSocket handshake.

use abu_application::{
    messaging::ports::{ChatTicket, TicketWrites},
    platform::ports::StoreError,
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Binary, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{schema::chat_tickets, sql::sql, store::Session};

#[derive(Queryable, Selectable)]
#[diesel(table_name = chat_tickets, check_for_backend(Pg))]
struct TicketRow {
    user_id: Uuid,
    session_id: Option<Uuid>,
    expires_at: DateTime<Utc>,
    access_expires_at: DateTime<Utc>,
}

impl TicketRow {
    /// A ticket without a session opens nothing.
    fn into_ticket(self) -> Option<ChatTicket> {
        Some(ChatTicket {
            user_id: self.user_id.into(),
            session_id: self.session_id?.into(),
            expires_at: self.expires_at,
            access_expires_at: self.access_expires_at,
        })
    }
}

impl TicketWrites for Session<'_> {
    fn insert_ticket(
        &mut self,
        ticket_hash: &[u8],
        ticket: &ChatTicket,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            // `SKIP LOCKED` gives concurrent sweeps different rows; `LIMIT` bounds each.
            sql::<()>(
                "WITH swept AS (
                     DELETE FROM chat_tickets WHERE ticket_hash IN (
                         SELECT ticket_hash FROM chat_tickets WHERE expires_at < ?
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
                 INSERT INTO chat_tickets (ticket_hash, user_id, session_id, expires_at, access_expires_at)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Binary, _>(ticket_hash)
            .bind::<SqlUuid, _>(ticket.user_id.uuid())
            .bind::<SqlUuid, _>(ticket.session_id.uuid())
            .bind::<Timestamptz, _>(ticket.expires_at)
            .bind::<Timestamptz, _>(ticket.access_expires_at)
            .execute(connection)?;
            Ok(())
        })
    }

    fn take_ticket(&mut self, ticket_hash: &[u8]) -> Result<Option<ChatTicket>, StoreError> {
        self.run(|connection| {
            let taken: Option<TicketRow> = diesel::delete(chat_tickets::table.find(ticket_hash))
                .returning(TicketRow::as_returning())
                .get_result(connection)
                .optional()?;
            Ok(taken.and_then(TicketRow::into_ticket))
        })
    }
}
