//! Batch inserts of messages with dense sequence numbers.
//!
//! A batch of ordinary messages, which nearly every one is, takes one statement that commits by
//! itself; any other takes a constant number in a transaction. The one statement calls a function in
//! the database, so that no lock waits for a round trip. The function only stores; this module handles
//! every batch with an exception.
//!
//! Row locks on the rooms make sequence numbers dense. They are taken first, in one order. Later
//! statements then see all commits of earlier lock holders, departed members included. The sequence
//! numbers are assigned here and stored with the messages.
//!
//! A lookup of the batch's ids costs time, and finds nothing unless an earlier commit was in doubt.
//! So the insert skips existing rows. Only after a skip or a refusal does this module look the ids
//! up and assign sequence numbers again.

use std::collections::{HashMap, HashSet};

use abu_application::messaging::ports::{LockWait, StoreOutcome};
use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::message::{Message, NewMessage},
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::MessageRow;
use crate::{
    error::{BadRow, Failure},
    schema::{message_edits, messages, rooms},
    sql::sql,
};

/// Bound on the assignments of sequence numbers. Each one after the second needs another
/// transaction that has just stored a message of this batch.
const ATTEMPTS: usize = 5;

/// Implements
/// [`MessageWrites::store_messages`](abu_application::messaging::ports::MessageWrites::store_messages).
pub(super) fn store(
    connection: &mut PgConnection,
    batch: &[NewMessage],
    wait: LockWait,
) -> Result<Vec<StoreOutcome>, Failure> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    if let Some(outcomes) = append_ordinary(connection, batch, wait)? {
        return Ok(outcomes);
    }
    let rooms = lock_rooms(connection, batch)?;
    let members = members(connection, batch)?;
    let answered = answered(connection, batch)?;
    let standing = Standing {
        rooms,
        members,
        answered,
    };
    let mut known = stored_under_client_ids(connection, batch)?;
    let mut knows_all = false;
    for _ in 0..ATTEMPTS {
        let places = Places::give(batch, &standing, known);
        if knows_all || !places.refused {
            if insert(connection, &places.added)? == places.added.len() {
                advance(connection, &places.last)?;
                return Ok(places.outcomes);
            }
            take_back(connection, &places.added)?;
        }
        known = stored_under_client_ids(connection, batch)?;
        known.extend(stored_under_ids(connection, batch)?);
        knows_all = true;
    }
    Err(Failure::Row(BadRow {
        column: "rooms.last_seq",
        id: first.room_id.uuid(),
    }))
}

/// Stores a batch of ordinary messages; `None`, without an effect, for any other batch.
pub(super) fn append_ordinary(
    connection: &mut PgConnection,
    batch: &[NewMessage],
    wait: LockWait,
) -> QueryResult<Option<Vec<StoreOutcome>>> {
    // The function would insert all rows first and then roll them back.
    if repeats_itself(batch) {
        return Ok(None);
    }
    let (places, times): (Option<Vec<i64>>, Option<Vec<DateTime<Utc>>>) =
        sql::<(Nullable<Array<BigInt>>, Nullable<Array<Timestamptz>>)>(
            "SELECT places, sent_at FROM append_messages(?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind::<Array<SqlUuid>, _>(column(batch, |message| message.room_id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(batch, |message| message.id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(batch, |message| message.sender_id.uuid()))
        .bind::<Array<Text>, _>(column(batch, |message| message.text.as_str()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(batch, |message| message.client_message_id))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(batch, |message| {
            message.reply_to.map(MessageId::uuid)
        }))
        .bind::<Array<Timestamptz>, _>(column(batch, |message| message.sent_at))
        .bind::<Integer, _>(milliseconds(wait))
        .get_result(connection)?;
    Ok(places.zip(times).map(|(places, times)| {
        let stored = |((message, place), time): ((&NewMessage, i64), DateTime<Utc>)| {
            StoreOutcome::Stored(Message {
                sent_at: time,
                ..message.clone().at(place)
            })
        };
        batch.iter().zip(places).zip(times).map(stored).collect()
    }))
}

/// Both are well below the deadline of a sender.
pub(super) fn milliseconds(wait: LockWait) -> i32 {
    match wait {
        LockWait::Usual => 1_000,
        LockWait::Short => 20,
    }
}

/// Whether the batch contains a message twice.
fn repeats_itself(batch: &[NewMessage]) -> bool {
    let mut ids = HashSet::with_capacity(batch.len());
    let mut client_ids = HashSet::with_capacity(batch.len());
    batch.iter().any(|message| {
        let is_new_to_client = |id| client_ids.insert((message.room_id, message.sender_id, id));
        !ids.insert(message.id) || !message.client_message_id.is_none_or(is_new_to_client)
    })
}

/// A room of the batch at the time of its lock.
struct LockedRoom {
    last_seq: i64,
    last_activity_at: DateTime<Utc>,
    read_only: bool,
}

type Rooms = HashMap<RoomId, LockedRoom>;
type Members = HashSet<(RoomId, UserId)>;
type Answered = HashSet<(RoomId, MessageId)>;

/// What cannot change while the rooms are locked.
struct Standing {
    rooms: Rooms,
    members: Members,
    /// The existing messages among those replied to.
    answered: Answered,
}

/// The newest message's sequence number and time of acceptance.
type Newest = (i64, DateTime<Utc>);

/// Messages of the batch that are stored already.
#[derive(Default)]
struct Known {
    by_id: HashMap<MessageId, Message>,
    by_client_id: HashMap<(RoomId, UserId, Uuid), Message>,
    /// What those said first that were edited or deleted.
    first_texts: HashMap<MessageId, String>,
}

impl Known {
    fn add(&mut self, message: Message) {
        if let Some(client_id) = message.client_message_id {
            let key = (message.room_id, message.sender_id, client_id);
            self.by_client_id.insert(key, message.clone());
        }
        self.by_id.insert(message.id, message);
    }

    fn extend(&mut self, rows: Vec<MessageRow>) {
        rows.into_iter()
            .map(Message::from)
            .for_each(|message| self.add(message));
    }

    /// The outcome of a message whose client id its sender has used in the room before.
    fn repeated(&self, message: &NewMessage) -> Option<StoreOutcome> {
        let client_id = message.client_message_id?;
        let key = (message.room_id, message.sender_id, client_id);
        let stored = self.by_client_id.get(&key)?;
        let first_text = match has_other_text_now(stored) {
            true => self.first_texts.get(&stored.id).map(String::as_str),
            false => Some(stored.text.as_str()),
        };
        Some(match first_text {
            Some(text) if text != message.text.as_str() => StoreOutcome::ClientIdTaken,
            _ => StoreOutcome::Repeated(stored.clone()),
        })
    }
}

/// The outcome of each message of a batch.
#[derive(Default)]
struct Places {
    /// In the order of the batch.
    outcomes: Vec<StoreOutcome>,
    /// The new messages.
    added: Vec<Message>,
    /// The newest message of each room that gets one.
    last: HashMap<RoomId, Newest>,
    /// Whether a message is refused.
    refused: bool,
}

impl Places {
    fn give(batch: &[NewMessage], standing: &Standing, mut known: Known) -> Self {
        let mut places = Self::default();
        for message in batch {
            let outcome = places.place(message, standing, &mut known);
            places.outcomes.push(outcome);
        }
        places
    }

    fn place(
        &mut self,
        message: &NewMessage,
        standing: &Standing,
        known: &mut Known,
    ) -> StoreOutcome {
        let Standing {
            rooms,
            members,
            answered,
        } = standing;
        if let Some(stored) = known.by_id.get(&message.id) {
            return StoreOutcome::Stored(stored.clone());
        }
        let is_member = members.contains(&(message.room_id, message.sender_id));
        let Some(room) = rooms.get(&message.room_id).filter(|_| is_member) else {
            self.refused = true;
            return StoreOutcome::NotAMember;
        };
        if let Some(outcome) = known.repeated(message) {
            return outcome;
        }
        if room.read_only {
            self.refused = true;
            return StoreOutcome::ReadOnly;
        }
        let answers_nothing = |id| !answered.contains(&(message.room_id, id));
        if message.reply_to.is_some_and(answers_nothing) {
            self.refused = true;
            return StoreOutcome::ReplyToUnknown;
        }
        let stored = self.next(room, message);
        known.add(stored.clone());
        StoreOutcome::Stored(stored)
    }

    fn next(&mut self, room: &LockedRoom, message: &NewMessage) -> Message {
        let last = self
            .last
            .entry(message.room_id)
            .or_insert((room.last_seq, room.last_activity_at));
        *last = (last.0 + 1, last.1.max(message.sent_at));
        let stored = Message {
            sent_at: last.1,
            ..message.clone().at(last.0)
        };
        self.added.push(stored.clone());
        stored
    }
}

fn lock_rooms(connection: &mut PgConnection, batch: &[NewMessage]) -> QueryResult<Rooms> {
    let ids: HashSet<Uuid> = batch.iter().map(|message| message.room_id.uuid()).collect();
    let rows: Vec<(Uuid, i64, DateTime<Utc>, bool)> = rooms::table
        .filter(rooms::id.eq_any(ids))
        .order(rooms::id)
        .select((
            rooms::id,
            rooms::last_seq,
            rooms::last_activity_at,
            rooms::archived_at.is_not_null(),
        ))
        .for_no_key_update()
        .load(connection)?;
    let locked = |(id, last_seq, last_activity_at, read_only)| {
        let room = LockedRoom {
            last_seq,
            last_activity_at,
            read_only,
        };
        (RoomId::new(id), room)
    };
    Ok(rows.into_iter().map(locked).collect())
}

fn members(connection: &mut PgConnection, batch: &[NewMessage]) -> QueryResult<Members> {
    let pairs: HashSet<(Uuid, Uuid)> = batch
        .iter()
        .map(|message| (message.room_id.uuid(), message.sender_id.uuid()))
        .collect();
    let (rooms, users): (Vec<Uuid>, Vec<Uuid>) = pairs.into_iter().unzip();
    let rows: Vec<(Uuid, Uuid)> = sql::<(SqlUuid, SqlUuid)>(
        "SELECT room_id, user_id
         FROM unnest(?, ?) AS asked (room_id, user_id) JOIN room_members USING (room_id, user_id)",
    )
    .bind::<Array<SqlUuid>, _>(rooms)
    .bind::<Array<SqlUuid>, _>(users)
    .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(room, user)| (room.into(), user.into()))
        .collect())
}

fn answered(connection: &mut PgConnection, batch: &[NewMessage]) -> QueryResult<Answered> {
    let ids: Vec<Uuid> = batch
        .iter()
        .filter_map(|message| Some(message.reply_to?.uuid()))
        .collect();
    if ids.is_empty() {
        return Ok(Answered::new());
    }
    let rows: Vec<(Uuid, Uuid)> = messages::table
        .filter(messages::id.eq_any(ids))
        .select((messages::room_id, messages::id))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(room, message)| (room.into(), message.into()))
        .collect())
}

fn stored_under_client_ids(
    connection: &mut PgConnection,
    batch: &[NewMessage],
) -> QueryResult<Known> {
    let named: Vec<(&NewMessage, Uuid)> = batch
        .iter()
        .filter_map(|message| Some((message, message.client_message_id?)))
        .collect();
    let mut known = Known::default();
    if !named.is_empty() {
        let rows = sql::<messages::SqlType>(select_messages_from!(
            "unnest(?, ?, ?) AS asked (sender_id, client_message_id, room_id)
             JOIN messages USING (sender_id, client_message_id, room_id)"
        ))
        .bind::<Array<SqlUuid>, _>(column(&named, |(message, _)| message.sender_id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(&named, |(_, client_id)| *client_id))
        .bind::<Array<SqlUuid>, _>(column(&named, |(message, _)| message.room_id.uuid()))
        .load(connection)?;
        known.extend(rows);
        known.first_texts = first_texts(connection, known.by_id.values())?;
    }
    Ok(known)
}

fn has_other_text_now(message: &Message) -> bool {
    message.edited_at.is_some() || message.is_deleted()
}

/// What those of the messages said first that were edited or deleted.
fn first_texts<'a>(
    connection: &mut PgConnection,
    messages: impl Iterator<Item = &'a Message>,
) -> QueryResult<HashMap<MessageId, String>> {
    let changed = messages.filter(|message| has_other_text_now(message));
    let changed: Vec<Uuid> = changed.map(|message| message.id.uuid()).collect();
    if changed.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = message_edits::table
        .filter(message_edits::message_id.eq_any(changed))
        .distinct_on(message_edits::message_id)
        .order((message_edits::message_id, message_edits::revision))
        .select((message_edits::message_id, message_edits::body))
        .load(connection)?;
    let texts = rows
        .into_iter()
        .map(|(id, text)| (MessageId::new(id), text));
    Ok(texts.collect())
}

fn stored_under_ids(
    connection: &mut PgConnection,
    batch: &[NewMessage],
) -> QueryResult<Vec<MessageRow>> {
    messages::table
        .filter(messages::id.eq_any(batch.iter().map(|message| message.id.uuid())))
        .select(MessageRow::as_select())
        .load(connection)
}

/// Inserts the messages that are not stored yet and returns their number.
fn insert(connection: &mut PgConnection, added: &[Message]) -> QueryResult<usize> {
    if added.is_empty() {
        return Ok(0);
    }
    sql::<()>(
        "INSERT INTO messages
             (room_id, seq, id, sender_id, body, client_message_id, reply_to, created_at)
         SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(column(added, |message| message.room_id.uuid()))
    .bind::<Array<BigInt>, _>(column(added, |message| message.seq))
    .bind::<Array<SqlUuid>, _>(column(added, |message| message.id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(added, |message| message.sender_id.uuid()))
    .bind::<Array<Text>, _>(column(added, |message| message.text.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(added, |message| message.client_message_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(added, |message| {
        message.reply_to.map(MessageId::uuid)
    }))
    .bind::<Array<Timestamptz>, _>(column(added, |message| message.sent_at))
    .execute(connection)
}

fn column<'a, M, T>(messages: &'a [M], value: impl Fn(&'a M) -> T) -> Vec<T> {
    messages.iter().map(value).collect()
}

/// Undoes an insert that skipped a row, which would leave gaps in the sequence numbers. Deletes
/// only rows of that insert.
fn take_back(connection: &mut PgConnection, added: &[Message]) -> QueryResult<usize> {
    sql::<()>(
        "DELETE FROM messages USING unnest(?, ?, ?) AS added (room_id, seq, id)
         WHERE messages.room_id = added.room_id AND messages.seq = added.seq
           AND messages.id = added.id",
    )
    .bind::<Array<SqlUuid>, _>(column(added, |message| message.room_id.uuid()))
    .bind::<Array<BigInt>, _>(column(added, |message| message.seq))
    .bind::<Array<SqlUuid>, _>(column(added, |message| message.id.uuid()))
    .execute(connection)
}

/// Stores the rooms' newest sequence numbers and times.
fn advance(connection: &mut PgConnection, last: &HashMap<RoomId, Newest>) -> QueryResult<()> {
    if last.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = last.keys().map(|room| room.uuid()).collect();
    let (places, times): (Vec<i64>, Vec<DateTime<Utc>>) = last.values().copied().unzip();
    sql::<()>(
        "UPDATE rooms SET last_seq = newest.seq, last_activity_at = newest.at
         FROM unnest(?, ?, ?) AS newest (room_id, seq, at)
         WHERE rooms.id = newest.room_id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(places)
    .bind::<Array<Timestamptz>, _>(times)
    .execute(connection)?;
    Ok(())
}
