//! Batch updates of messages and reactions: one statement per table and kind of change. The use
//! case computes the changes under the rooms' locks.

use abu_application::messaging::ports::{
    ChangedRows, EmojiCount, NewReaction, PastText, ReactionKey,
};
use abu_domain::{MessageId, RoomId, messaging::message::Message};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    schema::{message_edits, message_emoji, message_reactions},
    sql::sql,
};

/// Implements
/// [`MessageWrites::save_changes`](abu_application::messaging::ports::MessageWrites::save_changes).
pub(super) fn save(connection: &mut PgConnection, rows: &ChangedRows) -> QueryResult<()> {
    keep_past_texts(connection, &rows.past_texts)?;
    forget_past_texts(connection, &rows.forgotten)?;
    update_messages(connection, &rows.messages)?;
    clear_reactions(connection, &rows.cleared)?;
    take_reactions_back(connection, &rows.taken_back)?;
    add_reactions(connection, &rows.added)?;
    count_emoji(connection, &rows.counts)?;
    advance(connection, &rows.revisions)
}

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn keep_past_texts(connection: &mut PgConnection, texts: &[PastText]) -> QueryResult<()> {
    if texts.is_empty() {
        return Ok(());
    }
    sql::<()>(
        "INSERT INTO message_edits (message_id, revision, body, changed_by, changed_at)
         SELECT * FROM unnest(?, ?, ?, ?, ?)",
    )
    .bind::<Array<SqlUuid>, _>(column(texts, |text| text.message_id.uuid()))
    .bind::<Array<BigInt>, _>(column(texts, |text| text.revision))
    .bind::<Array<Text>, _>(column(texts, |text| text.text.as_str()))
    .bind::<Array<SqlUuid>, _>(column(texts, |text| text.changed_by.uuid()))
    .bind::<Array<Timestamptz>, _>(column(texts, |text| text.changed_at))
    .execute(connection)?;
    Ok(())
}

fn forget_past_texts(connection: &mut PgConnection, messages: &[MessageId]) -> QueryResult<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = column(messages, |message| message.uuid());
    let texts = message_edits::table.filter(message_edits::message_id.eq_any(ids));
    diesel::delete(texts).execute(connection)?;
    Ok(())
}

fn update_messages(connection: &mut PgConnection, messages: &[Message]) -> QueryResult<()> {
    if messages.is_empty() {
        return Ok(());
    }
    sql::<()>(
        "UPDATE messages SET body = new.body, edited_at = new.edited_at,
                             deleted_at = new.deleted_at, revision = new.revision,
                             client_message_id = new.client_message_id
         FROM unnest(?, ?, ?, ?, ?, ?, ?)
             AS new (room_id, seq, body, edited_at, deleted_at, revision, client_message_id)
         WHERE messages.room_id = new.room_id AND messages.seq = new.seq",
    )
    .bind::<Array<SqlUuid>, _>(column(messages, |message| message.room_id.uuid()))
    .bind::<Array<BigInt>, _>(column(messages, |message| message.seq))
    .bind::<Array<Text>, _>(column(messages, |message| message.text.as_str()))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(messages, |message| message.edited_at))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(messages, |message| message.deleted_at))
    .bind::<Array<Nullable<BigInt>>, _>(column(messages, |message| message.revision))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(messages, |message| message.client_message_id))
    .execute(connection)?;
    Ok(())
}

/// Deletes all reactions of deleted messages.
fn clear_reactions(connection: &mut PgConnection, messages: &[MessageId]) -> QueryResult<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = column(messages, |message| message.uuid());
    let reactions = message_reactions::table.filter(message_reactions::message_id.eq_any(&ids));
    diesel::delete(reactions).execute(connection)?;
    let emoji = message_emoji::table.filter(message_emoji::message_id.eq_any(&ids));
    diesel::delete(emoji).execute(connection)?;
    Ok(())
}

fn take_reactions_back(connection: &mut PgConnection, keys: &[ReactionKey]) -> QueryResult<()> {
    if keys.is_empty() {
        return Ok(());
    }
    sql::<()>(
        "DELETE FROM message_reactions AS old
         USING unnest(?, ?, ?) AS gone (message_id, user_id, emoji)
         WHERE old.message_id = gone.message_id AND old.user_id = gone.user_id
           AND old.emoji = gone.emoji",
    )
    .bind::<Array<SqlUuid>, _>(column(keys, |key| key.message_id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(keys, |key| key.user_id.uuid()))
    .bind::<Array<Text>, _>(column(keys, |key| key.emoji.as_str()))
    .execute(connection)?;
    Ok(())
}

fn add_reactions(connection: &mut PgConnection, reactions: &[NewReaction]) -> QueryResult<()> {
    if reactions.is_empty() {
        return Ok(());
    }
    sql::<()>(
        "INSERT INTO message_reactions (message_id, user_id, emoji, revision, created_at)
         SELECT * FROM unnest(?, ?, ?, ?, ?)",
    )
    .bind::<Array<SqlUuid>, _>(column(reactions, |new| new.key.message_id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(reactions, |new| new.key.user_id.uuid()))
    .bind::<Array<Text>, _>(column(reactions, |new| new.key.emoji.as_str()))
    .bind::<Array<BigInt>, _>(column(reactions, |new| new.revision))
    .bind::<Array<Timestamptz>, _>(column(reactions, |new| new.at))
    .execute(connection)?;
    Ok(())
}

/// Stores the count of each emoji and deletes counts of zero.
fn count_emoji(connection: &mut PgConnection, counts: &[EmojiCount]) -> QueryResult<()> {
    let (there, gone): (Vec<&EmojiCount>, Vec<&EmojiCount>) =
        counts.iter().partition(|count| count.count > 0);
    if !gone.is_empty() {
        sql::<()>(
            "DELETE FROM message_emoji AS old USING unnest(?, ?) AS gone (message_id, emoji)
             WHERE old.message_id = gone.message_id AND old.emoji = gone.emoji",
        )
        .bind::<Array<SqlUuid>, _>(column(&gone, |count| count.message_id.uuid()))
        .bind::<Array<Text>, _>(column(&gone, |count| count.emoji.as_str()))
        .execute(connection)?;
    }
    if !there.is_empty() {
        sql::<()>(
            "INSERT INTO message_emoji (message_id, emoji, reactions, first_revision)
             SELECT * FROM unnest(?, ?, ?, ?)
             ON CONFLICT (message_id, emoji) DO UPDATE
             SET reactions = excluded.reactions, first_revision = excluded.first_revision",
        )
        .bind::<Array<SqlUuid>, _>(column(&there, |count| count.message_id.uuid()))
        .bind::<Array<Text>, _>(column(&there, |count| count.emoji.as_str()))
        .bind::<Array<BigInt>, _>(column(&there, |count| count.count))
        .bind::<Array<BigInt>, _>(column(&there, |count| count.first_revision))
        .execute(connection)?;
    }
    Ok(())
}

/// Stores the rooms' last revisions.
fn advance(connection: &mut PgConnection, revisions: &[(RoomId, i64)]) -> QueryResult<()> {
    if revisions.is_empty() {
        return Ok(());
    }
    sql::<()>(
        "UPDATE rooms SET last_revision = last.revision
         FROM unnest(?, ?) AS last (room_id, revision) WHERE rooms.id = last.room_id",
    )
    .bind::<Array<SqlUuid>, _>(column(revisions, |(room, _)| room.uuid()))
    .bind::<Array<BigInt>, _>(column(revisions, |(_, revision)| *revision))
    .execute(connection)?;
    Ok(())
}
