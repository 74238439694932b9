//! What the messaging area holds about a user, for a copy of their data.

use abu_application::{
    identity::ports::ExportPage,
    messaging::ports::{MessagingExportReads, MessagingPart},
    platform::ports::StoreError,
};
use abu_domain::UserId;

use crate::{export_rows::page, store::Session};

impl MessagingExportReads for Session<'_> {
    fn messaging_rows(
        &mut self,
        user: UserId,
        part: MessagingPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError> {
        self.run(|connection| Ok(page(connection, query_of(part), user.uuid(), after, limit)?))
    }
}

fn query_of(part: MessagingPart) -> &'static str {
    match part {
        MessagingPart::Rooms => {
            "SELECT room_id::text, jsonb_build_object(
                 'uuid', room_id, 'kind', kind, 'name', name, 'role', role,
                 'joined_at', joined_at, 'last_read_seq', last_read_seq,
                 'muted_until', muted_until, 'pinned', pinned,
                 'created_by_you', created_by = me.user_id,
                 'other', (
                     SELECT jsonb_build_object('user_uuid', users.id, 'firstname', firstname,
                                               'lastname', lastname)
                     FROM users
                     WHERE kind = 'direct' AND users.id <> me.user_id
                       AND users.id IN (direct_low, direct_high)))
             FROM room_members AS me JOIN rooms ON rooms.id = room_id
             WHERE me.user_id = ? AND room_id::text > ? ORDER BY room_id::text LIMIT ?"
        }
        MessagingPart::RoomInvitations => {
            "SELECT room_id::text, jsonb_build_object(
                 'room_uuid', room_id, 'at', created_at, 'declined_at', declined_at)
             FROM room_invitations WHERE user_id = ? AND room_id::text > ?
             ORDER BY room_id::text LIMIT ?"
        }
        // Two indexes hold the messages of a sender: one those with a client's id, one the others. The key
        // says which, and where in it.
        MessagingPart::Messages => {
            "WITH asked (sender, after, rows) AS (VALUES (?, ?, ?)),
             newer AS (
                 SELECT '1' || client_message_id || room_id AS key, messages.*
                 FROM asked JOIN messages ON sender_id = sender
                 WHERE client_message_id IS NOT NULL AND after < '2'
                   AND (after = '' OR (client_message_id, room_id)
                        > (nullif(substr(after, 2, 36), '')::uuid, nullif(substr(after, 38, 36), '')::uuid))
                 ORDER BY client_message_id, room_id LIMIT (SELECT rows FROM asked)),
             older AS (
                 SELECT '2' || messages.id AS key, messages.*
                 FROM asked JOIN messages ON sender_id = sender
                 WHERE client_message_id IS NULL
                   AND (after < '2' OR messages.id > nullif(substr(after, 2, 36), '')::uuid)
                 ORDER BY messages.id LIMIT (SELECT rows FROM asked)),
             found AS (SELECT * FROM newer UNION ALL SELECT * FROM older)
             SELECT key, jsonb_build_object(
                 'message_id', id, 'room_uuid', room_id, 'seq', seq, 'text', body,
                 'reply_to', reply_to, 'sent_at', created_at, 'edited_at', edited_at,
                 'deleted_at', deleted_at)
             FROM found ORDER BY key LIMIT (SELECT rows FROM asked)"
        }
        MessagingPart::Reactions => {
            "SELECT message_id || ' ' || emoji, jsonb_build_object(
                 'message_id', message_id, 'emoji', emoji, 'at', created_at)
             FROM message_reactions
             WHERE user_id = ? AND message_id || ' ' || emoji > ?
             ORDER BY message_id || ' ' || emoji LIMIT ?"
        }
    }
}
