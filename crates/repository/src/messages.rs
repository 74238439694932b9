//! Messages: reading them here, storing them in [`store`].

mod store;

use std::ops::RangeInclusive;

use abu_application::{
    lists::Seek,
    ports::{MessageRows, SeqWindow, StoreError, StoreOutcome},
};
use abu_domain::{
    MessageId, RoomId,
    message::{Message, NewMessage},
    text::MessageText,
};
use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use crate::{
    lists::{descending, in_list_order},
    schema::{messages, rooms},
    store::Session,
};

/// All columns, in the order of the table.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages, check_for_backend(Pg))]
pub(crate) struct MessageRow {
    room_id: Uuid,
    seq: i64,
    id: Uuid,
    sender_id: Uuid,
    body: String,
    client_message_id: Option<Uuid>,
    reply_to: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id.into(),
            room_id: row.room_id.into(),
            seq: row.seq,
            sender_id: row.sender_id.into(),
            text: MessageText::from_storage(row.body),
            client_message_id: row.client_message_id,
            reply_to: row.reply_to.map(MessageId::new),
            sent_at: row.created_at,
        }
    }
}

impl MessageRows for Session<'_> {
    fn store_messages(&mut self, batch: &[NewMessage]) -> Result<Vec<StoreOutcome>, StoreError> {
        self.run(|connection| store::store(connection, batch))
    }

    fn last_seq(&mut self, room: RoomId) -> Result<Option<i64>, StoreError> {
        self.run(|connection| {
            Ok(rooms::table
                .find(room.uuid())
                .select(rooms::last_seq)
                .first(connection)
                .optional()?)
        })
    }

    fn messages_in_span(
        &mut self,
        room: RoomId,
        span: RangeInclusive<i64>,
    ) -> Result<Vec<Message>, StoreError> {
        self.run(|connection| {
            let rows = messages::table
                .filter(messages::room_id.eq(room.uuid()))
                .filter(messages::seq.ge(*span.start()))
                .filter(messages::seq.le(*span.end()))
                .order(messages::seq)
                .select(MessageRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(Message::from).collect())
        })
    }

    fn list_messages(
        &mut self,
        room: RoomId,
        window: SeqWindow,
        seek: Seek<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.run(|connection| {
            let rows = messages::table
                .filter(messages::room_id.eq(room.uuid()))
                .filter(messages::seq.gt(window.after.unwrap_or(0)))
                .filter(messages::seq.lt(window.before.unwrap_or(i64::MAX)))
                .into_boxed();
            let rows = descending!(rows, seek, messages::seq)
                .limit(limit.into())
                .select(MessageRow::as_select())
                .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows);
            Ok(rows.into_iter().map(Message::from).collect())
        })
    }
}
