//! Messages: reads here, batch inserts in [`store`], batch changes in [`changes`].

/// A query whose rows are [`MessageRow`]s; `$from` is all that follows `FROM`.
macro_rules! select_messages_from {
    ($from:literal) => {
        concat!(
            "SELECT room_id, seq, id, sender_id, body, client_message_id, reply_to, created_at,
                    edited_at, deleted_at, revision
             FROM ",
            $from
        )
    };
}

mod changes;
mod store;

use std::ops::RangeInclusive;

use abu_application::{
    messaging::ports::{
        ChangedPlace, ChangedRows, ChangesAfter, EmojiCount, LockWait, LockedRoom, MessageReads,
        MessageStatements, MessageWrites, ReactionKey, RoomCounters, SeqWindow, StoreOutcome,
    },
    platform::{lists::Seek, ports::StoreError},
};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::{
        message::{Message, NewMessage, Reaction},
        person::Person,
        room::RoomKind,
        text::{Emoji, MessageText},
    },
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::BadRow,
    lists::{descending, in_list_order},
    schema::{message_emoji, messages, rooms, users},
    sql::{sql, unzipped},
    store::{Autocommit, Session},
};

/// Users named per reaction, apart from the caller.
const MOST_NAMED: usize = 10;

/// The columns in the order of the table.
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
    edited_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    revision: Option<i64>,
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
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            revision: row.revision,
        }
    }
}

/// A user and their name.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub(super) struct PersonRow {
    id: Uuid,
    firstname: String,
    lastname: String,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id.into(),
            firstname: PersonName::from_storage(row.firstname),
            lastname: PersonName::from_storage(row.lastname),
        }
    }
}

/// Messages have no foreign keys, but their senders' accounts stay: an erasure replaces the name.
macro_rules! messages_with_senders {
    () => {
        messages::table
            .inner_join(users::table.on(users::id.eq(messages::sender_id)))
            .select((MessageRow::as_select(), PersonRow::as_select()))
    };
}

impl MessageReads for Session<'_> {
    fn messages_by_id(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            let rows = messages::table
                .filter(messages::id.eq_any(ids))
                .select(MessageRow::as_select())
                .load(connection)?;
            Ok(rows.into_iter().map(Message::from).collect())
        })
    }

    fn emoji_counts(&mut self, messages: &[MessageId]) -> Result<Vec<EmojiCount>, StoreError> {
        let ids: Vec<Uuid> = messages.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            let rows: Vec<(Uuid, String, i64, i64)> = message_emoji::table
                .filter(message_emoji::message_id.eq_any(ids))
                .order((message_emoji::message_id, message_emoji::first_revision))
                .select(message_emoji::all_columns)
                .load(connection)?;
            let counts = rows
                .into_iter()
                .map(|(id, emoji, count, first_revision)| EmojiCount {
                    message_id: id.into(),
                    emoji: Emoji::from_storage(emoji),
                    count,
                    first_revision,
                });
            Ok(counts.collect())
        })
    }

    fn reactions_of(
        &mut self,
        pairs: &[(MessageId, UserId)],
    ) -> Result<Vec<ReactionKey>, StoreError> {
        let (messages, users) = unzipped(pairs);
        self.run(|connection| {
            let rows: Vec<(Uuid, Uuid, String)> = sql::<(SqlUuid, SqlUuid, Text)>(
                "SELECT message_id, user_id, emoji
                 FROM unnest(?, ?) AS asked (message_id, user_id)
                 JOIN message_reactions USING (message_id, user_id)",
            )
            .bind::<Array<SqlUuid>, _>(messages)
            .bind::<Array<SqlUuid>, _>(users)
            .load(connection)?;
            let keys = rows.into_iter().map(|(message, user, emoji)| ReactionKey {
                message_id: message.into(),
                user_id: user.into(),
                emoji: Emoji::from_storage(emoji),
            });
            Ok(keys.collect())
        })
    }

    fn reactions(
        &mut self,
        pairs: &[(MessageId, UserId)],
    ) -> Result<Vec<(MessageId, UserId, Reaction)>, StoreError> {
        let (messages, users) = unzipped(pairs);
        self.run(|connection| {
            // Reads the caller and the first few others by the index, never all users who reacted.
            let rows: Vec<(Uuid, Uuid, String, i64, Vec<Uuid>)> =
                sql::<(SqlUuid, SqlUuid, Text, BigInt, Array<SqlUuid>)>(
                    "SELECT asked.message_id, asked.user_id, emoji, reactions,
                            ARRAY(
                                SELECT user_id FROM message_reactions AS own
                                WHERE own.message_id = asked.message_id
                                  AND own.user_id = asked.user_id AND own.emoji = here.emoji)
                            || ARRAY(
                                SELECT user_id FROM message_reactions AS others
                                WHERE others.message_id = asked.message_id
                                  AND others.emoji = here.emoji
                                  AND others.user_id <> asked.user_id
                                ORDER BY revision LIMIT ?)
                     FROM unnest(?, ?) AS asked (message_id, user_id)
                     JOIN message_emoji AS here USING (message_id)
                     ORDER BY asked.message_id, first_revision",
                )
                .bind::<BigInt, _>(MOST_NAMED as i64)
                .bind::<Array<SqlUuid>, _>(messages)
                .bind::<Array<SqlUuid>, _>(users)
                .load(connection)?;
            let reactions = rows
                .into_iter()
                .map(|(message, user, emoji, count, users)| {
                    let reaction = Reaction {
                        emoji: Emoji::from_storage(emoji),
                        count,
                        user_ids: users
                            .into_iter()
                            .take(MOST_NAMED)
                            .map(UserId::new)
                            .collect(),
                    };
                    (message.into(), user.into(), reaction)
                });
            Ok(reactions.collect())
        })
    }

    fn room_counters(
        &mut self,
        rooms: &[RoomId],
    ) -> Result<Vec<(RoomId, RoomCounters)>, StoreError> {
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        self.run(|connection| {
            let rows: Vec<(Uuid, i64, i64)> = rooms::table
                .filter(rooms::id.eq_any(ids))
                .select((rooms::id, rooms::last_seq, rooms::last_revision))
                .load(connection)?;
            let counters = rows.into_iter().map(|(id, last_seq, last_revision)| {
                let counters = RoomCounters {
                    last_seq,
                    last_revision,
                };
                (id.into(), counters)
            });
            Ok(counters.collect())
        })
    }

    fn messages_at(&mut self, places: &[(RoomId, i64)]) -> Result<Vec<Message>, StoreError> {
        let place = |(room, seq): &(RoomId, i64)| (room.uuid(), *seq);
        let (rooms, places): (Vec<Uuid>, Vec<i64>) = places.iter().map(place).unzip();
        self.run(|connection| {
            let rows: Vec<MessageRow> = sql::<messages::SqlType>(select_messages_from!(
                "unnest(?, ?) AS asked (room_id, seq) JOIN messages USING (room_id, seq)"
            ))
            .bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Array<BigInt>, _>(places)
            .load(connection)?;
            Ok(rows.into_iter().map(Message::from).collect())
        })
    }

    fn changes_after(
        &mut self,
        after: &[ChangesAfter],
        of_each: u32,
        limit: u32,
    ) -> Result<Vec<ChangedPlace>, StoreError> {
        let asked = |after: &ChangesAfter| (after.room_id.uuid(), after.revision);
        let (rooms, revisions): (Vec<Uuid>, Vec<i64>) = after.iter().map(asked).unzip();
        self.run(|connection| {
            let rows: Vec<(i64, i64, i64)> = sql::<(BigInt, BigInt, BigInt)>(
                "SELECT number - 1, seq, changed.revision
                 FROM unnest(?, ?) WITH ORDINALITY AS asked (room_id, revision, number)
                 CROSS JOIN LATERAL (
                     SELECT seq, messages.revision FROM messages
                     WHERE messages.room_id = asked.room_id
                       AND messages.revision > asked.revision
                     ORDER BY messages.revision LIMIT ?) AS changed
                 ORDER BY number, changed.revision LIMIT ?",
            )
            .bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Array<BigInt>, _>(revisions)
            .bind::<BigInt, _>(i64::from(of_each))
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            let changed = rows
                .into_iter()
                .map(|(number, seq, revision)| ChangedPlace {
                    asked: usize::try_from(number).unwrap_or_default(),
                    seq,
                    revision,
                });
            Ok(changed.collect())
        })
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
    ) -> Result<Vec<(Message, Person)>, StoreError> {
        self.run(|connection| {
            let rows = messages_with_senders!()
                .filter(messages::room_id.eq(room.uuid()))
                .filter(messages::seq.gt(window.after.unwrap_or(0)))
                .filter(messages::seq.lt(window.before.unwrap_or(i64::MAX)))
                .into_boxed();
            let rows: Vec<(MessageRow, PersonRow)> = descending!(rows, seek, messages::seq)
                .limit(limit.into())
                .load(connection)?;
            let rows = in_list_order(seek.is_backward(), rows).into_iter();
            Ok(rows
                .map(|(message, sender)| (message.into(), sender.into()))
                .collect())
        })
    }

    fn message_in(
        &mut self,
        room: RoomId,
        id: MessageId,
    ) -> Result<Option<(Message, Person)>, StoreError> {
        self.run(|connection| {
            let row: Option<(MessageRow, PersonRow)> = messages_with_senders!()
                .filter(messages::id.eq(id.uuid()))
                .filter(messages::room_id.eq(room.uuid()))
                .first(connection)
                .optional()?;
            Ok(row.map(|(message, sender)| (message.into(), sender.into())))
        })
    }

    fn person(&mut self, user: UserId) -> Result<Option<Person>, StoreError> {
        self.run(|connection| {
            let row = users::table
                .find(user.uuid())
                .select(PersonRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(Person::from))
        })
    }
}

impl MessageStatements for Autocommit<'_> {
    fn append_messages(
        &mut self,
        batch: &[NewMessage],
        wait: LockWait,
    ) -> Result<Option<Vec<StoreOutcome>>, StoreError> {
        self.run(|connection| store::append_ordinary(connection, batch, wait))
    }
}

impl MessageWrites for Session<'_> {
    fn store_messages(&mut self, batch: &[NewMessage]) -> Result<Vec<StoreOutcome>, StoreError> {
        let wait = self.lock_wait;
        self.run(|connection| store::store(connection, batch, wait))
    }

    fn limit_lock_wait(&mut self, wait: LockWait) -> Result<(), StoreError> {
        self.lock_wait = wait;
        self.run(|connection| {
            sql::<()>("SELECT set_config('lock_timeout', ?::text, true)")
                .bind::<Integer, _>(store::milliseconds(wait))
                .execute(connection)?;
            Ok(())
        })
    }

    fn lock_rooms(&mut self, rooms: &[RoomId]) -> Result<Vec<LockedRoom>, StoreError> {
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.uuid()).collect();
        self.run(|connection| {
            let rows: Vec<(Uuid, String, bool, i64)> = rooms::table
                .filter(rooms::id.eq_any(ids))
                .order(rooms::id)
                .select((
                    rooms::id,
                    rooms::kind,
                    rooms::archived_at.is_not_null(),
                    rooms::last_revision,
                ))
                .for_no_key_update()
                .load(connection)?;
            let locked = rows
                .into_iter()
                .map(|(id, kind, read_only, last_revision)| {
                    Ok(LockedRoom {
                        room_id: id.into(),
                        kind: RoomKind::from_name(&kind).ok_or(BadRow {
                            column: "rooms.kind",
                            id,
                        })?,
                        read_only,
                        last_revision,
                    })
                });
            Ok(locked.collect::<Result<_, BadRow>>()?)
        })
    }

    fn save_changes(&mut self, rows: &ChangedRows) -> Result<(), StoreError> {
        self.run(|connection| Ok(changes::save(connection, rows)?))
    }
}
