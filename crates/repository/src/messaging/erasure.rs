//! What is stored about a member who is being erased.

use abu_application::{
    messaging::ports::{
        LeftGroup, MessagingErasureReads, MessagingErasureWrites, OwnMessage, ReactionKey,
    },
    platform::ports::StoreError,
};
use abu_domain::{MessageId, RoomId, UserId, messaging::text::Emoji};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    schema::{message_edits, messages},
    sql::sql,
    store::Session,
};

type Row = (Uuid, Uuid, bool);

fn own_message((id, room_id, is_deleted): Row) -> OwnMessage {
    OwnMessage {
        id: id.into(),
        room_id: room_id.into(),
        is_deleted,
    }
}

fn uuids(messages: &[MessageId]) -> Vec<Uuid> {
    messages.iter().map(|message| message.uuid()).collect()
}

impl MessagingErasureReads for Session<'_> {
    fn messages_with_client_ids(
        &mut self,
        sender: UserId,
        limit: u32,
    ) -> Result<Vec<OwnMessage>, StoreError> {
        self.run(|connection| {
            // The condition is that of the index `messages_client_id_in_room_key`.
            let rows: Vec<Row> = messages::table
                .filter(messages::sender_id.eq(sender.uuid()))
                .filter(messages::client_message_id.is_not_null())
                .select((
                    messages::id,
                    messages::room_id,
                    messages::deleted_at.is_not_null(),
                ))
                .limit(limit.into())
                .load(connection)?;
            Ok(rows.into_iter().map(own_message).collect())
        })
    }

    fn messages_without_client_ids(
        &mut self,
        sender: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<OwnMessage>, StoreError> {
        self.run(|connection| {
            // The condition is that of the index `messages_without_client_id_idx`.
            let rows: Vec<Row> = messages::table
                .filter(messages::sender_id.eq(sender.uuid()))
                .filter(messages::client_message_id.is_null())
                .filter(messages::id.gt(after.unwrap_or_default()))
                .order(messages::id)
                .select((
                    messages::id,
                    messages::room_id,
                    messages::deleted_at.is_not_null(),
                ))
                .limit(limit.into())
                .load(connection)?;
            Ok(rows.into_iter().map(own_message).collect())
        })
    }

    fn own_reactions(
        &mut self,
        user: UserId,
        limit: u32,
    ) -> Result<Vec<(ReactionKey, Option<RoomId>)>, StoreError> {
        self.run(|connection| {
            let rows: Vec<(Uuid, String, Option<Uuid>)> =
                sql::<(SqlUuid, Text, Nullable<SqlUuid>)>(
                    "SELECT own.message_id, own.emoji, messages.room_id
                     FROM (SELECT message_id, emoji FROM message_reactions
                           WHERE user_id = ? LIMIT ?) AS own
                     LEFT JOIN messages ON messages.id = own.message_id
                         AND messages.deleted_at IS NULL",
                )
                .bind::<SqlUuid, _>(user.uuid())
                .bind::<BigInt, _>(i64::from(limit))
                .load(connection)?;
            let reactions = rows.into_iter().map(|(message, emoji, room)| {
                let key = ReactionKey {
                    message_id: message.into(),
                    user_id: user,
                    emoji: Emoji::from_storage(emoji),
                };
                (key, room.map(RoomId::new))
            });
            Ok(reactions.collect())
        })
    }
}

impl MessagingErasureWrites for Session<'_> {
    fn leave_groups(
        &mut self,
        user: UserId,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<LeftGroup>, StoreError> {
        self.run(|connection| {
            let rooms: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT rooms.id FROM room_members JOIN rooms ON rooms.id = room_id
                 WHERE user_id = ? AND kind = 'group'
                 ORDER BY rooms.id LIMIT ? FOR NO KEY UPDATE OF rooms",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            // A statement of its own sees what the locks' former holders committed.
            let left: Vec<(Uuid, i32)> = sql::<(SqlUuid, Integer)>(
                "WITH gone AS (
                     DELETE FROM room_members WHERE user_id = ? AND room_id = ANY (?)
                     RETURNING room_id)
                 UPDATE rooms
                 SET member_count = member_count - 1, last_modified = ?,
                     archived_at = CASE WHEN member_count = 1 THEN coalesce(archived_at, ?)
                                        ELSE archived_at END
                 FROM gone WHERE rooms.id = gone.room_id
                 RETURNING rooms.id, member_count",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Array<SqlUuid>, _>(rooms)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now)
            .load(connection)?;
            let left = left.into_iter().map(|(room, members)| LeftGroup {
                room_id: room.into(),
                is_empty: members == 0,
            });
            Ok(left.collect())
        })
    }

    fn forget_edits(&mut self, messages: &[MessageId]) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        self.run(|connection| {
            let edits =
                message_edits::table.filter(message_edits::message_id.eq_any(uuids(messages)));
            diesel::delete(edits).execute(connection)?;
            Ok(())
        })
    }

    fn blank_messages(
        &mut self,
        messages: &[MessageId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "UPDATE messages SET body = '', client_message_id = NULL,
                                     deleted_at = coalesce(deleted_at, ?)
                 WHERE id = ANY (?)",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Array<SqlUuid>, _>(uuids(messages))
            .execute(connection)?;
            Ok(())
        })
    }

    fn delete_reactions(&mut self, reactions: &[ReactionKey]) -> Result<(), StoreError> {
        let messages: Vec<Uuid> = reactions.iter().map(|key| key.message_id.uuid()).collect();
        let users: Vec<Uuid> = reactions.iter().map(|key| key.user_id.uuid()).collect();
        let emoji: Vec<&str> = reactions.iter().map(|key| key.emoji.as_str()).collect();
        self.run(|connection| {
            sql::<()>(
                "DELETE FROM message_reactions AS old
                 USING unnest(?, ?, ?) AS gone (message_id, user_id, emoji)
                 WHERE old.message_id = gone.message_id AND old.user_id = gone.user_id
                   AND old.emoji = gone.emoji",
            )
            .bind::<Array<SqlUuid>, _>(messages)
            .bind::<Array<SqlUuid>, _>(users)
            .bind::<Array<Text>, _>(emoji)
            .execute(connection)?;
            Ok(())
        })
    }

    fn forget_memberships(&mut self, user: UserId) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "WITH account (id) AS (VALUES (?)),
                 invitations AS (
                     DELETE FROM room_invitations USING account
                     WHERE user_id = account.id OR invited_by = account.id),
                 departures AS (
                     DELETE FROM room_departures USING account WHERE user_id = account.id),
                 additions AS (
                     DELETE FROM room_additions USING account WHERE user_id = account.id)
                 UPDATE room_members
                 SET last_read_seq = 0, hidden_at_seq = NULL, takes_part = false,
                     muted_until = NULL, pinned = false
                 FROM account WHERE user_id = account.id",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .execute(connection)?;
            Ok(())
        })
    }
}
