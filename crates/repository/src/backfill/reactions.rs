//! Reactions: the fully-qualified form of an emoji, and none that is no emoji.

use std::collections::BTreeSet;

use abu_domain::messaging::text::Emoji;
use diesel::{
    PgConnection,
    prelude::*,
    sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::{BATCH, Batch, Position};
use crate::sql::sql;

pub(super) fn batch(connection: &mut PgConnection, position: Position) -> QueryResult<Batch> {
    let rows: Vec<(Uuid, String)> = sql::<(SqlUuid, Text)>(
        "SELECT message_id, emoji FROM message_emoji
         WHERE message_id IN (
             SELECT DISTINCT message_id FROM message_emoji
             WHERE ? IS NULL OR message_id > ? ORDER BY message_id LIMIT ?)
         ORDER BY message_id, emoji",
    )
    .bind::<Nullable<SqlUuid>, _>(position)
    .bind::<Nullable<SqlUuid>, _>(position)
    .bind::<Integer, _>(BATCH)
    .load(connection)?;
    let last = rows.last().map(|(message, _)| *message);
    let mut changed = 0;
    for (message, emoji) in rows {
        let qualified = Emoji::parse(&emoji).ok();
        let qualified = qualified.as_ref().map(Emoji::as_str);
        if qualified != Some(&emoji) {
            connection.transaction(|connection| replace(connection, message, &emoji, qualified))?;
            changed += 1;
        }
    }
    Ok(Batch { last, changed })
}

/// Replaces or removes an emoji of a message. A user who reacted with both forms reacts once.
fn replace(
    connection: &mut PgConnection,
    message: Uuid,
    emoji: &str,
    qualified: Option<&str>,
) -> QueryResult<()> {
    // Changes of messages take this lock as well.
    sql::<()>(
        "SELECT FROM rooms JOIN messages ON room_id = rooms.id WHERE messages.id = ?
         FOR NO KEY UPDATE OF rooms",
    )
    .bind::<SqlUuid, _>(message)
    .execute(connection)?;
    sql::<()>(
        "INSERT INTO message_reactions (message_id, user_id, emoji, revision, created_at)
         SELECT message_id, user_id, replacement, revision, created_at
         FROM message_reactions, CAST(? AS text) AS replacement
         WHERE message_id = ? AND emoji = ? AND replacement IS NOT NULL
         ON CONFLICT DO NOTHING",
    )
    .bind::<Nullable<Text>, _>(qualified)
    .bind::<SqlUuid, _>(message)
    .bind::<Text, _>(emoji)
    .execute(connection)?;
    sql::<()>("DELETE FROM message_reactions WHERE message_id = ? AND emoji = ?")
        .bind::<SqlUuid, _>(message)
        .bind::<Text, _>(emoji)
        .execute(connection)?;
    let touched: BTreeSet<&str> = [Some(emoji), qualified].into_iter().flatten().collect();
    let touched: Vec<&str> = touched.into_iter().collect();
    sql::<()>("DELETE FROM message_emoji WHERE message_id = ? AND emoji = ANY (?)")
        .bind::<SqlUuid, _>(message)
        .bind::<Array<Text>, _>(&touched)
        .execute(connection)?;
    sql::<()>(
        "INSERT INTO message_emoji (message_id, emoji, reactions, first_revision)
         SELECT message_id, emoji, count(*), min(revision) FROM message_reactions
         WHERE message_id = ? AND emoji = ANY (?) GROUP BY message_id, emoji",
    )
    .bind::<SqlUuid, _>(message)
    .bind::<Array<Text>, _>(&touched)
    .execute(connection)?;
    Ok(())
}
