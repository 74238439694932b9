//! One-use tickets for the chat's handshake.

use abu_application::ports::{ChatTicket, StoreError, TicketRows};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Binary, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{schema::chat_tickets, sql::sql, store::Session};

impl TicketRows for Session<'_> {
    fn insert_ticket(
        &mut self,
        ticket_hash: &[u8],
        ticket: &ChatTicket,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            // Two of these at once each sweep out other rows, and neither sweeps for long.
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
            let taken: Option<(Uuid, Option<Uuid>, DateTime<Utc>, DateTime<Utc>)> =
                diesel::delete(chat_tickets::table.find(ticket_hash))
                    .returning((
                        chat_tickets::user_id,
                        chat_tickets::session_id,
                        chat_tickets::expires_at,
                        chat_tickets::access_expires_at,
                    ))
                    .get_result(connection)
                    .optional()?;
            Ok(
                taken.and_then(|(user_id, session_id, expires_at, access_expires_at)| {
                    Some(ChatTicket {
                        user_id: user_id.into(),
                        session_id: session_id?.into(),
                        expires_at,
                        access_expires_at,
                    })
                }),
            )
        })
    }
}
