DROP TABLE message_emoji;
DROP TABLE message_reactions;
DROP TABLE message_edits;
ALTER TABLE messages
    DROP CONSTRAINT messages_deleted_has_no_text,
    DROP COLUMN revision,
    DROP COLUMN deleted_at,
    DROP COLUMN edited_at;
ALTER TABLE rooms DROP COLUMN last_revision;
